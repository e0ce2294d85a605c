#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run.sh FUZZER SECONDS: fuzzes beginning with tests/fuzz/corpus/NAME and with the files of the tree that its parser
# reads: themes/ for "theme", tests/data/domains for "domdef". What it finds on the way stays in build/fuzz/NAME; an input that fails lies in build/fuzz/NAME-crash-….
set -eu
fuzzer=$1
seconds=$2
name=$(basename "$fuzzer")
name=${name#fuzz_}
found=build/fuzz/$name
mkdir -p "$found"
set -- "$found"
for d in "tests/fuzz/corpus/$name" "tests/data/$name" "${name}s" "tests/data/${name%def}ains"; do
    if [ -d "$d" ]; then
        set -- "$@" "$d"
    fi
done
options="-max_total_time=$seconds -timeout=10 -rss_limit_mb=2048 -max_len=16384 -error_exitcode=1 -timeout_exitcode=1 -verbosity=0 -print_final_stats=1"
if [ -f "tests/fuzz/$name.dict" ]; then
    options="$options -dict=tests/fuzz/$name.dict"
fi
exec "$fuzzer" $options -artifact_prefix="build/fuzz/$name-" "$@"
