#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `make install` puts everything where it belongs under DESTDIR and PREFIX, the installed program runs from there,
# the completion files can be read by their shells, and `make uninstall` leaves nothing.
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1

build=$(dirname "$VIRTDECK")
root=$TEST_TMP/root
run_make() {
    env -u MAKEFLAGS -u MAKELEVEL make -s BUILD="$build" DESTDIR="$root" PREFIX=/opt/vd "$@"
}
exits "make install" 0 run_make install
for file in bin/virtdeck share/man/man1/virtdeck.1 share/man/man5/virtdeck-config.5 \
    share/virtdeck/keymaps/default.json share/virtdeck/themes/default.json share/doc/virtdeck/README.md \
    share/bash-completion/completions/virtdeck share/zsh/site-functions/_virtdeck \
    share/fish/vendor_completions.d/virtdeck.fish; do
    check "$file is there" test -s "$root/opt/vd/$file"
done
exits "it runs" 0 "$root/opt/vd/bin/virtdeck" --version
like "and says its version" "$out" '^virtdeck [0-9]+\.[0-9]+'

for shell in bash zsh fish; do
    case $shell in
    bash) file=share/bash-completion/completions/virtdeck ;;
    zsh) file=share/zsh/site-functions/_virtdeck ;;
    fish) file=share/fish/vendor_completions.d/virtdeck.fish ;;
    esac
    if command -v $shell >/dev/null; then
        exits "$shell reads its completion" 0 $shell -n "$root/opt/vd/$file"
    else
        skip "needs $shell"
    fi
done

exits "make uninstall" 0 run_make uninstall
is "leaves no file" "$(find "$root" ! -type d)" ""
done_testing
