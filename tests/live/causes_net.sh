#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a domain does not start, in real life: networks, bridges and ports. Each known failure is made, explained and mended.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/causes-lib.sh"
need jq perl

check "libvirtd starts" daemon_start || done_testing

# ---- networks ----
bare_define webnet devices="$(nic_xml network inside)"
cause_here "a network that is not defined" webnet network-missing 'no network inside'
check "its remedy runs: $(best remedy)" remedy
bare_define default devices="$(nic_xml network default)"
cause_here "the default network, which is not defined" default network-default-missing 'network default is not defined'
if [ -f /usr/share/libvirt/networks/default.xml ]; then
    cured "the default network, which is not defined" default
else
    skip "its remedy: needs libvirt's default network"
fi
network() {
    cat >"$TEST_TMP/net.xml" <<XML
<network><name>inside</name><bridge name='virbr7'/><ip address='192.168.$1.1' netmask='255.255.255.0'/></network>
XML
    v net-define "$TEST_TMP/net.xml" >/dev/null
}
network 77
cause_here "a network that does not run" webnet network-inactive 'network inside is defined but does not run'
cured "a network that does not run" webnet
like "and it comes with the host" "$(v net-info inside)" 'Autostart: +yes'
v net-destroy inside >/dev/null
# The host has its subnet already.
ip link add outer type bridge
ip addr add 192.168.77.9/24 dev outer
ip link set outer up
cause_here "a network that does not run, again" webnet network-inactive 'network inside'
if remedy; then
    not_ok "its remedy fails where the subnet is taken"
else
    ok "its remedy fails where the subnet is taken"
fi
like "and libvirt says by whom" "$said" 'already in use by interface outer'
like "which is explained, too" "$(vd --json explain webnet)" 'network-inactive'
EDITOR="sed -i s,192.168.77.,192.168.78.," v net-edit inside >/dev/null 2>&1
cured "with another subnet" webnet
ip link del outer

bare_define bridged devices="$(nic_xml bridge br-gone)"
cause_here "a bridge that is not there" bridged bridge-missing 'no interface br-gone'
cured "a bridge that is not there" bridged

# ---- ports ----
check "somebody listens on a port" listen 5977
bare_define vnc devices="<graphics type='vnc' port='5977' autoport='no' listen='127.0.0.1'/>"
cause "a port that VNC wants" vnc screen-port-taken "vnc is to listen on is taken \\(127\\.0\\.0\\.1:77"
cured "a port that VNC wants" vnc
if v domcapabilities --virttype qemu | grep -q '<value>spice</value>'; then
    bare_define spice devices="<graphics type='spice' port='5977' autoport='no' listen='127.0.0.1'/>"
    cause "a port that SPICE wants" spice spice-port-taken 'SPICE is to listen on is taken \(127\.0\.0\.1:5977'
    cured "a port that SPICE wants" spice
else
    skip "a port that SPICE wants: this QEMU has none"
fi
bare_define tcp devices="<serial type='tcp'><source mode='bind' host='127.0.0.1' service='5977'/><protocol type='raw'/></serial>"
cause "a port that a serial port wants" tcp port-taken 'port=5977'
if command -v ss >/dev/null; then
    check "its remedy runs: $(best remedy)" remedy
    like "and names who has it" "$said" '127\.0\.0\.1:5977.*perl'
else
    skip "its remedy: needs ss"
fi
editor 's/5977/5979/'
vd -y edit tcp >/dev/null
starts_now "with another port it starts" tcp
bare_define forward args="-netdev user,id=u0,hostfwd=tcp:127.0.0.1:5977-:22 -device virtio-net-pci,netdev=u0"
cause "a port that is to be forwarded" forward forward-taken 'forwarding tcp:127\.0\.0\.1:5977-:22'
vd -y edit forward >/dev/null
starts_now "with another port it starts" forward
bare_define vnc1 devices="<graphics type='vnc' port='5980' autoport='no' listen='127.0.0.1'/>"
bare_define vnc2 devices="<graphics type='vnc' port='5980' autoport='no' listen='127.0.0.1'/>"
v start vnc1
cause_here "a port that another domain has" vnc2 port-reserved 'Another domain .* port 5980'
v destroy vnc1 >/dev/null
starts_now "when that is off it starts" vnc2

done_testing
