#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The command bar: typing, Tab completion, errors that point at the word, history across runs, pastes.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

term_start 100x30 --demo
shows "the deck" 'web1 '
keys :
shows "the bar opens" '^:'
type_text 'lis'
shows "it shows what is typed" '^:lis'
keys Tab
shows "Tab completes a command" '^:list'
keys Escape
hides "Escape closes it" '^:'
keys :
shows "the bar opens again" '^:'
esc
hides "so does the form of it that some terminals send" '^:'

# Arguments.
keys :
type_text 'start le'
keys Tab
shows "Tab completes a domain" '^:start legacy-nt4'
shows "the hint has the usage" '--paused'
keys C-u
type_text 'start web'
keys Tab Tab
shows "Tab shows the candidates" 'web2'
shows "in a list" 'web3'
keys C-u
type_text 'strat web1'
keys Enter
shows "an unknown word is named" 'strat'
shows "and what may be meant" 'start'
esc
esc

# Editing: readline's own keys.
keys :
type_text 'start web1'
keys C-a
type_text 'x'
shows "C-a goes to the beginning" '^:xstart web1'
keys C-d C-d C-d C-d C-d
keys BSpace
keys C-e C-w
shows "C-w takes a word" '^: *$|^: '
keys C-u
type_text 'ünï日本'
shows "it takes more than ASCII" '^:ünï日本'
keys BSpace BSpace
shows "and deletes characters, not bytes" '^:ünï *$|^:ünï '
esc
esc

# What the shell prints is a pane here.
type_text ':log web2'
keys Enter
shows "log opens its pane" '▸ ?Logs'
shows "and goes to the domain" '^▌.?web2 '
type_text ':devices'
keys Enter
shows "so does devices" '▸ ?Devices'
type_text ':log nobody'
keys Enter
shows "a name that is none is told" 'nobody'
esc

# A command runs.
type_text ':suspend web1'
keys Enter
shows "a command of the bar runs" 'web1 .*paused'
type_text ':resume web1'
keys Enter
shows "another" 'web1 .*running'

# History: of this run, then of the next.
keys : Up
shows "Up brings the last line" '^:resume web1'
keys Up
shows "Up again the one before" '^:suspend web1'
esc
keys : C-r
type_text 'susp'
shows "C-r searches" 'suspend web1'
keys C-g
keys C-u
esc
esc
leave
restored "the terminal is as before"
term_start 100x30 --demo
shows "a second run" 'web1 '
keys : Up
shows "history is kept across runs" '^:resume web1'
keys C-u
esc
esc

# Pastes: nothing of them runs.
keys :
paste 'suspend web2
suspend db2
'
shows "a paste stands in the bar" '^:.*suspend web2'
shows "web2 still runs" 'web2 .*running'
shows "db2 too" 'db2 .*running'
keys C-u
esc
esc
paste 'qsqsqs'
shows "a paste outside the bar does nothing" 'web1 '
shows "and says why" 'pasted into the bar only'
check "it lives" term_alive

# Hostile text is shown escaped.
keys :
paste "$(printf 'start \033]0;x\007')"
check "escape sequences in a paste do no harm" term_alive
unlike "the title was not set" "$(tm display-message -p -t $term_session '#{pane_title}')" '^x$'
keys C-u
esc
esc

# The filter.
keys /
type_text 'web'
shows "the filter works while one types" 'web3'
hides "others are out" '^.{0,3}db1 '
esc
shows "Escape takes it back" '^.{0,3}db1 '
keys /
type_text 'state='
keys Enter
check "a bad filter is no crash" term_alive
keys C-u
esc
esc
leave
done_testing
