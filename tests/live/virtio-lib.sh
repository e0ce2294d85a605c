# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Guests on the devices of an old machine, for the tests of their conversion.

nic="<interface type='network'><mac address='52:54:00:aa:bb:01'/><source network='default'/><model type='e1000'/></interface>"
video="<graphics type='vnc' port='-1' passwd='hush'/><video><model type='cirrus'/></video>"
agent="<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"

# old_guest NAME CMDLINE [EXTRA [SERIAL]]: on the devices of an old machine; before.xml has its definition.
old_guest() {
    cp --sparse=always "$GUEST/root.img" "$images/$1.img"
    guest_define "$1" net=no serial="${4-log}" memory=131072 cmdline="$2" extra="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$images/$1.img'/>
        <target dev='hda' bus='ide'/></disk>${3-}"
    definition "$1" >"$TEST_TMP/before-$1.xml"
}
definition() {
    v dumpxml --inactive --security-info "$1"
}
same_as_before() {
    definition "$1" >"$TEST_TMP/after.xml"
    if cmp -s "$TEST_TMP/before-$1.xml" "$TEST_TMP/after.xml"; then
        ok "$1 has its old definition, byte for byte"
    else
        not_ok "$1 has its old definition, byte for byte"
        diff "$TEST_TMP/before-$1.xml" "$TEST_TMP/after.xml" | sed 's/^/#   /'
    fi
}
nothing_left() {
    is "$1: no small disk is left" "$(find "$images" -name '*probe*')" ""
    is "$1: nothing is left in the state directory" "$(find "$HOME" -path '*convert*' -name '*.json')" ""
}
result() {
    printf '%s' "$out" | jq -r ".$1"
}
of() {
    v dumpxml "$1" | grep -cE "$2"
}
