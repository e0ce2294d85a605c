#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Policies of autostart on libvirtd: every field as virsh reads it back, libvirt's own flag beside it, undo, export and
# import, giving back, and what is refused.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
need jq
METADATA=$(sed -n 's/^#define VIRTDECK_METADATA_URI *"\(.*\)"/\1/p' "$top/src/model/domdef.h")

check "libvirtd starts" daemon_start || done_testing
guest_define web1 net=no
guest_define db1 net=no
guest_define "app 1" net=no file=app
guest_define runs net=no
check "a guest runs" v start runs
vd() {
    "$VIRTDECK" -c $URI "$@" </dev/null
}
# The element of ours as virsh sees it, on one line; empty: there is none.
metadata() {
    v metadata "$1" "$METADATA" ${2-} 2>/dev/null | tr -d '\n' | sed 's/  *</</g'
}
# The policy's own element.
policy() {
    metadata "$@" | sed 's/\(<\/*\)[a-z]*:/\1/g' | sed -n 's/.*\(<autostart .*\)<\/domain>.*/\1/p'
}
flag() {
    v dominfo "$1" | sed -n 's/^Autostart: *//p'
}
journal_number() {
    vd --json history "$1" | jq '.history | length'
}
# The daemon decides: 11.2 and later have a flag for the next boot alone.
once_native() {
    case $(v -r version --daemon | sed -n 's/.*daemon: //p') in
    [0-9].* | 10.* | 11.0.* | 11.1.*) return 1 ;;
    esac
}

# ---- every field ----
row() { # WORD VALUE ATTRIBUTE-OR-ELEMENT
    exits "$1=$2 is set" 0 vd autostart db1 "$1=$2"
    like "and virsh reads it: $3" "$(policy db1 --config)" "$3"
}
v desc web1 --config --title First >/dev/null
exits "a tag is there before" 0 vd set db1 tags=prod
row order 10 '<autostart version="1" order="10"'
row delay 5s 'delay="5s"'
row after web1,runs:started '<after>web1:ready</after><after>runs:started</after>'
row ready agent,tcp:22@10.0.0.5 '<ready>agent</ready><ready>tcp:22@10.0.0.5</ready>'
row timeout 90 'timeout="90s"'
row on-timeout stop 'on-timeout="stop"'
row needs network:default,path:/srv '<needs>network:default</needs><needs>path:/srv</needs>'
row stop managedsave 'stop="managedsave"'
row stop-timeout 4m 'stop-timeout="4m"'
row stop-force no 'stop-force="no"'
row restart on-crash 'restart="on-crash"'
row restart-tries 5 'restart-tries="5"'
row restart-window 20m 'restart-window="20m"'
row restart-pause 1s 'restart-pause="1s"'
row restart-pause-max 1m 'restart-pause-max="1m"'
row health 'serial:/log[io]n,? <ok>/' '<health>serial:/log\[io\]n,\? &lt;ok&gt;/</health>'
row health-interval 10s 'health-interval="10s"'
row health-failures 4 'health-failures="4"'
row health-action restart 'health-action="restart"'
row on-battery throttle:25 'on-battery="throttle:25"'
row on-wake time-sync 'on-wake="time-sync"'
like "the tag has stayed" "$(metadata db1 --config)" '<([a-z]*:)?tags>prod</'
is "every field of the table was tried" "$(vd --json autostart list | jq -r '.[] | select(.domain == "db1").policy | del(.version) | keys | length')" 21
is "and the order is listed" "$(vd --json autostart list | jq -r '.[] | select(.domain == "db1").order')" 10
before=$(policy db1 --config)
exits "a value that can't be" 2 vd autostart db1 order=11 timeout=soon
like "is named with its field" "$err" 'timeout is "soon", but takes a time'
is "and nothing was changed" "$(policy db1 --config)" "$before"
exits "a field goes back" 0 vd autostart db1 delay= health=
unlike "to what holds unsaid" "$(policy db1 --config)" 'delay=|<health>'

