#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# screenshot in the shell, on the demo host: files whole and never by accident, and every way of drawing.
. "$(dirname "$0")/../lib.sh"
need jq od

mkdir "$TEST_TMP/here" && cd "$TEST_TMP/here" || exit 1
unset COLORTERM TERM_PROGRAM KITTY_WINDOW_ID TMUX STY
TERM=xterm-256color
export TERM

# bytes FILE OFFSET COUNT: as hexadecimal digits.
bytes() {
    od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# whole_png WHAT FILE WIDTH HEIGHT
whole_png() {
    is "$1: a PNG by its first bytes" "$(bytes "$2" 0 8)" 89504e470d0a1a0a
    is "$1: as large as was said" "$(bytes "$2" 16 8)" "$(printf '%08x%08x' "$3" "$4")"
    is "$1: with its end" "$(tail -c 12 "$2" | od -An -v -tx1 | tr -d ' \n')" 0000000049454e44ae426082
}

exits "a file is written" 0 "$VIRTDECK" --demo screenshot db1 a.png
like "it says what and where" "$out" '^db1: screen of [0-9]+x[0-9]+ written to a\.png$'
size=${out#*screen of }
size=${size%% *}
whole_png "the file" a.png "${size%x*}" "${size#*x}"
is "nobody else may read it" "$(stat -c %a a.png)" 600
is "nothing else is left" "$(ls -A)" a.png

echo mine >b.png
exits "a file that is there is not replaced" 2 "$VIRTDECK" --demo screenshot db1 b.png
like "it says how" "$err" 'b\.png|there already.*--yes'
is "it is as it was" "$(cat b.png)" mine
exits "with --yes it is" 0 "$VIRTDECK" --demo --json screenshot db1 b.png --yes
is "and the JSON tells it" "$(printf '%s' "$out" | jq -r '"\(.domain) \(.file) \(.width)x\(.height) \(.result)"')" \
    "db1 b.png $size ok"
whole_png "the new one" b.png "${size%x*}" "${size#*x}"
exits "JSON without a file draws nothing" 0 "$VIRTDECK" --demo --json screenshot db1
is "and says so" "$(printf '%s' "$out" | jq -c '[.file, .width, .height]')" "[null,${size%x*},${size#*x}]"

exits "no such directory" 1 "$VIRTDECK" --demo screenshot db1 none/x.png
like "is told with its name" "$err" 'none/x\.png: No such file or directory'
mkdir d.png
exits "a directory is no file" 1 "$VIRTDECK" --demo --yes screenshot db1 d.png
like "is told" "$err" 'd\.png'
exits "a device is never written to" 1 "$VIRTDECK" --demo --yes screenshot db1 /dev/null
check "and stays" test -c /dev/null
# The size that a file may have (in half KiB) stands for a disk that is full: what was written must go again.
exits "a disk that is full" 1 sh -c "trap '' XFSZ; ulimit -f 80; exec '$VIRTDECK' --demo screenshot db1 full.png"
like "is told with the file's name" "$err" 'full\.png: File too large'
is "and nothing of it is left" "$(ls -A | tr '\n' ' ')" "a.png b.png d.png "
if [ "$(id -u)" != 0 ]; then
    mkdir locked && chmod 500 locked
    exits "no right to write" 1 "$VIRTDECK" --demo screenshot db1 locked/x.png
    like "is told" "$err" 'locked/x\.png: Permission denied'
    chmod 700 locked
fi

exits "a domain that is off" 1 "$VIRTDECK" --demo screenshot web3 off.png
like "has no picture" "$err" 'screenshot web3: it does not run'
exits "no such domain" 1 "$VIRTDECK" --demo screenshot nowhere off.png
exits "two domains" 2 "$VIRTDECK" --demo screenshot 'web*' off.png
exits "a screen that is no number" 2 "$VIRTDECK" --demo screenshot db1 --screen two
exits "half a screen" 2 "$VIRTDECK" --demo screenshot db1 --screen 0.5
exits "a read-only connection" 1 "$VIRTDECK" -r --demo screenshot db1 off.png
check "nothing was written" test ! -e off.png

# ---- drawn ----
# draws WHAT [OPTION…]: into a pipe.
draws() {
    what=$1
    shift
    exits "$what" 0 "$VIRTDECK" --demo "$@" screenshot db1
    printf '%s' "$out" | tr '\033' '~' >"$TEST_TMP/drawn"
}
draws "a pipe gets characters"
is "of a usual width" "$(head -n 1 "$TEST_TMP/drawn" | wc -L)" 80
check "and no escape sequence" sh -c '! grep -q "~" "$1"' sh "$TEST_TMP/drawn"
like "in several shades" "$(cat "$TEST_TMP/drawn")" '\*%@@@@'
draws "half blocks of 256 colours" -o graphics=blocks
like "as such" "$(cat "$TEST_TMP/drawn")" '~\[48;5;[0-9]+m~\[38;5;[0-9]+m▀'
unlike "and no others" "$(cat "$TEST_TMP/drawn")" '8;2;'
is "colours are reset at the end of each line" "$(grep -vc '~\[0m$' "$TEST_TMP/drawn")" 0
COLORTERM=truecolor
export COLORTERM
draws "half blocks of all colours" -o graphics=blocks
like "as such" "$(cat "$TEST_TMP/drawn")" '~\[48;2;[0-9]+;[0-9]+;[0-9]+m~\[38;2;[0-9]+;[0-9]+;[0-9]+m▀'
unset COLORTERM
draws "half blocks without colours are none" -o graphics=blocks -o color=mono
unlike "but characters" "$(cat "$TEST_TMP/drawn")" '~|▀'
draws "nor are they where the locale has no such characters" -o graphics=blocks -o unicode=off
unlike "but characters" "$(cat "$TEST_TMP/drawn")" '~|▀'
draws "sixel" -o graphics=sixel
like "begins as such" "$(head -c 40 "$TEST_TMP/drawn")" '^~P[0-9;]*q"1;1;640;'
like "and ends" "$(tail -c 3 "$TEST_TMP/drawn")" '~\\'
draws "kitty" -o graphics=kitty
like "begins as such" "$(grep -a . "$TEST_TMP/drawn" | head -n 1 | head -c 60)" '~_Ga=T,f=100,q=2,C=1,i=[0-9]+,c=80,r=[0-9]+,m=1;iVBORw0KGgo'
is "no piece is longer than allowed" "$(tr '~' '\n' <"$TEST_TMP/drawn" | sed 's/^[^;]*;//' | awk 'length > 4096' | wc -l)" 0
grep -ao '_G[^;]*;[^~]*' "$TEST_TMP/drawn" | sed 's/^[^;]*;//' | tr -d '\n' | base64 -d >kitty.png
is "the pieces are a PNG" "$(bytes kitty.png 0 8)" 89504e470d0a1a0a
is "a whole one" "$(tail -c 8 kitty.png | od -An -v -tx1 | tr -d ' \n')" 49454e44ae426082
done_testing
