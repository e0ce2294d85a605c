#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The pane Screen on a terminal: half blocks as tmux sees them, sixels and kitty's graphics as bytes, nothing left of
# them when they go, and the file that its key writes.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"
need od

mkdir "$TEST_TMP/here" && cd "$TEST_TMP/here" || exit 1
escape=$(printf '\033')

blocks_on_screen() {
    screen_styled | grep -q "$escape\[[0-9;]*[34]8[;:]$1.*▀"
}

# blocks_in_rows N: so many rows of the screen have some.
blocks_in_rows() {
    [ "$(screen | grep -c ▀)" -ge "$1" ]
}

no_blocks() {
    ! screen | grep -q ▀
}

# in_stream REGEX [COUNT]: the bytes to the terminal have it (at least so often); ESC is ~ in it.
in_stream() {
    [ "$(tr '\033' '~' <"$term_bytes" | grep -aoE -e "$1" | wc -l)" -ge "${2:-1}" ]
}

count_in_stream() {
    tr '\033' '~' <"$term_bytes" | grep -aoE -e "$1" | wc -l
}

# forget_view: a pane that was left open would show the picture of the first domain before the one that is looked for.
forget_view() {
    rm -f "$HOME/.local/state/virtdeck/view.json"
}

# last_picture: the number of the picture that was put last.
last_picture() {
    tr '\033' '~' <"$term_bytes" | grep -aoE '~_Ga=T,f=100,q=2,C=1,i=[0-9]+' | tail -n 1 | sed 's/.*=//'
}

# open_pane WxH [NAME=VALUE…] [ARGUMENT…]
open_pane() {
    forget_view
    term_start "$@" --demo
    wait_text ' web1 '
    type_text /db1
    keys Enter
    wait_text '^▌.?db1|^>.?db1'
    keys 7
}

# ---- half blocks ----
open_pane 120x40 COLORTERM=truecolor
shows "the size of the guest's screen" '▸Screen◂.* db1 ── [0-9]+×[0-9]+ ──'
eventually "half blocks in all colours" 10 blocks_on_screen 2
keys ?
shows "a dialog lies over the picture" 'KEYS EVERYWHERE'
like "nothing shines through it" "$(screen | grep 'F1  ?')" '│ +F1  \? +Help +│'
keys q
eventually "the picture comes back whole" 10 blocks_on_screen 2
keys f
shows "in full" '^─ Overview.*▸Screen◂'
eventually "larger" 10 blocks_in_rows 20
resize 100x30
eventually "after a change of size, too" 10 blocks_in_rows 20
shows "the rest is where it belongs" '^ F1 Help'
keys y
shows "y writes a file" 'db1: screen of [0-9]+x[0-9]+ written to db1-[0-9]{8}-[0-9]{6}\.png'
is "a PNG" "$(od -An -v -tx1 -N 8 db1-*.png | tr -d ' \n')" 89504e470d0a1a0a
is "a whole one" "$(tail -c 8 db1-*.png | od -An -v -tx1 | tr -d ' \n')" 49454e44ae426082
keys 4
shows "another pane" '▸Graphs◂'
eventually "nothing of the picture is left" 20 no_blocks
keys 7
eventually "and back" 10 blocks_on_screen 2
keys f
echo mine >mine.png
type_text ':screenshot mine.png'
keys Enter
shows "a file that is there is asked about" 'there already and is replaced'
keys n
shows "no is no" 'nothing was done'
is "and leaves it" "$(cat mine.png)" mine
type_text ':screenshot new.png'
keys Enter
shows "another name" 'written to new\.png'
is "a PNG, too" "$(od -An -v -tx1 -N 4 new.png | tr -d ' \n')" 89504e47
leave
restored "the terminal is given back"

open_pane 100x40
eventually "half blocks in 256 colours" 10 blocks_on_screen 5
leave

# ---- characters ----
open_pane 100x40 NO_COLOR=1
shows "without colours: characters" '[-=+*]{3}.*@@@@@@'
check "no half blocks" no_blocks
leave
open_pane 100x40 TERM=vt100
shows "on a vt100: characters" '[-=+*]{3}.*@@@@@@'
leave

