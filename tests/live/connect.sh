#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every way to a host: each URI lists the guest that is there, and the screen says so when one can't be reached.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

daemon_start
guest_define guest01 net=no

# Stands for ssh: runs here what should be run there.
cat >"$TEST_TMP/ssh" <<'EOF'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -p | -l | -o | -i | -e) shift 2 ;;
    -*) shift ;;
    *) break ;;
    esac
done
echo "$1" >>"$0.hosts"
shift
exec sh -c "$*"
EOF
# One that never gets through.
cat >"$TEST_TMP/ssh-hangs" <<'EOF'
#!/bin/sh
sleep 600 &
trap 'kill $!; exit' TERM
wait
EOF
chmod +x "$TEST_TMP/ssh" "$TEST_TMP/ssh-hangs"

# lists WHAT URI: the guest is found there.
lists() {
    exits "$1" 0 "$VIRTDECK" -c "$2" --json list --columns name
    is "$1: the guest is there" "$out" '[{"name":"guest01"}]'
}
lists "qemu:///system" qemu:///system
lists "qemu+unix" "qemu+unix:///system?socket=/run/libvirt/libvirt-sock"
lists "qemu+ssh" "qemu+ssh://far.example/system?command=$TEST_TMP/ssh"
like "ssh was told the host" "$(cat "$TEST_TMP/ssh.hosts")" 'far\.example'

mkdir -p "$HOME/.config/libvirt"
echo 'uri_aliases = [ "home=qemu:///system" ]' >"$HOME/.config/libvirt/libvirt.conf"
echo 'uri_aliases = [ "home=qemu:///system" ]' >/etc/libvirt/libvirt.conf
lists "an alias of libvirt.conf" home
out=$(VIRTDECK_URI=home "$VIRTDECK" --json list --columns name)
is "VIRTDECK_URI" "$out" '[{"name":"guest01"}]'
out=$(LIBVIRT_DEFAULT_URI=qemu:///system "$VIRTDECK" --json list --columns name)
is "libvirt's own default" "$out" '[{"name":"guest01"}]'

exits "several hosts" 0 "$VIRTDECK" -c qemu:///system -c test:///default --json list --columns name,state
like "both are listed" "$out" '"guest01".*"test"|"test".*"guest01"'

# QEMU in the process itself.
mkdir -p "$TEST_TMP/embed/etc"
printf 'stdio_handler = "file"\nsecurity_driver = "none"\n' >"$TEST_TMP/embed/etc/qemu.conf"
exits "qemu:///embed" 0 "$VIRTDECK" -c "qemu:///embed?root=$TEST_TMP/embed" --json list
is "qemu:///embed: no guests of others" "$out" '[]'

# A daemon that listens on the network.
printf 'listen_tls = 0\nlisten_tcp = 1\nauth_tcp = "none"\nlisten_addr = "127.0.0.1"\n' >/etc/libvirt/libvirtd.conf
daemon_kill
libvirtd -d --listen
wait_for 20 daemon_answers
lists "qemu+tcp" qemu+tcp://127.0.0.1/system

exits "nobody listens" 3 "$VIRTDECK" -c qemu+tcp://127.0.0.1:9/system list
like "nobody listens: says where" "$err" 'qemu\+tcp://127\.0\.0\.1:9/system'
exits "a password in the URI" 3 "$VIRTDECK" -c qemu+tcp://me:hunter2@127.0.0.1:9/system list
unlike "a password in the URI is not shown" "$out$err" hunter2

# On the screen: an ssh that hangs is given up on, and ended.
term_start 120x36 -c "qemu+ssh://slow.example/system?command=$TEST_TMP/ssh-hangs"
shows "a host that does not answer: connecting" 'connecting'
has_ssh() {
    ! no_child
}
eventually "its ssh is under way" 10 has_ssh
type_text ':disconnect'
keys Enter
shows "it is given up" 'given up'
eventually "and its ssh is ended" 10 no_child
leave
done_testing
