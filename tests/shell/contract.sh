#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The shell contract on the demo host: exit statuses, JSON, CSV, files of commands, where messages go.
. "$(dirname "$0")/../lib.sh"
need jq

demo() {
    "$VIRTDECK" --demo "$@"
}
json() {
    printf '%s' "$out" | jq -c "$1"
}

# ---- list ----
exits "list" 0 demo list
like "has a heading" "$out" '^NAME +STATE +CPU% +MEM +VCPU +AUTO +IP'
like "and a line a domain" "$out" '^web3 +shut off '
is "and says nothing on stderr" "$err" ""
exits "list --json" 0 demo --json list
is "one value with all ids of the contract" "$(json 'map(keys_unsorted) | unique')" \
    '[["name","uuid","id","state","reason","cpu","vcpus","mem","maxmem","rx","tx","rd","wr","autostart","order","ip","uptime","title","os","host","age"]]'
is "figures are numbers" "$(json '[.[] | select(.name == "web1") | .cpu, .vcpus, .mem, .maxmem, .rx, .wr, .age | type] | unique')" \
    '["number"]'
is "unknown is null" "$(json '.[] | select(.name == "web3") | [.id, .cpu, .ip]')" '[null,null,null]'
first=$out
exits "--json behind the command" 0 demo list --json
is "means the same" "$(json 'map(.name)')" "$(printf '%s' "$first" | jq -c 'map(.name)')"
exits "--columns" 0 demo list --columns name,state --json
is "takes these, in this order" "$(json '.[0] | keys_unsorted')" '["name","state"]'
exits "--sort downwards" 0 demo list --columns vcpus --sort -vcpus --json
is "sorts" "$(json 'map(.vcpus) == (map(.vcpus) | sort | reverse)')" true
exits "--filter" 0 demo list --filter 'state=running web' --json
is "filters" "$(json 'map(.name)')" '["web1","web2"]'
exits "an empty list" 0 demo list --filter nothing-fits --json
is "is an empty array" "$out" '[]'
exits "list of an empty host" 0 demo list --filter nothing-fits
is "is a heading" "$(printf '%s\n' "$out" | wc -l)" 1

# ---- CSV ----
exits "--csv" 0 demo list --csv --columns name,id,title
is "begins with the ids" "$(printf '%s\n' "$out" | head -n 1)" "name,id,title"
like "unknown is empty" "$out" '^web3,,Front end 3$'
exits "--csv of the program" 0 demo --csv list --columns name,id,title
like "means the same" "$out" '^web3,,Front end 3$'
exits "--csv where there is no table" 2 demo --csv start web3
exits "--csv and --json" 2 demo --json list --csv

# ---- sample ----
exits "sample --json" 0 demo --json sample -n 3 -d 0.2 --columns name,cpu
is "is an array a sample, a line each" "$(printf '%s\n' "$out" | jq -c 'type')" "$(printf '"array"\n"array"\n"array"')"
exits "sample --csv" 0 demo sample -n 2 -d 0.2 --csv --columns name,rx --filter 'web1'
is "has one heading" "$(printf '%s\n' "$out" | grep -c '^time,name,rx$')" 1
is "and a line a domain and sample" "$(printf '%s\n' "$out" | grep -c ',web1,[0-9]')" 2
exits "sample as text" 0 demo sample -n 2 -d 0.2 --columns name
is "has a heading a sample" "$(printf '%s\n' "$out" | grep -c '^NAME')" 2
exits "sample -n 0" 2 demo sample -n 0
exits "sample -d nonsense" 2 demo sample -d soon

# ---- lifecycle ----
exits "start" 0 demo start web3
is "says so" "$out" "web3: started"
exits "start --json" 0 demo --json start web3
is "gives the documented object" "$out" '{"domain":"web3","action":"start","result":"ok","state":"running"}'
exits "shutdown --json of two" 0 demo --json shutdown web1 web2
is "gives an array" "$(json 'map([.domain, .action, .result, .state])')" \
    '[["web1","shutdown","ok","shut off"],["web2","shutdown","ok","shut off"]]'
