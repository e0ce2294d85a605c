#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# explain on libvirt's test driver: its JSON, its exit status, a user's signatures, and what the shell's own commands
# leave behind for it.
. "$(dirname "$0")/../lib.sh"
need jq

XDG_STATE_HOME=$TEST_TMP/state
XDG_CONFIG_HOME=$TEST_TMP/config
export XDG_STATE_HOME XDG_CONFIG_HOME
mkdir -p "$XDG_STATE_HOME/virtdeck" "$XDG_CONFIG_HOME/virtdeck"
events=$XDG_STATE_HOME/virtdeck/events.jsonl
uuid=6695eb01-f6a4-8304-79aa-97f2502e193f # that of the test driver's only domain

demo() {
    "$VIRTDECK" -c test:///default "$@"
}
json() {
    printf '%s' "$out" | jq -c "$1"
}
# event KIND SEVERITY TEXT [MEMBERS]
event() {
    printf '{"time":%s000,"severity":"%s","kind":"%s","uuid":"%s","vm":"test","text":"%s"%s}\n' \
        "$(date +%s)" "$2" "$1" "$uuid" "$3" "${4-}" >>"$events"
}

# ---- nothing ----
exits "a domain that has not failed" 0 demo --json explain test
is "is well" "$(json '[.domain, .failure, .since, .failed, .ok, .remote, .findings]')" '["test","none",null,null,true,false,[]]'
is "what could not be looked at is told" "$(json '.unseen | length > 0')" true
exits "for people" 0 demo explain test
like "that is a sentence" "$out" '^test: it has not failed, and nothing is known against it'
is "and nothing on stderr" "$err" ""
exits "a domain that is not there" 1 demo explain nobody
exits "no domain at all" 2 demo explain

# ---- what was done is kept ----
exits "a command that changes something" 0 demo suspend test
is "is an event" "$(jq -c '[.kind, .severity, .vm, .text]' "$events")" '["command","good","test","suspend: paused"]'
exits "one that fails" 1 demo rename test other
is "is one, too, with libvirt's numbers" "$(tail -n 1 "$events" | jq -c '[.severity, .code > 0, .domain > 0]')" '["error",true,true]'
exits "one that is only tried" 0 demo set test title=other --dry-run
exits "and one that only looks" 0 demo list
is "are none" "$(grep -c . "$events")" 2
: >"$events"

# ---- a start that failed, as another process has written it ----
event command error "start test: cannot acquire state change lock (held by monitor=x)" ',"code":68,"domain":10,"took":30'
exits "it is explained" 0 demo --json explain test
is "the domain runs since, so it is no failure" "$(json .failure)" '"none"'
exits "it is shut off" 0 demo --yes destroy test
: >"$events"
event lifecycle info "stopped" ',"mark":"stop"'
event command error "start test: Operation timed out" ',"code":68,"domain":10,"took":30'
printf 'no JSON at all\n\377\376{"time":1}\n' >>"$events"

# ---- a user's signatures ----
cat >"$XDG_CONFIG_HOME/virtdeck/signatures.json" <<'EOF'
{ "signatures": [
    { "id": "mine", "source": "event", "pattern": "it hurts in the ([a-z]+)", "groups": ["limb"], "rank": 3,
      "cause": "The {limb} hurts.", "remedy": "Rest.", "command": "set {vm} title={?TEXT}" },
    { "id": "bad", "source": "event", "pattern": "(", "cause": "c", "remedy": "r" },
    { "id": "worse", "sauce": "event" } ] }
EOF
event io-error error "it hurts in the knee"
exits "they count beside a mistaken one" 0 demo --json explain test
is "the finding is whole" "$(json '.findings[0] | [.id, .severity, .text, .cause, .advice, .remedy, .complete, .line, .source]')" \
    '["mine","error","The knee hurts. Rest.","The knee hurts.","Rest.","set test title=TEXT",false,"it hurts in the knee","event"]'
like "its time is in ISO 8601" "$(json '.findings[0].time')" '^"20..-..-..T..:..:..[+-]...."$'
like "a mistake names file, line, and what is wrong" "$err" 'signatures.json:4: pattern: .* is not closed|signatures.json:4: pattern: '
like "and what would be right" "$err" 'signatures.json:5: .*"sauce".*did you mean "source"'
exits "for people" 0 demo explain test
like "the cause" "$out" '^error: The knee hurts\.$'
like "the line, with its source" "$out" '^  an event of libvirt, ..:..:..: it hurts in the knee$'
like "the remedy" "$out" '^  → set test title=TEXT$'
done_testing