# ---- libvirt's own flag ----
exits "on" 0 vd autostart web1 on
is "is libvirt's flag" "$(flag web1)" enable
is "without a policy" "$(metadata web1)" ""
exits "an order" 0 vd --json autostart web1 order=20
is "turns libvirt's flag off" "$(flag web1)" disable
is "and says so" "$(echo "$out" | jq -c '[.native, .once, .policy.order, .dry_run]')" '[false,false,20,false]'
like "policy there" "$(policy web1)" 'order="20"'
number=$(echo "$out" | jq .journal)
exits "undo" 0 vd undo web1 --yes
is "brings the flag back" "$(flag web1)" enable
is "and takes the policy away" "$(metadata web1)" ""
exits "undo of the undo" 0 vd undo web1 --yes
is "turns the flag off" "$(flag web1)" disable
like "and brings the policy" "$(policy web1)" 'order="20"'
exits "the undo of an older entry" 0 vd undo web1 "$number" --yes
is "finds the flag of then" "$(flag web1)" enable
is "without the policy" "$(metadata web1)" ""
exits "off" 0 vd autostart web1 off
is "is libvirt's flag, too" "$(flag web1)" disable
exits "off once more" 0 vd --json autostart web1 off
is "changes nothing" "$(echo "$out" | jq .journal)" null
exits "undo of the flag alone" 0 vd undo web1 --yes
is "turns it on" "$(flag web1)" enable
check "virsh turns it off meanwhile" v autostart web1 --disable
exits "undo then" 1 vd undo web1 --yes
like "sees that somebody else was there" "$err" 'somebody else changed its autostart flag'
exits "off keeps a policy" 0 vd autostart db1 off
like "with its mode" "$(policy db1)" 'mode="off"'
like "and its order" "$(policy db1)" 'order="10"'
exits "once" 0 vd autostart web1 once
if once_native; then
    like "is libvirt's flag" "$(v dominfo web1)" 'Autostart Once: *enable'
else
    like "is ours where libvirt has none" "$(policy web1)" 'mode="once"'
fi
exits "on again" 0 vd autostart web1 on
is "once is over: libvirt's flag" "$(flag web1)" enable
is "and no policy" "$(policy web1)" ""
exits "a dry run" 0 vd autostart web1 order=30 --dry-run
like "shows the metadata" "$out" 'order="30"'
like "and virsh's words for the flag" "$out" 'virsh autostart web1 --disable'
is "and changes nothing" "$(policy web1)$(flag web1)" enable

# ---- a running domain ----
exits "of a running domain" 0 vd autostart runs order=5 ready=running
like "the definition has it" "$(policy runs --config)" 'order="5"'
like "and so has the running one" "$(policy runs --live)" 'order="5"'
exits "undo there" 0 vd undo runs --yes
is "takes both away" "$(policy runs --config)$(policy runs --live)" ""
exits "several at once" 0 vd autostart runs web1 'app 1' order=40 after=db1
is "set all of them" "$(for n in runs web1 'app 1'; do policy "$n" --config | grep -c 'order="40"'; done | tr '\n' ' ')" '1 1 1 '

# ---- export, import ----
# In which order attributes stand means nothing.
all_there() {
    for n in web1 db1 runs 'app 1'; do
        echo "$n $(flag "$n")"
        policy "$n" --config | sed 's/[ >]/\n/g' | sort
    done
}
all_there >"$TEST_TMP/before"
exits "export" 0 vd autostart export "$TEST_TMP/all.json"
is "has every domain" "$(jq -c '[.domains[].name] | sort' "$TEST_TMP/all.json")" '["app 1","db1","runs","web1"]'
for n in web1 db1 runs 'app 1'; do
    v metadata "$n" "$METADATA" --config --remove
    v autostart "$n" >/dev/null
done
check "they are gone" test -z "$(policy web1 --config)$(policy db1 --config)"
jq '.domains += [{"name":"elsewhere","autostart":"on"}]' "$TEST_TMP/all.json" >"$TEST_TMP/more.json"
exits "a dry run of the import" 0 vd autostart import "$TEST_TMP/more.json" --dry-run
is "changes nothing" "$(policy web1 --config)" ""
exits "import" 0 vd autostart import "$TEST_TMP/more.json"
like "tells what is not here" "$err" '1 domain that is not on this host: elsewhere'
all_there >"$TEST_TMP/after"
check "all is as it was" diff "$TEST_TMP/before" "$TEST_TMP/after"
jq 'del(.domains[].uuid)' "$TEST_TMP/all.json" >"$TEST_TMP/names.json"
v metadata web1 "$METADATA" --config --remove
exits "import by name" 0 vd autostart import "$TEST_TMP/names.json"
like "finds the domain, too" "$(policy web1 --config)" 'order="40"'
echo '{"version":1,"domains":[{"name":"web1","polcy":{}}]}' >"$TEST_TMP/bad.json"
exits "a file with a mistake" 1 vd autostart import "$TEST_TMP/bad.json"
like "is refused with its place" "$err" 'bad.json: domain 1.*there is no key "polcy".*"policy"'
exits "a file that is not there" 1 vd autostart import "$TEST_TMP/none.json"

