#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# check-format.sh FILE…: passes when clang-format would change nothing. The sources are formatted with version 14
# (Debian 12's); another version has other opinions, and then a difference is a skipped test (77), not a failed one.
set -u
if clang-format --dry-run --Werror "$@"; then
    exit 0
fi
if clang-format --version | grep -q 'version 14\.'; then
    echo "make format mends it"
    exit 1
fi
echo "SKIP: formatted with clang-format 14, this is $(clang-format --version)"
exit 77
