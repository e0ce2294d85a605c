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
    share/man/man7/virtdeck-autostart.7 share/doc/virtdeck/examples/autostart.json \
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

# The units: filled in, disabled, and nothing in them that systemd complains of.
XDG_RUNTIME_DIR=$TEST_TMP
export XDG_RUNTIME_DIR
mkdir -p "$TEST_TMP/user" "$TEST_TMP/system"
for unit in system/virtdeck-autostart system/virtdeck-supervise user/virtdeck-autostart user/virtdeck-supervise; do
    file=$root/opt/vd/lib/systemd/$unit.service
    like "$unit starts the installed program" "$(cat "$file")" '^ExecStart=/opt/vd/bin/virtdeck -c qemu:///s[a-z]+ '
    unlike "$unit: nothing is left of the template" "$(cat "$file")" '@[A-Z]+@'
    # systemd looks whether the program is there.
    sed "s|/opt/vd/bin/virtdeck|$VIRTDECK|g" "$file" >"$TEST_TMP/$unit.service"
done
is "nobody has enabled them" "$(find "$root" -name '*.wants')" ""
if command -v systemd-analyze >/dev/null; then
    for kind in system user; do
        exits "systemd-analyze verify, units of the $kind" 0 \
            systemd-analyze --$kind verify --man=no "$TEST_TMP/$kind/virtdeck-autostart.service" \
            "$TEST_TMP/$kind/virtdeck-supervise.service"
        is "says nothing" "$out$err" ""
    done
    for unit in autostart supervise; do
        # In tenths; below 50 systemd calls it OK.
        exits "systemd-analyze security: $unit is far from exposed" 0 \
            systemd-analyze security --offline=true --threshold=40 "$TEST_TMP/system/virtdeck-$unit.service" ||
            note "$(tail -n 1 "$TEST_TMP/out")"
    done
else
    skip "needs systemd-analyze"
fi

exits "make uninstall" 0 run_make uninstall
is "leaves no file" "$(find "$root" ! -type d)" ""
done_testing
