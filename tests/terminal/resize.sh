#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Any size at any time: small, huge, storms of changes, in every pane and in the bar.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

term_start 120x36 --demo
shows "the deck" '^.{0,3}web1 '
for size in 80x24 200x60 40x10 20x5 10x3 2x2 1x1 300x90 80x24; do
    resize $size
    is "the terminal is $size" "$(tm display-message -p -t $term_session '#{pane_width}x#{pane_height}')" $size
    check "$size: it lives" term_alive
done
shows "and shows the deck again" '^.{0,3}db1 '
resize 20x5
shows "a small one is told so" '[Ss]mall|80'
resize 120x36
shows "the deck" '^.{0,3}web1 '
for pane in Devices Logs Graphs Events Overview; do
    keys Tab
    for size in 81x24 60x20 33x9 140x40 79x23 120x36; do
        resize $size
    done
    check "$pane: it lives" term_alive
done
shows "the deck" '^.{0,3}web1 '
keys :
type_text 'start web'
keys Tab
for size in 30x8 120x36 80x24 11x4 120x36; do
    resize $size
done
shows "the bar is still open" '^:start web'
i=0
while [ $i -lt 60 ]; do
    resize $((20 + (i * 37) % 150))x$((5 + (i * 13) % 50))
    i=$((i + 1))
done
resize 120x36
shows "after a storm the line is there" '^:start web'
keys C-u
esc
esc
shows "and the deck" '^.{0,3}web1 '
keys X
shows "a question" 'Are you sure'
resize 30x8
shows "is out of sight" 'too small'
keys y
resize 80x24
shows "and not answered there" 'Are you sure'
keys n
shows "but here" 'nothing was done'
leave
restored "the terminal is as before"
done_testing
