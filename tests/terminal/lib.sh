# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What terminal tests use, beside tests/lib.sh: a tmux of their own in which the program runs, keys, the mouse, pastes,
# what the screen shows and which bytes went to it. Nothing here sleeps for a text: everything polls.

need tmux
unset TMUX
: "${TMUX_TMPDIR:=$TEST_TMP}"
export TMUX_TMPDIR
term_session=vd
term_wait=30

tm() {
    tmux -u -L "test$$" -f /dev/null "$@"
}
at_exit_do 'tm kill-server 2>/dev/null'

# term_start WxH [NAME=VALUE…] [ARGUMENT…]: runs virtdeck with the arguments in a terminal of that size. TERM, locale
# and the like are given as NAME=VALUE; TERM is tmux-256color unless one is given. When it ends the screen says "[ended STATUS]".
#   $TEST_TMP/pid  its process    $TEST_TMP/stty.before stty.after   the terminal's modes
term_start() {
    term_size=$1
    shift
    term_variables="'TERM=tmux-256color'"
    while [ $# -gt 0 ]; do
        case $1 in
        [A-Z]*=*) term_variables="$term_variables '$1'" ;;
        *) break ;;
        esac
        shift
    done
    term_arguments=
    for term_argument in "$@"; do
        term_arguments="$term_arguments $(term_quote "$term_argument")"
    done
    rm -f "$TEST_TMP/pid" "$TEST_TMP/stty.before" "$TEST_TMP/stty.after"
    cat >"$TEST_TMP/inner.sh" <<EOF
stty -a | sed 's/rows [0-9]*; columns [0-9]*;//' >'$TEST_TMP/stty.before'
sh -c 'echo \$\$ >"$TEST_TMP/pid"; exec env $(printf '%s' "$term_variables" | sed "s/'/\"/g") "\$0" "\$@"' "$VIRTDECK"$term_arguments
status=\$?
stty -a | sed 's/rows [0-9]*; columns [0-9]*;//' >'$TEST_TMP/stty.after'
echo "[ended \$status]"
cat >/dev/null
EOF
    term_open "$term_size" "sh '$TEST_TMP/inner.sh'"
}

# term_shell WxH: an interactive shell with the prompt "sh> "; $VIRTDECK is known in it.
term_shell() {
    term_open "$1" "env PS1='sh> ' PS2= HISTFILE= bash --norc --noprofile -i"
    wait_text '^sh>'
}

term_open() {
    tm kill-session -t $term_session 2>/dev/null
    # A file of its own: what writes the stream of the session before may not be through with it.
    term_number=$((${term_number-0} + 1))
    term_bytes=$TEST_TMP/bytes.$term_number
    : >"$term_bytes"
    # The command waits for the go: not one byte of it may be missing in the stream.
    rm -f "$TEST_TMP/go"
    mkfifo "$TEST_TMP/go"
    # Again, where the server of the session before is still about to end.
    if ! wait_for 10 term_new "$1" "read _ <'$TEST_TMP/go'; $2"; then
        echo "# tmux does not start"
        exit 1
    fi
    tm pipe-pane -O -t $term_session "cat >>'$term_bytes'"
    timeout 10 sh -c 'echo >"$1"' sh "$TEST_TMP/go"
}

term_new() {
    tm new-session -d -s $term_session -x "${1%x*}" -y "${1#*x}" "$2" 2>/dev/null &&
        tm set-option -g exit-empty off 2>/dev/null && tm set-option -g remain-on-exit on 2>/dev/null
}

term_quote() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

term_pid() {
    cat "$TEST_TMP/pid"
}

# keys NAME…: tmux's key names (Enter, Tab, C-z, F1, Up …) or single characters.
keys() {
    tm send-keys -t $term_session "$@"
}

# esc: the Escape key in its unambiguous form, CSI 27 u: behind its one byte, what follows at once would be taken for a
# Meta key. `keys Escape` sends that; a test that uses it waits for what it does.
esc() {
    bytes_in 1b 5b 32 37 75
}

# type_text TEXT: the text as it is.
type_text() {
    tm send-keys -t $term_session -l -- "$1"
}

# bytes_in HEX…: raw bytes, as the keyboard would send them.
bytes_in() {
    tm send-keys -t $term_session -H "$@"
}

# click COLUMN ROW [BUTTON] (from 1; 0 left, 64 wheel up, 65 wheel down): press and release, reported in the way that
# the program asked the terminal for.
click() {
    if [ "$(tm display-message -p -t $term_session '#{mouse_sgr_flag}')" = 1 ]; then
        bytes_in $(printf '\033[<%d;%d;%dM\033[<%d;%d;%dm' "${3-0}" "$1" "$2" "${3-0}" "$1" "$2" | od -An -v -tx1)
    else
        bytes_in 1b 5b 4d $(printf '%x %x %x' $((32 + ${3-0})) $((32 + $1)) $((32 + $2)))
        [ "${3-0}" -ge 64 ] || bytes_in 1b 5b 4d $(printf '%x %x %x' 35 $((32 + $1)) $((32 + $2)))
    fi
}

