#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Names and titles that would do harm, guests that vanish between the key and the call, and a read-only screen.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

check "libvirtd starts" daemon_start || done_testing
network_start
csi=$(printf '\302\233')
override=$(printf '\342\200\256')
long=$(printf 'x%.0s' $(seq 200))
guest_define "${csi}31mred" file=h1 net=no serial=no
guest_define "${override}drawkcab" file=h2 net=no serial=no
guest_define "$long" file=h3 net=no serial=no
guest_define "日本語-サーバ-🚀" file=h4 net=no serial=no
guest_define 'a &amp; b; $(reboot) &apos;c&apos;' file=h5 net=no serial=no
guest_define -- file=h6 net=no serial=no
guest_define 'state=running' file=h7 net=no serial=no title="two  lines &lt;b&gt;"
guest_define plain net=no
defined=$(v list --all --name | grep -c .)
is "eight are defined" "$defined" 8

exits "list --json" 0 vd --json list --columns name,title
is "has the raw names" "$(printf '%s' "$out" | jq -r '.[].name' | sort)" "$(v list --all --name | grep . | sort)"
exits "list for people" 0 vd list
unlike "escapes control characters" "$out" "$csi"

term_start 120x36 -c $URI
shows "the deck" '^.{0,3}plain ' 20
shows "wide characters" '日本語-サーバ-🚀'
shows "a control character in words" '31mred'
keys Tab
keys End
keys Home
unlike "no control character went to the terminal raw" "$(grep -ac "$csi" "$term_bytes")" '[1-9]'
unlike "no override either" "$(grep -ac "$override" "$term_bytes")" '[1-9]'

# By number of rows down, whatever they are called.
exits "start by a name with quotes" 0 vd start "a & b; \$(reboot) 'c'"
exits "a name that looks like a filter: by UUID" 0 vd start "$(v domuuid state=running)"
exits "destroy it" 0 vd --yes destroy "$(v domuuid state=running)"
type_text ':start plain'
shows "the bar has the line" '^:start plain'
v undefine plain >/dev/null
eventually "the guest vanishes" 20 screen_lacks '^.{0,3}plain '
keys Enter
shows "the command says that it is gone" '(plain.*(no|not|gone)|(no|not|gone).*plain)'
check "the program lives" term_alive
esc

# Vanishing in the middle of a shutdown.
guest_define deaf cmdline=VD_BUTTON=ignore net=no
v start deaf >/dev/null
shows "a guest that is deaf" 'deaf .*running'
type_text ':shutdown deaf'
keys Enter
v undefine deaf >/dev/null
v destroy deaf >/dev/null
eventually "it vanishes during its shutdown" 20 screen_lacks '^.{0,3}deaf +running'
check "the program lives" term_alive
leave
restored "the terminal is as before"

guest_define plain net=no
term_start 120x36 -r -c $URI
shows "read-only" '^.{0,3}plain ' 20
type_text ':start plain'
keys Enter
shows "says why it does not start" 'read-only'
is "virsh agrees" "$(state_of plain)" "shut off"
leave
done_testing
