#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The lines of the host's journal that are about a domain: the kernel's, AppArmor's, the OOM killer's, those of
# libvirt's daemons. A real journald has them, whose kernel is a pipe.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/journal-lib.sh"

if ! journal_start; then
    skip "needs systemd-journald and a machine id"
    done_testing
fi
check "libvirtd starts" daemon_start || done_testing
guest_define web-1 net=no
guest_define other net=no
v start web-1 >/dev/null
uuid=$(v domuuid web-1)
pid=$(cat /run/libvirt/qemu/web-1.pid)

exits "nothing was said yet" 0 vd log web-1 --source host
is "and nothing is printed" "$out" ""

kernel_says "audit: type=1400 apparmor=\"DENIED\" operation=\"open\" profile=\"libvirt-$uuid\" name=\"/srv/disk.img\" pid=$pid comm=\"qemu-system-x86\""
kernel_says "audit: type=1400 apparmor=\"DENIED\" operation=\"open\" profile=\"libvirt-00000000-1111-2222-3333-444444444444\" name=\"/srv/else.img\""
kernel_says "kvm [$pid]: vcpu0, guest rIP: 0xffffffff81000000 unhandled rdmsr"
kernel_says "kvm [${pid}9]: vcpu0, guest rIP: 0xffffffff81000000 of nobody"
kernel_says "eth0: link is up"
kernel_says "oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/machine.slice/machine-qemu\\x2d7\\x2dweb\\x2d1.scope/libvirt,task=qemu-system-x86,pid=70707,uid=64055"
kernel_says "Out of memory: Killed process 70707 (qemu-system-x86) total-vm:4194304kB"
kernel_says "oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/machine.slice/machine-qemu\\x2d8\\x2dother.scope/libvirt,task=qemu-system-x86,pid=80808,uid=64055"
kernel_says "Out of memory: Killed process 80808 (qemu-system-x86) total-vm:4194304kB"
program_says systemd "machine-qemu\\x2d7\\x2dweb\\x2d1.scope: A process of this unit has been killed by the OOM killer."
program_says systemd "Started a thing of nobody."
program_says libvirtd "Domain id=7 name='web-1' uuid=$uuid is tainted: custom-argv"
program_says virtqemud "cannot open log file of other"
program_says chatty "web-1 is none of its business"

# ---- the kernel and its likes ----
exits "the host's lines" 0 vd log web-1 --source host
like "AppArmor's" "$out" '/srv/disk\.img'
like "KVM's" "$out" 'unhandled rdmsr'
like "the OOM killer's choice" "$out" 'oom-kill.*web'
like "and its deed" "$out" 'Killed process 70707'
like "systemd's word about it" "$out" 'web.*killed by the OOM killer'
unlike "none of others" "$out" 'else\.img|of nobody|link is up|80808|other|none of its business|tainted'
is "each once" "$(printf '%s\n' "$out" | wc -l)" 5
exits "as JSON" 0 vd --json log web-1 --source host
is "with times" "$(printf '%s\n' "$out" | jq -r 'select(.time == null) | .text')" ""
is "marked where a known failure is in them" "$(printf '%s\n' "$out" | jq -r 'select(.text | test("Killed process")) | .finding' | head -n 1)" oom-killed
exits "the other's" 0 vd log other --source host
like "has its own" "$out" 'Killed process 80808'
unlike "and nothing else" "$out" '70707|disk\.img'

# ---- libvirt's daemons ----
exits "the daemons' lines" 0 vd log web-1 --source daemon
like "name the domain" "$out" "name='web-1'"
unlike "and no other" "$out" 'other|none of its business|oom'

# ---- followed ----
"$VIRTDECK" -c $URI log web-1 --source host --follow >"$TEST_TMP/followed" 2>&1 &
following=$!
has() {
    grep -q "$1" "$TEST_TMP/followed"
}
eventually "it is followed" 20 has 'Killed process 70707'
kernel_says "kvm [$pid]: vcpu0, a line of now"
eventually "what is said now comes" 20 has 'a line of now'
kill "$following"
wait "$following" 2>/dev/null

# ---- who may not see it ----
cp "$VIRTDECK" /run/virtdeck-copy
if setpriv --reuid=65534 --clear-groups test -w /run/libvirt/libvirt-sock; then
    chmod 640 /run/log/journal/*/*.journal
    setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent $reports /run/virtdeck-copy -c $URI log web-1 --source host >"$TEST_TMP/out" 2>&1
    like "somebody without the right is told of the groups that have it" "$(cat "$TEST_TMP/out")" "permission denied: .*systemd-journal and adm may read it"
else
    skip "libvirt's socket is root's alone here"
fi
done_testing
