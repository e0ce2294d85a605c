#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What others do with virsh is on the screen within a second, by libvirt's events: the next sample is far away.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

check "libvirtd starts" daemon_start || done_testing
network_start
guests_define 10 net=no
term_start 120x36 -c $URI -o interval=60
shows "ten guests" 'guest10' 20

# soon WHAT REGEX: on the screen, a minute before the next sample.
soon() {
    soon_what=$1
    if wait_text "$2" 10; then
        keep_ms
        ok "$soon_what is on the screen after $waited_ms ms"
    else
        not_ok "$soon_what is on the screen"
        note "$(screen)"
    fi
}
soon_gone() {
    if wait_for 10 screen_lacks "$2"; then
        keep_ms
        ok "$1 is off the screen after $waited_ms ms"
    else
        not_ok "$1 is off the screen"
        note "$(screen)"
    fi
}

v start guest03 >/dev/null
soon "start" '^.{0,3}guest03 .*running'
v suspend guest03 >/dev/null
soon "suspend" '^.{0,3}guest03 .*paused'
v resume guest03 >/dev/null
soon "resume" '^.{0,3}guest03 .*running'
v destroy guest03 >/dev/null
soon "destroy" '^.{0,3}guest03 .*(shut off|destroyed)'
guest_define newcomer net=no
soon "define" '^.{0,3}newcomer '
v domrename newcomer moved >/dev/null
soon "rename" '^.{0,3}moved '
soon_gone "the old name" '^.{0,3}newcomer '
v undefine moved >/dev/null
soon_gone "undefine" '^.{0,3}moved '
guest_xml passing net=no >"$TEST_TMP/passing.xml"
v create "$TEST_TMP/passing.xml" >/dev/null
soon "a transient one that was created" '^.{0,3}passing .*running'
v destroy passing >/dev/null
soon_gone "a transient one that was destroyed" '^.{0,3}passing '
v start guest04 >/dev/null
soon "start" '^.{0,3}guest04 .*running'
v managedsave guest04 >/dev/null
soon "managedsave" '^.{0,3}guest04 .*(shut off|saved)'
usually_within "within a second" 1000
leave
done_testing