exits "one of two fails" 1 demo --json resume web3 ci-runner-07
is "each has its own result" "$(json 'map(.result)')" '["failed","ok"]'
is "and the failed one an error" "$(json '.[0].error | type')" '"string"'
exits "suspend" 0 demo --json suspend web1
is "its state" "$(json .state)" '"paused"'
exits "resume" 0 demo --json resume ci-runner-07
exits "managedsave" 0 demo --json managedsave web1
is "its state" "$(json .state)" '"shut off"'
exits "rename" 0 demo --json rename web3 web33
exits "autostart on" 0 demo --json autostart web1 on
exits "reboot --no-wait" 0 demo reboot web1 --no-wait
exits "undefine of one with saved memory" 1 demo --yes undefine web3
exits "undefine --yes" 0 demo --json --yes undefine web3 --managed-save
is "its state" "$(json .state)" '"undefined"'

# ---- what is lost wants --yes ----
for command in "destroy web1" "reset web1" "undefine web3" "start web3 --force-boot"; do
    exits "$command without --yes" 2 demo $command
    like "says how to say yes" "$err" 'Add --yes'
    is "and does nothing" "$out" ""
done
exits "--yes behind the command" 0 demo destroy web1 --yes

# ---- targets ----
exits "a pattern" 0 demo --json start 'web*'
is "names several" "$(json length)" 3
exits "an ambiguous word" 1 "$VIRTDECK" -c test:///default -c test:///default start test
like "says how to name one" "$err" '/test'
exits "a filter" 0 demo --json suspend 'tag=prod state=running'
check "names several" test "$(json length)" -gt 1
exits "by UUID" 0 demo suspend 7de30003-d3c0-4d3c-8d3c-000000000003
exits "by id" 0 demo suspend 1
exits "a domain that is not there" 1 demo start wbe1
like "is named, with a guess" "$err" 'no domain "wbe1" \(did you mean "web1"'

# ---- usage ----
exits "an unknown command" 2 demo strat web1
like "is named, with a guess" "$err" 'did you mean "start"'
exits "an unknown option" 2 demo start web1 --puased
like "is pointed at" "$(printf '%s\n' "$err" | sed -n 3p)" '^ {13}\^~~~~~~~$'
like "and usage shown" "$err" '^usage: start VM'
exits "a bad filter" 2 demo list --filter 'cpu>x'
exits "a bad column" 2 demo list --columns nmae
like "is named, with a guess" "$err" 'did you mean "name"'
exits "a command of the screen's" 2 "$VIRTDECK" --keep-going list
exits "an unknown option of the program" 2 "$VIRTDECK" --jsno list
exits "a bad setting" 2 "$VIRTDECK" -o interval=-3 config
like "says what would be right" "$err" 'from 0.2 to 60'

# ---- connecting ----
exits "no such host" 3 "$VIRTDECK" -c test:///no/such/file.xml list
like "names the URI" "$err" 'test:///no/such/file.xml'
is "and prints nothing" "$out" ""
exits "usage comes first" 2 "$VIRTDECK" -c test:///no/such/file.xml list --nonsense
exits "VIRTDECK_URI" 0 env VIRTDECK_URI=test:///default "$VIRTDECK" list
like "is taken" "$out" '^test '
exits "-c goes before it" 0 env VIRTDECK_URI=test:///no/such "$VIRTDECK" -c test:///default list
exits "LIBVIRT_DEFAULT_URI" 0 env LIBVIRT_DEFAULT_URI=test:///default "$VIRTDECK" list
exits "two hosts" 0 "$VIRTDECK" --demo -c test:///default --json list
is "are one list" "$(json 'map(.host) | unique | length')" 2
exits "one of two that can't be opened" 3 "$VIRTDECK" --demo -c test:///no/such list
like "still lists the other" "$out" '^demo +web1 '
for command in "start web3" "--yes destroy web1" "rename web3 x" "autostart web1 on"; do
    exits "-r $command" 1 demo -r $command
    like "says why" "$err" 'read-only'
done
exits "-r list" 0 demo -r list

# ---- files of commands ----
cat >"$TEST_TMP/good" <<'EOF'
# a comment
start web3 && list --columns name,state --filter 'web3'   # and another

suspend "web3"
list --columns name,state --filter web3
EOF
exits "-f" 0 demo -f "$TEST_TMP/good"
is "runs the lines, each sees what the one before did" "$(printf '%s\n' "$out" | grep -v NAME | tr -s ' ' | tr '\n' ';')" \
    "web3: started;web3 running;web3: paused;web3 paused;"
