#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# judge.sh TOOL VERSION COMMAND…: passes when COMMAND does. When it fails it is a failed test only where TOOL is of the
# version that the sources are kept clean under (Debian 12's); other versions have other opinions, and then it is a
# skipped one (77).
set -u
tool=$1
version=$2
shift 2
if "$@"; then
    exit 0
fi
has=$("$tool" --version | grep -o 'version [0-9.]*\|Cppcheck [0-9.]*' | head -n 1)
case $has in
*" $version" | *" $version".*) exit 1 ;;
esac
echo "SKIP: kept clean under $tool $version, this is ${has:-another}"
exit 77
