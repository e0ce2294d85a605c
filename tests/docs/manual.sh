#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The manual pages are well made, and they and the program say the same.
. "$(dirname "$0")/../lib.sh"

need mandoc
for page in virtdeck.1 virtdeck-config.5 virtdeck-autostart.7; do
    # In a shell of its own: the test's own line must not go into the page.
    check "$page is made" sh -c 'sh "$1/packaging/fill-man.sh" "$2" 1.2.3 <"$1/man/$3" >"$4/$3"' \
        - "$top" "$VIRTDECK" "$page" "$TEST_TMP"
    # Lines of an example are as long as the program prints them.
    check "mandoc has nothing to say about $page" test -z "$(mandoc -T lint "$TEST_TMP/$page" 2>&1 |
        grep -Ev 'longer than 80 bytes: (ORDER|   [ 0-9]{2}|    –)' | tee "$TEST_TMP/lint")" || note "$(cat "$TEST_TMP/lint")"
    MANWIDTH=100 mandoc -T utf8 "$TEST_TMP/$page" | col -b >"$TEST_TMP/$page.txt"
    unlike "$page: nothing is left of the template" "$(cat "$TEST_TMP/$page")" '@[A-Z]+@|output:.*--'
done

# plain FILE: a page's source without the escapes.
plain() {
    sed -e 's/\\-/-/g' -e 's/\\f[BIRP]//g' -e 's/\\&//g' "$1"
}

# long_options: the long options in a text, one a line.
long_options() {
    grep -Eo -e '(^|[^-[:alnum:]])--[a-z][a-z-]+' | sed 's/^[^-]*//' | sort -u
}
exits "--help" 0 "$VIRTDECK" --help
printf '%s\n' "$out" | long_options >"$TEST_TMP/help"
plain "$top/man/virtdeck.1" | sed -n '/^\.SH OPTIONS/,/^\.SH TARGETS/p' | long_options >"$TEST_TMP/man"
missing=$(comm -23 "$TEST_TMP/help" "$TEST_TMP/man")
is "virtdeck.1 has every option of --help" "$missing" ""
invented=$(comm -13 "$TEST_TMP/help" "$TEST_TMP/man")
is "and no other" "$invented" ""

exits "help" 0 "$VIRTDECK" help
commands=$(printf '%s\n' "$out" | awk '/^  [a-z]/ { print $1 }')
check "help lists commands" test -n "$commands"
for command in $commands; do
    exits "help $command" 0 "$VIRTDECK" help "$command"
    like "virtdeck.1 has $command" "$(cat "$TEST_TMP/virtdeck.1.txt")" "^ *$command( |\$)"
done

for run in $(sed -n 's/.*"run": "\([a-z-]*\)".*/\1/p' "$top/keymaps/default.json" | sort -u); do
    like "virtdeck.1 has the key of $run" "$(cat "$TEST_TMP/virtdeck.1.txt")" "^ *\\($run( |\\))|\\($run( [a-z ]*)?\\)\."
done

exits "config --json" 0 "$VIRTDECK" --json config
for option in $(printf '%s\n' "$out" | grep -Eo '"name": *"[^"]*"' | cut -d '"' -f 4); do
    like "virtdeck-config.5 has the option $option" "$(cat "$TEST_TMP/virtdeck-config.5.txt")" "^ *$option( |\$)"
done

for word in $(sed -n 's/^    {"\([a-z-]*\)", ".*", [a-z_]*},$/\1/p' "$top/src/model/filter_predicates.c"); do
    like "virtdeck-config.5 has the predicate $word" "$(cat "$TEST_TMP/virtdeck-config.5.txt")" "^ *$word( |\$)"
done

for role in $(sed -n 's/^ *R(ROLE_[A-Z_]*, "\([a-z-]*\)".*/\1/p' "$top/ui/role.h"); do
    like "virtdeck-config.5 has the role $role" "$(cat "$TEST_TMP/virtdeck-config.5.txt")" "(^|[ ,])$role([ ,.]|\$)"
done

for word in $(sed -n 's/^    {POLICY_[A-Z_]*, "\([a-z-]*\)".*/\1/p' "$top/src/autostart/policy_table.c"); do
    like "virtdeck-autostart.7 has the field $word" "$(cat "$TEST_TMP/virtdeck-autostart.7.txt")" "^ *$word( |\$)"
done
for word in $(sed -n 's/^    {LIMIT_[A-Z_]*, "\([a-z-]*\)".*/\1/p' "$top/src/autostart/config.c"); do
    like "virtdeck-config.5 has the limit $word" "$(cat "$TEST_TMP/virtdeck-config.5.txt")" "^ *$word( |\$)"
done

exits "list --json with all columns" 0 "$VIRTDECK" --demo --json list --columns all
for column in $(printf '%s\n' "$out" | grep -Eo '"[a-z_-]+": *' | cut -d '"' -f 2 | sort -u); do
    like "virtdeck-config.5 has the column $column" "$(cat "$TEST_TMP/virtdeck-config.5.txt")" "^ *$column( |\$)"
done
done_testing
