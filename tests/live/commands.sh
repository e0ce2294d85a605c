#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every lifecycle command from the shell, on real guests, checked with virsh.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"

check "libvirtd starts" daemon_start || done_testing
network_start
guests_define 3
guest_define deaf cmdline=VD_BUTTON=ignore net=no

# does WHAT STATE COMMAND…: the command succeeds, and virsh sees guest01 in that state at once.
does() {
    does_what=$1
    does_state=$2
    shift 2
    exits "$does_what" 0 vd --json "$@"
    does_json=$out
    is "$does_what: virsh agrees" "$(state_of guest01)" "$does_state"
}
result() {
    printf '%s' "$does_json" | jq -r ".$1"
}

does "start" running start guest01
is "its JSON: domain" "$(result domain)" guest01
is "its JSON: action" "$(result action)" start
is "its JSON: result" "$(result result)" ok
is "its JSON: state" "$(result state)" running
does "start again is no failure" running start guest01
does "suspend" paused suspend guest01
does "suspend again is no failure" paused suspend guest01
does "resume" running resume guest01
eventually "the guest boots" 150 booted guest01
does "reboot waits for the guest" running reboot guest01 --timeout 60
does "reset" running --yes reset guest01
does "managedsave" "shut off" managedsave guest01
like "virsh knows of the saved memory" "$(v dominfo guest01)" '^Managed save: +yes'
does "start goes on from the saved memory" running start guest01
like "which is used up" "$(v dominfo guest01)" '^Managed save: +no'
does "destroy --yes" "shut off" --yes destroy guest01
is "its JSON: state" "$(result state)" "shut off"
does "start --paused" paused start guest01 --paused
does "resume a paused start" running resume guest01
# Paused, so that what it says before the reset can't be taken for what it says after it.
does "suspend while it boots" paused suspend guest01
: >/var/log/libvirt/qemu/guest01-serial.log
does "reset while it boots" paused --yes reset guest01
does "it goes on from the beginning" running resume guest01
eventually "the guest boots again" 150 booted guest01
does "shutdown is done when the guest has stopped" "shut off" shutdown guest01 --timeout 60

exits "destroy without --yes is a usage error" 2 vd destroy guest01
exits "rename" 0 vd rename guest01 renamed
is "virsh knows the new name only" "$(v list --all --name | grep -cE '^(guest01|renamed)$')" 1
exits "and back" 0 vd rename renamed guest01

exits "autostart on" 0 vd autostart guest01 on
like "virsh agrees" "$(v dominfo guest01)" '^Autostart: +enable'
exits "autostart off" 0 vd autostart guest01 off
like "virsh agrees" "$(v dominfo guest01)" '^Autostart: +disable'

v start deaf >/dev/null
eventually "a guest that ignores its power button boots" 150 booted deaf
exits "shutdown of it times out" 1 vd shutdown deaf --timeout 2
like "and the message offers destroy" "$err" 'destroy'
is "it runs on" "$(state_of deaf)" running
exits "--graceful" 0 vd --yes destroy deaf --graceful

# Many at once.
exits "start a glob" 0 vd --json start 'guest0*'
is "a result for each" "$(printf '%s' "$out" | jq -r '.[] | .domain + " " + .result + " " + .state')" "guest01 ok running
guest02 ok running
guest03 ok running"
exits "destroy a filter" 0 vd --yes --json destroy 'state=running'
is "all stopped" "$(v list --name)" ""
exits "by UUID" 0 vd start "$(v domuuid guest02)"
exits "by id" 0 vd suspend "$(v domid guest02)"
is "that was guest02" "$(state_of guest02)" paused
exits "one of two fails" 1 vd --json resume guest02 guest03
like "the other was done" "$(state_of guest02)" running

# Failures say what, where and why.
exits "a domain that is not there" 1 vd start no-such-guest
like "is named" "$err" 'no-such-guest'
exits "shutdown of a stopped one is done" 0 vd shutdown guest03
like "says so" "$out$err" 'guest03.*already off'
exits "reset of a stopped one" 1 vd reset --yes guest03
like "says why" "$err" 'guest03.*not running'
exits "no connection" 3 "$VIRTDECK" -c qemu+unix:///system?socket=/nowhere list
like "names the socket" "$err" '/nowhere'

# Read-only.
for command in "start guest03" "suspend guest02" "--yes destroy guest02" "--yes undefine guest03" "rename guest03 x"; do
    exits "-r: $command is refused" 1 vd -r $command
    like "-r: $command says why" "$err" 'read-only'
done
is "-r changed nothing" "$(state_of guest02) $(state_of guest03)" "running shut off"
exits "-r list works" 0 vd -r --json list

exits "undefine a running one" 0 vd --yes undefine guest02
like "makes it transient" "$(v dominfo guest02)" '^Persistent: +no'
exits "destroy ends it for good" 0 vd --yes destroy guest02
is "it is gone" "$(v list --all --name | grep -c guest02)" 0
v managedsave-remove guest03 >/dev/null 2>&1
v start guest03 >/dev/null && v managedsave guest03 >/dev/null
exits "undefine with saved memory is refused" 1 vd --yes undefine guest03
exits "undefine --managed-save" 0 vd --yes undefine guest03 --managed-save
is "it is gone" "$(v list --all --name | grep -c guest03)" 0

# A file of commands.
cat >"$TEST_TMP/script" <<'EOF'
# a comment
start guest01
suspend guest01 && resume guest01
destroy --yes guest01
EOF
exits "-f" 0 vd -f "$TEST_TMP/script"
is "did it all" "$(state_of guest01)" "shut off"
printf 'start nobody\nstart guest01\n' >"$TEST_TMP/script"
exits "-f stops at the first failure" 1 vd -f "$TEST_TMP/script"
is "and did not go on" "$(state_of guest01)" "shut off"
exits "--keep-going" 1 vd --keep-going -f "$TEST_TMP/script"
is "goes on" "$(state_of guest01)" running
done_testing
