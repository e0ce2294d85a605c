#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The devices pane by keys and mouse, on the demo host: its test driver defines, but changes nothing that runs.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"


# open_devices VM [SIZE [ARGUMENT…]]: the pane of that domain's devices has the keys.
open_devices() {
    devices_vm=$1 devices_size=${2:-120x36}
    shift
    [ $# -eq 0 ] || shift
    term_start "$devices_size" "$@" --demo -o interval=0.5
    wait_text '^.{0,3}db1 '
    type_text "/$devices_vm"
    keys Enter
    keys 2
    wait_text '▸ ?Devices|>Devices'
    # Where the pane covers the table it has the keys at once.
    case $devices_size in
    120x36) keys C-w ;;
    esac
}

open_devices web3
shows "the pane lists parts and devices" 'KIND +NAME +MODEL +WHAT +TOGGLES'
shows "what libvirt added by itself is counted" 'devices, [0-9]+ hidden'
keys H
shows "and shown on demand" '^.{0,3}controller '
keys H
hides "and hidden again" '^.{0,3}controller '
shows "the key bar has the pane's keys" 'Space Toggle.*Enter Fields.*a Add.*d Remove'
keys Space
shows "a row without toggles says so" 'has no toggles'

to_row 'ram'
shows "the line below explains the toggle" 'hugepages: .*Takes effect at next boot'
keys Space
shows "Space turns it" 'hugepages\[●\]'
keys Space
shows "and back" 'hugepages\[○\]'
keys u
shows "u takes the last change back" 'hugepages\[●\]'
keys u
shows "and that, too" 'hugepages\[○\]'

to_row 'disk'
keys Enter
shows "Enter opens the fields" 'disk vda of web3'
shows "those that are seldom needed stand behind a line" '── advanced '
keys F2
shows "nothing changed, nothing applied" 'nothing was changed'
keys Down Down Down
shows "a choice" 'cache: '
keys Right
shows "Right goes on in it" '\*Cache'
esc
shows "leaving asks" 'Leave the form\? 1 value'
keys n
keys Enter
shows "Enter lists what it takes" 'type to narrow the list'
type_text 'unsafe'
keys Enter
shows "what was picked is in the form" '\*Cache .*unsafe'
keys Delete
hides "Delete takes it back" '\*Cache'
esc
hides "a form that was not changed closes at once" 'disk vda of web3'

to_row 'domain'
keys Enter
wait_text 'domain of web3'
keys Enter C-u
type_text 'A title of its own'
keys Enter
shows "what was typed is in the form" '\*.*A title of its own'
keys F2
hides "applied, the form has gone" 'domain of web3'
shows "the pane has the new value" '^▌.domain +A title of its own'
keys u
hides "undone" '^▌.domain +A title of its own'

keys a
shows "a asks for a kind" 'Add to web3'
type_text 'rng'
keys Enter
shows "then for its fields" 'Add to web3: rng'
keys BTab BTab Enter
shows "a preview shows what would be done" '\+ .*<rng'
esc
shows "behind it the form is still there" 'Add to web3: rng'
esc
hides "and closes" 'Add to web3: rng'
keys a
wait_text 'Add to web3'
type_text 'disk'
keys Enter
wait_text 'Add to web3: disk'
keys F2
shows "what the command refuses is said" 'is missing, or size= for a new one'
shows "and the form is there to say it" 'Add to web3: disk'
esc
hides "it closes, too" 'Add to web3: disk'
to_row 'serial'
keys d
shows "d asks" 'Are you sure'
keys n
shows "no leaves it" '^▌.serial +serial0'
check "it lives" term_alive

# A password: typed unseen, in no file.
to_row 'graphics'
keys Enter
wait_text 'graphics vnc of web3'
keys Down Down Down
shows "the field of the password" 'passwd: '
keys Enter
type_text 'gEhe1m77'
shows "what is typed is not shown" '••••••••'
check "not anywhere" screen_lacks 'gEhe1m77'
keys Enter
keys F2
hides "applied" 'graphics vnc of web3'
keys C-w
type_text ':device web3 vnc set passwd=gEhe1m88'
shows "what is typed in the bar is shown" 'passwd=gEhe1m88'
keys Enter
hides "typed in the bar it is not shown afterwards" 'gEhe1m88'
hides "no job is left" 'stops waiting'
leave
check "no history, event or log has it" sh -c '! grep -rqE "gEhe1m(77|88)" "$1" --include=history --include="events*" --include="*.log"' \
    sh "$TEST_TMP"

# A click.
open_devices web3
to_row 'ram'
row=$(row_of '^.{0,3}ram ')
column=$(screen | sed -n "${row}p" | awk '{print index($0, "hugepages")}')
keys Home
click "$column" "$row"
shows "a click on a toggle turns it" 'hugepages\[●\]'
click 5 "$(row_of '^.{0,3}disk ')"
shows "a click on a row selects it" '^▌.disk'
hides "no job is left then" 'stops waiting'
leave

open_devices web3 80x24 -r
shows "read-only: toggles are seen" 'hugepages\['
to_row 'ram'
keys Space
shows "and not turned" 'read-only'
keys d
shows "nothing is removed" 'read-only'
leave

open_devices web3 40x10 LC_ALL=C LANG=C
to_row 'disk'
keys Enter
shows "a form in 40x10 and ASCII" 'disk vda of web3'
esc
leave

done_testing
