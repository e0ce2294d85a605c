#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The check of the layers itself: it is silent about the tree, and speaks about every forbidden arrow.
. "$(dirname "$0")/../lib.sh"

exits "the tree keeps the rules" 0 sh "$top/tests/check-layers.sh" "$top"

# forbidden FILE INCLUDE: a tree with only this include breaks a rule.
tree() {
    rm -rf "$TEST_TMP/tree"
    mkdir -p "$TEST_TMP/tree/src/base" "$TEST_TMP/tree/src/model" "$TEST_TMP/tree/src/virt" \
        "$TEST_TMP/tree/src/command" "$TEST_TMP/tree/ui"
    echo "$2" >"$TEST_TMP/tree/$1"
}
forbidden() {
    tree "$1" "$2"
    exits "$1 must not say $2" 1 sh "$top/tests/check-layers.sh" "$TEST_TMP/tree"
    like "and the message names the place" "$out" "^$1:1:"
}
allowed() {
    tree "$1" "$2"
    exits "$1 may say $2" 0 sh "$top/tests/check-layers.sh" "$TEST_TMP/tree"
}

forbidden src/model/vm.c '#include <curses.h>'
forbidden src/model/vm.c '#  include <ncursesw/curses.h>'
forbidden ui/table.c '#include <ncurses.h>'
forbidden ui/table.c '#include <term.h>'
forbidden ui/table.c '#include <readline/readline.h>'
forbidden src/command/shell.c '#include <libvirt/libvirt.h>'
forbidden ui/table.c '#include <libvirt/virterror.h>'
forbidden src/command/shell.c '#include "ui/canvas.h"'
forbidden src/command/shell.c '#include "../../ui/canvas.h"'
forbidden src/base/text.c '#include "model/vm.h"'
forbidden src/model/vm.c '#include "virt/fleet.h"'
forbidden src/virt/job.c '#include "command/command.h"'
forbidden ui/table.c '#include "virt/private.h"'
allowed ui/term.c '#include <curses.h>'
allowed ui/prompt.c '#include <readline/readline.h>'
allowed src/virt/job.c '#include <libvirt/libvirt.h>'
allowed src/main.c '#include "ui/app.h"'
allowed ui/table.c '#include "ui/term.h"'
done_testing
