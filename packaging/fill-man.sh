#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# fill-man.sh PROGRAM VERSION <template >page: puts the version and what the program says about itself into a
# man page. A line
#     .\" output: help --man
# is replaced by what `PROGRAM help --man` prints; @VERSION@ by the version.
set -eu
program=$1
version=$2
# The page must not depend on who builds it: no settings, no colours, no terminal, English.
XDG_CONFIG_HOME=/nonexistent XDG_STATE_HOME=/nonexistent LC_ALL=C.UTF-8
export XDG_CONFIG_HOME XDG_STATE_HOME LC_ALL

# Source lines of at most 79 columns, as mandoc's linter wants them. A word that a new line would make a request
# of (it begins with . or ') is kept from being one.
wrap() {
    LC_ALL=C awk '
        # What mandoc measures: a character beyond ASCII becomes \[uXXXX].
        function width(s,    n) {
            n = gsub(/[\300-\377]/, "&", s)
            gsub(/[\200-\277]/, "", s)
            return length(s) + 7 * n
        }
        /^[.\047]/ || width($0) < 80 { print; next }
        {
            line = ""
            n = split($0, words, " ")
            for (i = 1; i <= n; i++) {
                if (line != "" && width(line " " words[i]) > 79) {
                    print line
                    line = ""
                    if (words[i] ~ /^[.\047]/)
                        words[i] = "\\&" words[i]
                }
                line = line == "" ? words[i] : line " " words[i]
            }
            print line
        }'
}

while IFS= read -r line; do
    case $line in
    '.\" output: '*)
        # The words of the line are the arguments: splitting is meant.
        text=$("$program" ${line#'.\" output: '} </dev/null)
        if [ -z "$text" ]; then
            echo "fill-man: \`$program ${line#'.\" output: '}' printed nothing" >&2
            exit 1
        fi
        printf '%s\n' "$text" | wrap
        ;;
    *@VERSION@*) printf '%s%s%s\n' "${line%%@VERSION@*}" "$version" "${line#*@VERSION@}" ;;
    *) printf '%s\n' "$line" ;;
    esac
done