# ---- taking over, giving back ----
exits "given back to libvirt" 0 vd autostart native web1 runs
is "the flag says the same" "$(flag web1)$(flag runs)" enableenable
is "and the policy is gone" "$(policy web1 --config)$(policy runs --config)$(policy runs --live)" ""
exits "a tag" 0 vd set db1 tags=prod
exits "given back: one that is off" 0 vd autostart native db1
is "stays off" "$(flag db1)$(policy db1)" disable
like "its tag stays" "$(metadata db1 --config)" prod
exits "libvirt's flags are taken over: a dry run" 0 vd autostart import --dry-run
is "changes nothing" "$(flag web1)" enable
exits "taken over" 0 vd autostart import
like "behind all orders" "$(policy web1 --config)" 'order="50"'
like "all of them" "$(policy runs --config)" 'order="50"'
is "with libvirt's flag off" "$(flag web1)$(flag runs)" disabledisable
exits "once more" 0 vd autostart import
like "there is nothing left" "$err" 'nothing to take over'

# ---- what is refused ----
exits "read-only" 1 vd -r autostart web1 order=1
like "says so" "$err" 'read-only'
v metadata web1 "$METADATA" --config --key vd --set '<domain><autostart xmlns="'"$METADATA"'" version="2" order="7" moon="full"/></domain>' >/dev/null 2>&1 ||
    v metadata web1 "$METADATA" --config --key vd --set '<vd:domain xmlns:vd="'"$METADATA"'"><vd:autostart version="2" order="7" moon="full"/></vd:domain>' >/dev/null
v dumpxml --inactive web1 >"$TEST_TMP/newer"
for words in on off once order=3; do
    exits "a policy of a newer version: $words" 1 vd autostart web1 $words
    like "is refused" "$err" 'has version "2", which this program does not know'
done
exits "also to be given back" 1 vd autostart native web1
is "and kept" "$(v dumpxml --inactive web1)" "$(cat "$TEST_TMP/newer")"
is "export leaves it out" "$(vd autostart export 2>/dev/null | jq -r '.left_out[0].name')" web1
guest_xml fleeting net=no >"$TEST_TMP/fleeting.xml"
check "a transient domain runs" v create "$TEST_TMP/fleeting.xml"
exits "it has no autostart" 1 vd autostart fleeting on
like "and says why" "$err" 'transient'

# ---- names of two words ----
exits "list" 0 vd autostart list
like "as a table" "$out" '^ORDER +NAME'
exits "plan" 0 vd autostart plan
like "names the domains" "$out" 'app 1'
exits "plan --reverse --json" 0 vd autostart plan --reverse --json
check "is one object" sh -c 'printf "%s" "$1" | jq -e "type == \"object\"" >/dev/null' - "$out"
exits "status" 0 vd autostart status

exits "disable where nothing is enabled, as JSON" 0 vd --json autostart disable
is "is one value" "$(printf '%s' "$out" | jq -c '[.action, .dry_run, .steps, .result, .error]')" \
    '["autostart disable",false,[],"ok",null]'
vd --json autostart enable >"$TEST_TMP/enable" 2>/dev/null
is "enable without --yes is refused in one value" "$(jq -c '[.action, .result, (.steps | type), (.error | type)]' "$TEST_TMP/enable")" \
    '["autostart enable","failed","array","string"]'

# ---- a run of another user ----
# Whose groups make him one who may: `setpriv` gives them.
mkdir -p /run/user/65534
chown 65534:65534 /run/user/65534
chmod 700 /run/user/65534
v metadata web1 "$METADATA" --config --remove
exits "a policy that takes its time" 0 vd autostart 'app 1' on order=1 delay=5m after=
# Where everybody may reach it.
cp "$VIRTDECK" /run/virtdeck-copy
theirs() {
    setpriv --reuid=65534 --regid=65534 --groups="$1" env HOME=/nonexistent XDG_RUNTIME_DIR=/run/user/65534 \
        $reports /run/virtdeck-copy -c $URI autostart run </dev/null >"$TEST_TMP/theirs" 2>&1 &
    run=$!
}
is_held() {
    grep -q "FLOCK.* $run .*" /proc/locks
}
theirs 0
eventually "another user's run has begun" 20 is_held || note "$(cat "$TEST_TMP/theirs")"
exits "root's run" 1 vd autostart run
like "sees it" "$err" "process $run starts this host's domains already"
# How long guests take to shut down is no matter here.
check "what runs is turned off" v destroy runs
v destroy fleeting >/dev/null
exits "root's stop" 0 timeout 60 "$VIRTDECK" -c $URI autostart stop --yes
wait "$run"
like "ends it first" "$err" "ending the start that is under way \(process $run\)"
exits "a domain called like a command is meant behind --" 1 vd autostart -- plan on
like "and sought" "$err" 'plan'
done_testing
