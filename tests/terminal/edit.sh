#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# edit on the screen: the editor has the terminal to itself, and the deck comes back with what was changed.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

state=$HOME/.local/state/virtdeck
# The editor shows a line, waits for Enter, and does what stands in the file `do`.
cat >"$TEST_TMP/editor" <<EOF2
#!/bin/sh
echo "EDITOR HAS THE TERMINAL"
: >"$TEST_TMP/has-begun"
read -r line
echo "read \$line" >"$TEST_TMP/was-read"
. "$TEST_TMP/do" "\$1"
EOF2
chmod +x "$TEST_TMP/editor"
does() {
    printf '%s\n' "$1" >"$TEST_TMP/do"
}
run_bar() {
    keys :
    type_text "$1"
    keys Enter
}
# What an editor of before wrote may still be on the screen.
editor_begins() {
    eventually "$1" 20 test -e "$TEST_TMP/has-begun"
}
# edit_with LINE [COMMAND]: has the editor run once, doing this.
edit_with() {
    does "$1"
    rm -f "$TEST_TMP/has-begun"
    run_bar "${2-edit web1}"
    editor_begins "the editor"
    rm -f "$TEST_TMP/was-read"
    type_text hello
    keys Enter
}
drafts() {
    find "$state/edits" -name '*.xml' 2>/dev/null | wc -l
}
no_drafts() {
    [ "$(drafts)" = 0 ]
}

term_start 100x30 EDITOR="$TEST_TMP/editor" --demo
shows "the deck" '^.{0,3}web1 '

edit_with 'exit 0'
shows "nothing changed is told" 'nothing was changed in the text'
is "the editor had the keyboard" "$(cat "$TEST_TMP/was-read")" "read hello"
is "the mouse is back" "$(tm display-message -p -t $term_session '#{alternate_on} #{mouse_any_flag}')" "1 1"

edit_with 'sed -i "s/Front end 1/Changed title/" "$1"'
shows "what was changed" '\+  <title>Changed title</title>'
keys Enter
shows "the question" 'Apply this to web1\?'
keys y
shows "it was applied" 'web1: edit, at next boot'
eventually "the text is gone" 10 no_drafts

edit_with 'echo "<domain><oops></domain>" >"$1"'
shows "no XML: the line is told" 'line [0-9] of the XML'
shows "and the question" 'Edit the text again\?'
does 'sed -i "s/.*/<domain><half>/" "$1"'
rm -f "$TEST_TMP/has-begun"
keys y
editor_begins "the editor again"
keys Enter
shows "still wrong" 'Edit the text again\?'
keys n
shows "the text is kept" 'the text is kept in'
is "where it is" "$(cat "$state"/edits/*.xml)" '<domain><half>'

does 'exit 0'
run_bar 'edit web1'
shows "the next edit offers it" 'Take it up again'
rm -f "$TEST_TMP/has-begun"
keys y
editor_begins "the editor"
keys Enter
shows "wrong as before" 'Edit the text again\?'
keys n
shows "kept" 'the text is kept in'
rm -f "$state"/edits/*

edit_with 'sed -i "s/Changed title/Third title/" "$1"'
shows "what was changed" '\+  <title>Third title</title>'
esc
shows "closing it asks, too" 'Apply this to web1\?'
keys n
shows "no keeps the text" 'the text is kept in'
edit_with 'exit 0' 'edit web1 --resume'
shows "resumed" '\+  <title>Third title</title>'
keys Enter
shows "the question" 'Apply this to web1\?'
keys y
eventually "applied" 10 no_drafts

run_bar 'history web1'
shows "history opens a text" 'NUMBER +TIME'
shows "both edits are in it" '^.*2 +20.*edit'
esc
run_bar 'undo web1'
shows "undo" 'undo 2, at next boot'
run_bar 'diff web1'
shows "diff opens a text" 'at the next boot'
shows "with the title that is back" '\+  <title>Changed title</title>'
esc
leave
done_testing
