#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What README.md and src/README.md name exists: files, make's targets, commands.
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1

for document in README.md src/README.md; do
    folder=$(dirname "$document")
    for link in $(grep -Eo '\]\([^)]*\)' "$document" | sed -e 's/^](//' -e 's/)$//' -e 's/#.*//' | sort -u); do
        case $link in
        http*) ;;
        *) check "$document: $link is there" test -e "$folder/$link" ;;
        esac
    done
    # Words in code style that look like a path of ours, as they are or under src/.
    grep -Eo '`[a-z][a-zA-Z0-9_./-]*`' "$document" | tr -d '`' | grep -E '/|\.(c|h|sh|md|mk)$' |
        grep -Ev '^build/|NAME|MODULE|\*' | sort -u >"$TEST_TMP/paths"
    while read -r path; do
        check "$document: $path is there" test -e "$path" -o -e "src/$path"
    done <"$TEST_TMP/paths"
    for target in $(grep -Eo 'make [a-z][a-z-]+' "$document" | cut -d ' ' -f 2 | sort -u); do
        case $target in
        setup) continue ;;
        esac
        check "$document: make $target" grep -Eqs "^($target|.* $target)( .*)?:" Makefile ./*/*.mk
    done
done

# Commands in code style that begin with a command's name or with :.
exits "help" 0 "$VIRTDECK" help
grep -Eo '`:[a-z][a-z-]*' README.md | tr -d '`:' | sort -u >"$TEST_TMP/commands"
while read -r command; do
    exits "README.md: the command $command" 0 "$VIRTDECK" help "$command"
done <"$TEST_TMP/commands"

# Keys of the tour: one character in code style is bound in the default keymap.
for key in $(grep -Eo '`[^`A-Z0-9 ]`|`[A-Z]`' README.md | tr -d '`' | sort -u); do
    check "README.md: the key $key" grep -Fq "\"$key\":" keymaps/default.json
done

# The exit statuses of the table.
exits "status 2 for usage" 2 "$VIRTDECK" --demo no-such-command
exits "status 1 for a failure" 1 "$VIRTDECK" --demo rename web1 web9
exits "status 3 for no connection" 3 "$VIRTDECK" -c test:///no/such/file.xml list
done_testing