printf 'start nosuch\nlist --columns name\n' >"$TEST_TMP/bad"
exits "-f stops at the first failure" 1 demo -f "$TEST_TMP/bad"
is "there" "$out" ""
like "and names file and line" "$err" "bad:1: .*nosuch"
exits "--keep-going goes on" 1 demo --keep-going -f "$TEST_TMP/bad"
like "with the rest" "$out" '^web1$'
printf 'start nosuch && start web3\n' >"$TEST_TMP/and"
exits "A && B" 1 demo --keep-going -f "$TEST_TMP/and"
is "runs B only when A was done" "$out" ""
for line in 'start "web3' 'list &&' '&& list' 'nonsense' 'list --nonsense'; do
    printf '%s\n' "$line" >"$TEST_TMP/bad"
    exits "a line $line" 2 demo -f "$TEST_TMP/bad"
    like "is pointed at" "$err" '\^'
done
exits "a file that is not there" 1 demo -f "$TEST_TMP/none"
printf 'list\n' >"$TEST_TMP/list"
exits "-f -" 0 sh -c '"$0" --demo -f - <"$1"' "$VIRTDECK" "$TEST_TMP/list"
like "reads standard input" "$out" '^web1 '
printf '{"a": \0\377\n' >"$TEST_TMP/binary"
exits "a file that is none of commands" 2 demo -f "$TEST_TMP/binary"
exits "-f and a command" 2 demo -f "$TEST_TMP/list" list

# ---- what needs no host ----
for command in "help" "help start" "start --help" "--help" "version" "--version" "config" "events"; do
    exits "$command" 0 env LIBVIRT_DEFAULT_URI=test:///no/such "$VIRTDECK" $command
done
exits "config --json" 0 "$VIRTDECK" -o interval=2 --json config interval
is "has value and origin" "$out" '[{"name":"interval","value":2,"origin":"-o"}]'
mkdir -p "$HOME/.config/virtdeck"
printf '{ "intervall": 2,\n  "theme": "nord" }\n' >"$HOME/.config/virtdeck/config.json"
exits "a mistake in config.json" 0 "$VIRTDECK" config theme
like "is told with its line" "$err" 'config.json:1'
like "and the rest counts" "$out" 'theme +nord .*config.json:2'
rm "$HOME/.config/virtdeck/config.json"

# ---- devices, hosts, log ----
exits "devices --json" 0 demo --json devices web1
is "has the documented keys" "$(json '.[0] | ["alias","kind","model","target","source","live","config","pending","toggles"] - keys')" '[]'
exits "hosts --json" 0 demo --json hosts
is "has the host" "$(json '.[0] | [.name, .state, .demo]')" '["demo","connected",true]'
exits "log of a host without" 1 demo log web1
like "says why" "$err" 'log web1: qemu: the test driver writes no log'
exits "a source that was named" 1 demo log web1 --source qemu
exits "another one" 0 demo log web1 --source events,deck
is "without lines" "$out" ""
like "says so" "$err" 'log web1: there are no lines, of these sources: event, virtdeck; .*--follow'
exits "nor with an expression" 0 demo log web1 --source deck --grep x
like "says that" "$err" 'log web1: no line matches, of these sources: virtdeck$'
exits "a command" 0 "$VIRTDECK" -c test:///default start test
found=0 i=0
while [ $i -lt 40 ]; do
    "$VIRTDECK" -c test:///default log test 2>/dev/null | grep -q 'start: was already running' && found=$((found + 1))
    i=$((i + 1))
done
is "is in each look at the log" $found 40
state=${XDG_STATE_HOME:-$HOME/.local/state}/virtdeck
event() {
    sed "s/\"time\":[0-9]*/\"time\":$1/; s/\"text\":\"[^\"]*\"/\"text\":\"$3\"/; s/\"kind\":\"[^\"]*\"/\"kind\":\"$2\"/" \
        "$TEST_TMP/event"
}
grep '"vm":"test"' "$state/events.jsonl" | head -n 1 >"$TEST_TMP/event"
event 1000 command first >"$state/events.jsonl"
event 3000 command third >>"$state/events.jsonl"
event 2000 autostart second >"$state/actions.jsonl"
event 4000 autostart fourth >>"$state/actions.jsonl"
exits "what unattended virtdecks did" 0 "$VIRTDECK" -c test:///default log test --source deck
is "stands where it belongs, once" "$(printf '%s\n' "$out" | sed 's/.* //' | tr '\n' ' ')" "first second third fourth "
exits "no such source" 2 demo log web1 --source events,bogus
like "names those there are" "$err" 'no source bogus; there are qemu, serial, events'
exits "no expression" 2 demo log web1 --grep '('
exits "no count" 2 demo log web1 -n 1.5

