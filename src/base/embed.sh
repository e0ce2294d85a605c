#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the C file behind base/builtin.h: each file named as an argument becomes one row of the table.
set -eu
LC_ALL=C
export LC_ALL
echo '/* Made by src/base/embed.sh. */'
echo '#include "base/builtin.h"'
i=0
rows=
for f in "$@"; do
    printf 'static const unsigned char data%d[] = {' "$i"
    od -An -v -tu1 "$f" | tr -s ' ' ',' | sed -e 's/^,//' -e 's/$/,/'
    echo '0};'
    rows="$rows    {\"$f\", (const char *)data$i, sizeof data$i - 1},
"
    i=$((i + 1))
done
printf 'const struct builtin builtins[] = {\n%s    {0, 0, 0},\n};\n' "$rows"
