#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a real domain failed, on the screen: a start that libvirt refuses is explained in a message, its remedy is run
# from the dialog, and it starts; a QEMU that dies is explained by itself.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

term_wait=20
check "libvirtd starts" daemon_start || done_testing
XDG_STATE_HOME=$TEST_TMP/state
XDG_CONFIG_HOME=$TEST_TMP/config
export XDG_STATE_HOME XDG_CONFIG_HOME
printf '<network><name>down</name><bridge name="vdn0"/></network>' >"$TEST_TMP/down.xml"
check "a network that is down" v net-define "$TEST_TMP/down.xml"
check "a guest on it" guest_define three net=no \
    extra="<interface type='network'><source network='down'/></interface>"

term_start 120x36 "XDG_STATE_HOME=$XDG_STATE_HOME" "XDG_CONFIG_HOME=$XDG_CONFIG_HOME" -c $URI -o interval=0.5
shows "the guest is there" '^.{0,3}three '
keys 1
type_text ':start three --force'
keys Enter
shows "libvirt's words" "network 'down' is not active"
shows "and the cause, with the key that shows what helps" 'three: The virtual network down is defined.* W shows'
shows "the overview has it, too" 'WHY IT FAILED'
keys W
shows "the dialog" 'three did not start'
keys Enter
shows "asks before it runs a line" 'Run this line on this machine'
keys y
shows "lends it the terminal" 'Network down started'
shows "and says how it went" '\[done; Enter goes back\]'
keys Enter
shows "the screen is back" 'done: virsh'
keys s
shows "then it starts" '^.{0,3}three +running'
hides "and nothing is said against it" 'WHY IT FAILED'

kill -SEGV "$(cat /run/libvirt/qemu/three.pid)"
shows "its QEMU dies" '^.{0,3}three .*(crashed|shut off)'
shows "which is explained by itself" 'WHY IT FAILED'
shows "by QEMU's last line" 'QEMU died'
leave
done_testing
