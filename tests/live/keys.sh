#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every lifecycle command on the screen, by its key or in the bar, on real guests, one and many; checked with virsh.
# And all five panes over a real guest.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

check "libvirtd starts" daemon_start || done_testing
network_start
guests_define 9 net=no
guest_define guest10 disk=16M title='The tenth' cmdline=VD_LOAD=disk
guest_define zz-deaf cmdline=VD_BUTTON=ignore net=no
term_start 120x36 -c $URI
shows "ten guests" '^.{0,3}guest10 ' 20

# bar LINE: a line in the command bar.
bar() {
    type_text ":$1"
    keys Enter
}
cursor_left() {
    [ "$(row_of '^▌')" != "$cursor_was" ]
}
# cursor_to NAME: moves the cursor there, by keys.
cursor_to() {
    keys Home
    wait_text '^▌.?guest0[12]' 10
    cursor_steps=0
    while ! screen_has "^▌.?$1 "; do
        cursor_steps=$((cursor_steps + 1))
        [ $cursor_steps -le 15 ] || break
        cursor_was=$(row_of '^▌')
        keys Down
        wait_for 10 cursor_left
    done
    shows "the cursor is on $1" "^▌.?$1 " 1
}
# row_is WHAT NAME REGEX VIRSH: the row comes to match, and virsh says the same.
row_is() {
    shows "$1" "^.{0,3}$2 .*$3" "${5-60}"
    is "$1: virsh agrees" "$(state_of "$2")" "$4"
}
# yes_to WHAT REGEX: a question is there; it is answered with yes.
yes_to() {
    shows "$1" "$2"
    keys y
}

cursor_to guest01
keys s
row_is "s starts" guest01 running running
keys z
row_is "z pauses" guest01 paused paused
keys Z
row_is "Z resumes" guest01 running running
eventually "the guest boots" 150 booted guest01
keys R
shows "R reboots" '(reboot|guest01: rebooted)'
shows "and tells when it has" 'guest01: rebooted' 60
eventually "the guest boots again" 150 booted guest01 2
keys S
row_is "S shuts down" guest01 'shut off' 'shut off' 60
keys s
row_is "s again" guest01 running running
keys X
shows "X asks" 'destroy guest01\?'
keys Enter
eventually "the default is no" 5 screen_lacks 'destroy guest01\?'
is "so it still runs" "$(state_of guest01)" running
keys X
yes_to "X asks again" 'destroy guest01\?'
row_is "yes pulls the plug" guest01 '(shut off|destroyed)' 'shut off'
bar 'start guest01 --paused'
row_is "start --paused" guest01 paused paused
bar 'resume guest01'
row_is "resume" guest01 running running
bar 'reset guest01'
yes_to "reset asks" 'reset guest01\?'
shows "it is reset" 'guest01: reset( |$)'
bar 'managedsave guest01'
row_is "managedsave" guest01 '(shut off|saved)' 'shut off'
like "virsh knows of the saved memory" "$(v dominfo guest01)" '^Managed save: +yes'
bar 'start guest01'
row_is "and back" guest01 running running
bar 'destroy guest01'
keys y
row_is "destroy" guest01 '(shut off|destroyed)' 'shut off'
bar 'rename guest01 another'
shows "rename" '^.{0,3}another '
like "virsh knows it" "$(v list --all --name)" '^another$'
bar 'autostart another on'
eventually "autostart on" 30 sh -c "virsh -q dominfo another | grep -q 'Autostart: *enable'"
bar 'autostart another off'
eventually "autostart off" 30 sh -c "virsh -q dominfo another | grep -q 'Autostart: *disable'"
bar 'undefine another'
shows "undefine asks for the name" 'Type another'
keys y
keys Enter
is "y is no name" "$(v list --all --name | grep -c '^another$')" 1
esc
esc
bar 'undefine another'
type_text 'another'
keys Enter
hides "the typed name undefines it" '^.{0,3}another '
is "virsh agrees" "$(v list --all --name | grep -c '^another$')" 0

# Many.
cursor_to guest02
keys Space Space Space
shows "three are tagged" '✓.?guest04'
keys s
for g in 02 03 04; do
    row_is "start of tagged ones" guest$g running running
done
keys U
hides "untagged" '✓'
bar 'destroy guest02 guest03 guest04'
yes_to "it asks with their number" '3'
for g in 02 03 04; do
    row_is "destroy of three" guest$g '(shut off|destroyed)' 'shut off'
done

# What a key can't do here it says.
cursor_to guest05
shows "a stopped one" '^▌.?guest05 .*shut off'
keys S
shows "S on a stopped one says why not" 'guest05.*not (active|running)'
is "and nothing happens" "$(state_of guest05)" "shut off"

# A shutdown that is not heard: it can be given up, and says what to do.
v start zz-deaf >/dev/null
eventually "a deaf guest boots" 150 booted zz-deaf
bar 'shutdown zz-deaf --timeout 2'
shows "a shutdown that times out offers destroy" 'destroy' 10
is "the guest runs on" "$(state_of zz-deaf)" running
bar 'shutdown zz-deaf'
shows "a shutdown is waited for" 'zz-deaf: shutting down'
keys q
shows "to leave meanwhile asks" '1 job is still running: shutting down zz-deaf'
keys n
hides "no stays" 'still running'
check "it is there" term_alive
keys C-c
shows "C-c gives the waiting up" 'no longer waited for'

# The panes over a guest that works.
v start guest10 >/dev/null
cursor_to guest10
keys 1
shows "overview: title" 'The tenth'
shows "overview: disk" 'vda.*guest10.qcow2'
shows "overview: network" 'net.*default'
shows "overview: the address from the lease" '192\.168\.122\.' 60
keys 2
shows "devices: disk" 'disk.*vda.*virtio'
shows "devices: NIC" 'nic.*virtio'
shows "devices: balloon or serial console" '(serial|balloon)'
keys 3
shows "logs: QEMU's own" '(-device|tainted|char device)'
keys 4
shows "graphs: CPU" 'CPU'
shows "graphs: the disk" 'DISK +rd [0-9]'
shows "graphs: it works" '(⣿|⣷|⣾|⣶|█){3}' 20
keys 5
shows "events: the start" 'guest10.*start'
for g in 06 07 08; do
    v start guest$g >/dev/null
    shows "events come while one looks: guest$g" "guest$g.*start" 5
done
esc
leave
restored "the terminal is as before"
done_testing
