#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stands for virtdeck in a test run under valgrind: VALGRIND_TARGET is the program, errors and leaks go to
# VALGRIND_LOG.PID, where the runner looks.
# Machine code made of patterns reads whole words where a text ends within one.
export VIRTDECK_NO_JIT=y
exec valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite --error-exitcode=99 --num-callers=30 \
    --suppressions="$(dirname "$(readlink -f "$0")")/data/valgrind.supp" --log-file="${VALGRIND_LOG:-valgrind}.%p" \
    --child-silent-after-fork=yes "$VALGRIND_TARGET" "$@"