# ---- kitty ----
open_pane 120x40 -o graphics=kitty
eventually "kitty: a picture is sent" 10 in_stream '~_Ga=T,f=100,q=2,C=1,i=[0-9]+,c=[0-9]+,r=[0-9]+,m=1;iVBORw0KGgo'
eventually "its last piece, too" 10 in_stream '~_Gm=0;'
keys f
shows "in full" '^─ Overview.*▸Screen◂'
keys X
shows "a dialog lies over it" 'destroy db1\?'
eventually "then half blocks stand in for it" 10 in_stream '▀'
before=$(count_in_stream '~_Ga=T')
keys n
eventually "the dialog goes, the picture comes back" 10 in_stream '~_Ga=T' $((before + 1))
keys 4
shows "another pane" '▸Graphs◂'
eventually "it is taken away by its number" 20 in_stream "~_Ga=d,d=I,q=2,i=$(last_picture)~"
before=$(count_in_stream '~_Ga=T')
keys 7
eventually "again" 10 in_stream '~_Ga=T' $((before + 1))
before=$(count_in_stream '~_Ga=d')
leave
eventually "at the end it is taken away" 10 in_stream '~_Ga=d' $((before + 1))
restored "the terminal is given back"

# ---- stopped, and on again ----
forget_view
term_shell 110x35
type_text '"$VIRTDECK" --demo -o graphics=kitty'
keys Enter
wait_text ' web1 '
type_text /db1
keys Enter
wait_text '^▌.?db1'
keys 7
eventually "kitty again" 10 in_stream '~_Ga=T'
number=$(last_picture)
is "it is there" "$(count_in_stream "~_Ga=d,d=I,q=2,i=$number~")" 0
keys C-z
shows "Ctrl-Z" 'Stopped'
eventually "takes the picture away" 10 in_stream "~_Ga=d,d=I,q=2,i=$number~"
before=$(count_in_stream '~_Ga=T')
type_text fg
keys Enter
shows "fg" '▸Screen◂'
eventually "brings it back" 10 in_stream '~_Ga=T' $((before + 1))
esc
keys q
shows "the shell again" '^sh> *$'

# ---- a crash ----
open_pane 120x40 -o graphics=kitty
wait_for 10 in_stream '~_Ga=d,d=I' # behind the picture: the number that it did not take
before=$(count_in_stream '~_Ga=d,d=I')
kill -ABRT "$(term_pid)"
shows "a crash" '\[ended 134\]'
eventually "takes both numbers away" 10 in_stream '~_Ga=d,d=I' $((before + 2))

# ---- sixel ----
open_pane 120x40 -o graphics=sixel
eventually "sixel: a picture is sent" 10 in_stream '~P[0-9;]*q"1;1;[0-9]+;[0-9]+#'
keys f
shows "in full" '^─ Overview.*▸Screen◂'
keys X
shows "a dialog lies over it" 'destroy db1\?'
eventually "then half blocks stand in for it" 10 in_stream '▀'
before=$(count_in_stream '~P')
keys n
eventually "the dialog goes, the picture comes back" 10 in_stream '~P' $((before + 1))
leave
restored "the terminal is given back"

# ---- the terminal is asked ----
open_pane 120x40 TERM=xterm-256color TMUX=
eventually "a terminal that may have sixels is asked" 10 in_stream '~\[c'
# A newer tmux answers for itself, and yes.
blocks_until_answered() {
    blocks_on_screen 5 || in_stream '~P[0-9;]*q"1;1;'
}
eventually "until it answers: half blocks" 10 blocks_until_answered
bytes_in 1b 5b 3f 36 32 3b 34 3b 32 32 63
eventually "it says yes: sixels" 10 in_stream '~P[0-9;]*q"1;1;'
hides "the answer is no key" 'Columns'
is "it was asked once" "$(count_in_stream '~\[c')" 1
leave
done_testing
