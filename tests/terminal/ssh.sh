#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The terminal is the screen's: an ssh that is started under it is told not to ask there, whichever way the URI comes.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

cat >"$TEST_TMP/ssh" <<'EOF'
#!/bin/sh
echo "$@" >>"$0.words"
exit 255
EOF
chmod +x "$TEST_TMP/ssh"
uri="qemu+ssh://far.example/system?command=$TEST_TMP/ssh"

was_started() {
    [ -s "$TEST_TMP/ssh.words" ]
}

# asks_nothing WHAT [VARIABLE=VALUE…] [ARGUMENT…]
asks_nothing() {
    ssh_what=$1
    shift
    rm -f "$TEST_TMP/ssh.words"
    term_start 80x24 "$@"
    check "$ssh_what: ssh is started" wait_for 10 was_started
    like "$ssh_what: in batch mode" "$(head -n 1 "$TEST_TMP/ssh.words")" 'BatchMode=yes'
    leave
}

asks_nothing "-c" -c "$uri"
asks_nothing "libvirt's default" "LIBVIRT_DEFAULT_URI=$uri"
if [ "$(id -u)" != 0 ]; then
    mkdir -p "$HOME/.config/libvirt"
    echo "uri_aliases = [ \"far=$uri\" ]" >"$HOME/.config/libvirt/libvirt.conf"
    asks_nothing "an alias" -c far
fi
done_testing
