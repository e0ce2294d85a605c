#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The autostart commands on the demo host: names of two words, what is shown after each change, files that come and go.
. "$(dirname "$0")/../lib.sh"
need jq

demo() {
    "$VIRTDECK" --demo "$@" </dev/null
}
# script WHAT STATUS: the commands on standard input, on one demo host.
script() {
    cat >"$TEST_TMP/script"
    exits "$1" "$2" demo -f "$TEST_TMP/script"
}
json() {
    printf '%s' "$out" | jq -c "$1"
}

# ---- names of two words ----
exits "help of one" 0 demo help autostart plan
like "is its own" "$out" '^usage: autostart plan \[--reverse\]'
exits "--help behind it" 0 demo autostart status --follow --help
like "is the same" "$out" '^usage: autostart status'
exits "the shorter name" 0 demo help autostart
like "is another command" "$out" '^usage: autostart VM'
exits "help of nothing" 2 demo help autostart nothing
like "points at the word" "$err" '^ +help autostart nothing$'
exits "a second word that is mistyped" 2 demo autostart statsu
like "is guessed" "$err" 'did you mean "status"'
exits "one word too many" 2 demo autostart plan web1
like "is said with the whole name" "$err" 'autostart plan: "web1" is one word too many'
complete() {
    demo complete-line -- "virtdeck --demo autostart $1" | cut -f1 | tr '\n' ' '
}
is "completion of the second word" "$(complete sto)" 'stop '
eventually "of domains, too" 20 prints 'web1 web2 web3 win11-desktop ' complete w
is "of values" "$(complete web1\ on-timeout=)" \
    'on-timeout=continue on-timeout=default on-timeout=skip-dependents on-timeout=stop '

# ---- words of a policy ----
exits "a value that can't be" 2 demo autostart web1 order=ten
like "is pointed at" "$err" 'order is "ten", but takes a whole number'
exits "a field that there is not" 2 demo autostart web1 ordr=10
like "is guessed" "$err" 'did you mean "order"'
exits "no word of a policy" 2 demo autostart web1
like "is missed" "$err" 'on\|off\|once\|FIELD=VALUE is missing'
exits "no domain" 2 demo autostart on
like "is asked for" "$err" 'which domain'
exits "a filter as target" 0 demo autostart name=web1 order=10 --json
is "is no word of the policy" "$(json '[.domain, .policy.order]')" '["web1",10]'
exits "several" 0 demo autostart web1 web2 order=10 --json
is "are an array" "$(json 'map([.domain, .action, .result, .policy.order, .native])')" \
    '[["web1","autostart","ok",10,false],["web2","autostart","ok",10,false]]'
exits "the word alone of one that takes a percentage" 2 demo autostart web1 on-battery=throttle
like "is told what is missing" "$err" 'throttle:PERCENT.*a whole number from 1 to 99'
unlike "and not to say what was said" "$err" 'did you mean "throttle"'

# ---- what a policy names that is not there ----
exits "waiting for nobody" 0 demo autostart web1 after=nosuch,db1
like "is taken and told" "$out$err" 'warning: it waits for nosuch, which is no domain of this host'
unlike "only of what is missing" "$out$err" 'waits for db1'
exits "as JSON" 0 demo --json autostart web1 after=vm:gone,web1 needs=network:nosuch,pool:nosuch,path:/nosuch
is "is in the findings" "$(json '[.findings[] | [.id, .severity]]')" \
    '[["after-unknown","warning"],["after-itself","warning"],["needs-missing","warning"],["needs-missing","warning"]]'
exits "what is there" 0 demo --json autostart web1 after=db1 needs=network:default
is "is no finding" "$(json .findings)" '[]'

exits "read-only" 1 demo -r autostart web1 on
exits "read-only" 1 demo -r autostart import

# ---- one after the other ----
script "a policy, then the list" 0 <<'EOF'
autostart db1 order=10 ready=tcp:5432
autostart web1 order=20 after=db1 delay=5s
autostart list --json
EOF
is "has it" "$(printf '%s' "$out" | grep '^\[' | jq -c 'map([.domain, .order, .verdict, .policy.after, .policy.delay])')" \
    '[["db1",10,"ordered",null,null],["web1",20,"ordered",["db1:ready"],5]]'