# paste TEXT: as a terminal pastes: bracketed where the program asked for it.
paste() {
    tm set-buffer -- "$1"
    tm paste-buffer -p -t $term_session
}

resize() {
    tm resize-window -t $term_session -x "${1%x*}" -y "${1#*x}"
}

screen() {
    tm capture-pane -p -t $term_session
}

# With colours and attributes, as escape sequences.
screen_styled() {
    tm capture-pane -p -e -t $term_session
}

screen_has() {
    screen | grep -Eq -e "$1"
}

screen_lacks() {
    ! screen_has "$1"
}

# row_of REGEX: the number (from 1) of the first row that matches; empty when none does.
row_of() {
    screen | grep -nE -e "$1" | head -n 1 | cut -d: -f1
}

# found_row REGEX: leaves the number of the row in $found, from the same look at the screen that found it.
found_row() {
    found=$(row_of "$1")
    [ -n "$found" ]
}

# click_row REGEX COLUMN [BUTTON]: in the first row that matches, once there is one.
click_row() {
    wait_for "$term_wait" found_row "$1" || return 1
    click "$2" "$found" "${3-0}"
}

# wait_text REGEX [SECONDS]
wait_text() {
    wait_for "${2:-$term_wait}" screen_has "$1"
}

# shows WHAT REGEX [SECONDS]: one test: the screen comes to show it. hides: the other way round.
shows() {
    if wait_text "$2" "${3-}"; then
        ok "$1"
    else
        not_ok "$1"
        note "no such text: $2"
        note "$(screen)"
        return 1
    fi
}

hides() {
    if wait_for "${3:-$term_wait}" screen_lacks "$2"; then
        ok "$1"
    else
        not_ok "$1"
        note "still there: $2"
        note "$(screen)"
        return 1
    fi
}

term_alive() {
    kill -0 "$(term_pid)" 2>/dev/null
}

# ends WHAT STATUS: one test: the program ends with the status.
ends() {
    shows "$1" "\[ended $2\]"
}

# The last word about bracketed paste must be "off". The bytes may come a little after the screen.
paste_is_off() {
    case $(grep -aoE '\[\?2004[hl]' "$term_bytes" | tail -n 1) in
    *h) return 1 ;;
    esac
}

# restored WHAT: one test: the terminal is as it was before the program: modes, screen, cursor, mouse, paste mode.
restored() {
    restored_why=
    wait_for 5 test -s "$TEST_TMP/stty.after"
    if ! cmp -s "$TEST_TMP/stty.before" "$TEST_TMP/stty.after"; then
        restored_why="modes differ: $(diff "$TEST_TMP/stty.before" "$TEST_TMP/stty.after")"
    fi
    restored_flags=$(tm display-message -p -t $term_session \
        '#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag} #{keypad_cursor_flag}')
    if [ "$restored_flags" != "0 1 0 0 0" ]; then
        restored_why="$restored_why alternate screen, cursor, mouse, keypad, cursor keys: $restored_flags"
    fi
    if ! wait_for 5 paste_is_off; then
        restored_why="$restored_why bracketed paste is still on"
    fi
    if [ -z "$restored_why" ]; then
        ok "$1"
    else
        not_ok "$1"
        note "$restored_why"
        return 1
    fi
}

# no_child: the program has no other one under way.
no_child() {
    [ -z "$(pgrep -P "$(term_pid)")" ]
}

# A job may still be about to end although the screen shows what it did: libvirt's event comes before the call returns.
left() {
    if screen_has 'jobs? (is|are) still running:'; then
        keys y
    fi
    screen_has '\[ended 0\]'
}

# leave: ends the program the normal way, for tests about something else.
leave() {
    esc
    keys q
    if ! wait_for 20 left; then
        not_ok "q leaves"
        note "$(screen)"
        kill -KILL "$(term_pid)" 2>/dev/null
    fi
}

# ---- the device pane ----

# at_top: the cursor is on the first row below the head.
at_top() {
    screen | grep -A 1 -E '^ *KIND +NAME ' | tail -n 1 | grep -q '^[▌>]'
}
# cursor_row: where it is, its kind and its name: figures change by themselves.
cursor_row() {
    screen | sed -n '/^ *KIND  *NAME /,$p' | grep -n '^[▌>]' | awk '{ print $1, $2, $3; exit }'
}
# A frame that is only half drawn may have no cursor.
cursor_moved() {
    to_row_is=$(cursor_row)
    [ -n "$to_row_is" ] && [ "$to_row_is" != "$to_row_was" ]
}
# to_row REGEX: moves the cursor down until it is on that row, from the first one on and a row at a time: as long as the
# screen still shows where the cursor was, it may seem to be there already, or not yet.
to_row() {
    keys Home
    wait_for "$term_wait" at_top
    to_row_was=
    to_row_left=40
    wait_for 10 cursor_moved
    until printf '%s\n' "$to_row_is" | grep -Eq "^[0-9]+:[▌>].$1" || [ $to_row_left -eq 0 ]; do
        to_row_was=$to_row_is
        keys Down
        wait_for 10 cursor_moved
        to_row_left=$((to_row_left - 1))
    done
}