# ---- output ----
exits "a full disk" 1 sh -c '"$0" --demo list >/dev/full' "$VIRTDECK"
like "is told" "$err" 'No space left'
exits "a reader that leaves" 0 sh -c '"$0" --demo list | head -n 1' "$VIRTDECK"
is "hears no complaint" "$err" ""
cat >"$TEST_TMP/evil.xml" <<'EOF'
<node><domain type="test"><name>a&#x9b;31m&#x202e;b</name><title>one, "two" &#x85;</title>
<memory>1024</memory><os><type>hvm</type></os></domain></node>
EOF
evil=test://$TEST_TMP/evil.xml
exits "a hostile name" 0 "$VIRTDECK" -c "$evil" list --columns name,title
unlike "is escaped" "$out" "$(printf '\302\233|\342\200\256')"
is "and keeps to its line" "$(printf '%s\n' "$out" | wc -l)" 2
exits "in CSV" 0 "$VIRTDECK" -c "$evil" list --columns title --csv
is "is quoted" "$out" "$(printf 'title\n"one, ""two"" \302\205"')"
exits "in JSON" 0 "$VIRTDECK" -c "$evil" --json list --columns title
is "is exact" "$(json '.[0].title | explode | .[-1]')" 133

# ---- interrupted ----
"$VIRTDECK" --demo sample -d 0.1 --columns name >"$TEST_TMP/samples" 2>&1 &
sampler=$!
wait_for 10 sh -c "[ \$(grep -c NAME '$TEST_TMP/samples') -ge 2 ]"
kill -TERM $sampler
wait $sampler
is "an endless sample ends when it is told to" $? 0
"$VIRTDECK" --demo sample -n 5 -d 60 --columns name >"$TEST_TMP/slow-samples" 2>&1 &
sampler=$!
wait_for 10 grep -qs NAME "$TEST_TMP/slow-samples"
kill -TERM $sampler
wait $sampler
is "one with an end to come fails" $? 1

# ---- completion ----
complete() {
    "$VIRTDECK" complete-line -- "$1" | cut -f 1 | tr '\n' ' '
}
is "commands" "$(complete 'virtdeck --demo sh')" "shutdown "
eventually "domains" 20 prints "web1 web2 web3 " complete 'virtdeck --demo start web'
is "options of the program" "$(complete 'virtdeck --dem')" "--demo "
is "settings" "$(complete 'virtdeck -o group=h')" "group=host "
is "columns" "$(complete 'virtdeck list --columns name,sta')" "name,state "
is "filters" "$(complete 'virtdeck list --filter=state=r')" "--filter=state=running "
is "no host, no domains" "$(LIBVIRT_DEFAULT_URI=test:///no/such complete 'virtdeck start we')" ""
if command -v bash >/dev/null; then
    "$VIRTDECK" help --completion bash >"$TEST_TMP/completion.bash"
    mkdir -p "$TEST_TMP/bin"
    ln -sf "$VIRTDECK" "$TEST_TMP/bin/virtdeck"
    bash_completes() { # LINE WORD...: what bash would insert for the last word
        PATH=$TEST_TMP/bin:$PATH bash -c '
            . "$1"
            COMP_LINE=$2 COMP_POINT=${#2}
            shift 2
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _virtdeck 2>/dev/null
            printf "%s " "${COMPREPLY[@]}"' bash "$TEST_TMP/completion.bash" "$@"
    }
    eventually "bash: a domain" 20 \
        prints "web1 web2 web3 " bash_completes 'virtdeck --demo start web' virtdeck --demo start web
    is "bash: behind an =" "$(bash_completes 'virtdeck list --filter=state=r' virtdeck list --filter = state = r)" "running "
    is "bash: right behind an =" "$(bash_completes 'virtdeck list --filter=state=' virtdeck list --filter = state = | tr ' ' '\n' | grep -c running)" 1
fi
done_testing