script "the plan" 0 <<'EOF'
autostart db1 order=10 ready=tcp:5432
autostart web1 order=20 after=db1 delay=5s
autostart plan
autostart plan --reverse
EOF
like "names what each waits for" "$out" '^ *20 +web1 .*db1 ready'
like "and the way back" "$out" '^ *10 +db1 +web1 off'
script "what is switched off" 1 <<'EOF'
autostart db1 order=10
autostart web1 after=db1
autostart db1 off
autostart check
EOF
like "holds up what waits for it" "$out" 'error: .*web1'
like "and is said at the end" "$err" 'autostart check: 2 things will not happen'
script "undo" 0 <<'EOF'
autostart db1 order=10
autostart db1 order=30 delay=2s
undo db1 --yes
autostart list --json
EOF
is "brings the one before" "$(printf '%s' "$out" | grep '^\[' | jq -c 'map(.policy)')" '[{"version":1,"order":10}]'
exits "status before anything ran" 0 demo autostart status --json
is "is one object" "$(json type)" '"object"'
VIRTDECK_RUNTIME_DIR=$TEST_TMP/run
export VIRTDECK_RUNTIME_DIR
exits "a run" 0 demo autostart run
record=$(ls "$VIRTDECK_RUNTIME_DIR"/*.json)
echo '{' >"$record"
exits "status with a damaged record" 0 demo autostart status
like "says so, and where" "$out" "$record is damaged"
like "and what comes of it" "$out" '`autostart run` begins anew'
unlike "and not that there was no run" "$out" 'no run since'
exits "as JSON, too" 0 demo autostart status --json
is "beside what is known" "$(json '[.state, (.error | test("is damaged"))]')" '["none",true]'
exits "and a run" 0 demo autostart run
like "does" "$err" 'left aside: .* is damaged'
VIRTDECK_RUNTIME_DIR=$record/no
exits "a folder that can't be" 1 demo autostart run
like "is named with its remedy" "$err" 'must be a directory that you can write'
unset VIRTDECK_RUNTIME_DIR
exits "stop" 2 demo autostart stop
like "wants --yes" "$err" 'Every running domain .* Add --yes'
exits "enable on a host without units" 1 demo autostart enable --yes
for words in enable 'enable --yes' disable 'disable --dry-run'; do
    exits "as JSON: $words" 1 demo --json autostart $words
    is "is one value" "$(json '[.action, .steps, .result, (.error | length > 0)]')" \
        '["autostart '"${words%% *}"'",[],"failed",true]'
done

# ---- files ----
script "export" 0 <<EOF
autostart db1 order=10 ready=tcp:5432
autostart web1 on
autostart export $TEST_TMP/policies.json
EOF
is "writes policies and flags" "$(jq -c '[.domains[] | select(.name == "db1" or .name == "web1") | [.name, .autostart, .policy]]' "$TEST_TMP/policies.json")" \
    '[["db1","off",{"version":1,"order":10,"ready":["tcp:5432"]}],["web1","on",null]]'
jq '.domains = [.domains[] | select(.name == "db1" or .name == "web1")] + [{"name":"nowhere","autostart":"on"}]' \
    "$TEST_TMP/policies.json" >"$TEST_TMP/two.json"
script "import" 0 <<EOF
autostart import $TEST_TMP/two.json
autostart list --json
EOF
like "tells what is not here" "$err" 'two.json has 1 domain that is not on this host: nowhere'
is "sets both" "$(printf '%s' "$out" | grep '^\[' | jq -c 'map([.domain, .native, .policy.order])')" \
    '[["db1",false,10],["web1",true,null]]'
script "import of libvirt's own flags" 0 <<'EOF'
autostart web1 on
autostart db1 order=15
autostart import
autostart list --json
EOF
is "starts them behind all others" "$(printf '%s' "$out" | grep '^\[' | jq -c 'map([.domain, .native, .policy.order])')" \
    '[["db1",false,15],["web1",false,20]]'
script "and back" 0 <<'EOF'
autostart web1 order=20 stop=managedsave
autostart native web1
autostart list --json
EOF
is "to libvirt's own" "$(printf '%s' "$out" | grep '^\[' | jq -c 'map([.domain, .native, .policy])')" '[["web1",true,null]]'
echo '{"version":1,' >"$TEST_TMP/broken.json"
exits "a broken file" 1 demo autostart import "$TEST_TMP/broken.json"
like "is named with its line" "$err" 'broken.json:2'
exits "a missing file" 1 demo autostart import "$TEST_TMP/none.json"
like "is named" "$err" 'none.json'
head -c 300000 /dev/urandom >"$TEST_TMP/noise.json"
exits "noise" 1 demo autostart import "$TEST_TMP/noise.json"
done_testing
