#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# NICs of a running guest are added, moved, changed, removed: virsh sees exactly that, now and at next boot.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/change-lib.sh"
need jq qemu-img

check "libvirtd starts" daemon_start || done_testing
network_start
cat >"$TEST_TMP/other.xml" <<'EOF'
<network>
  <name>other</name>
  <bridge name='virbr1' stp='off' delay='0'/>
  <ip address='192.168.123.1' netmask='255.255.255.0'/>
</network>
EOF
v net-define "$TEST_TMP/other.xml" >/dev/null && v net-start other >/dev/null
v pool-define-as default dir --target $images >/dev/null && v pool-start default >/dev/null
q35_define q35
v start q35 >/dev/null
eventually "the guest boots" 150 booted q35
begin q35
changes_table <<'TABLE'
device q35 nic add mac=52:54:00:00:00:02
  when: now and at next boot
  +<interface type='network'> +<mac address='52:54:00:00:00:02'/> +<source network='default'/> +<model type='virtio'/> +</interface>
  live: +<interface type='network'> +<mac address='52:54:00:00:00:02'/> +<source network='default' bridge='virbr0'/> +<model type='virtio'/> +</interface>
device q35 net1 link down
  when: now and at next boot
  +<link state='down'/>
device q35 net1 link down
  when: nothing to change
device q35 net1 link up
  when: now and at next boot
  -<link state='down'/>
device q35 net1 link=down --config
  when: at next boot
  +<link state='down'/>
device q35 net1 link=up --config
  when: at next boot
  -<link state='down'/>
device q35 net1 link=down --live
  when: now
  live: +<link state='down'/>
device q35 net1 link=up --live
  when: now
  live: -<link state='down'/>
device q35 net1 network other
  when: now and at next boot
  -<source network='default'/> +<source network='other'/>
  live: -<source network='default' bridge='virbr0'/> +<source network='other' bridge='virbr1'/>
device q35 net1 network default
  when: now and at next boot
  -<source network='other'/> +<source network='default'/>
  live: -<source network='other' bridge='virbr1'/> +<source network='default' bridge='virbr0'/>
device q35 net1 bridge virbr0
  when: now and at next boot
  -<interface type='network'> +<interface type='bridge'> -<source network='default'/> +<source bridge='virbr0'/>
  live: -<interface type='network'> +<interface type='bridge'> -<source network='default' bridge='virbr0'/> +<source bridge='virbr0'/>
device q35 net1 network default
  when: now and at next boot
  -<interface type='bridge'> +<interface type='network'> -<source bridge='virbr0'/> +<source network='default'/>
  live: -<interface type='bridge'> +<interface type='network'> -<source bridge='virbr0'/> +<source network='default' bridge='virbr0'/>
device q35 net1 bridge nobridge
  fails: has no bridge nobridge
device q35 net1 in.average=1000 out.average=2000 --config
  when: at next boot
  +<bandwidth> +<inbound average='1000'/> +<outbound average='2000'/> +</bandwidth>
device q35 net1 in.average=0 out.average=0 --config
  when: at next boot
  -<bandwidth> -<inbound average='1000'/> -<outbound average='2000'/> -</bandwidth>
device q35 net1 model e1000e
  when: at next boot
  -<model type='virtio'/> +<model type='e1000e'/>
device q35 net1 model virtio
  when: at next boot
  -<model type='e1000e'/> +<model type='virtio'/>
device q35 net1 model=e1000e --live
  fails: libvirt can't change
device q35 net1 mac=52:54:00:00:00:03
  when: at next boot
  -<mac address='52:54:00:00:00:02'/> +<mac address='52:54:00:00:00:03'/>
device q35 net1 mac=52:54:00:00:00:02
  when: at next boot
  -<mac address='52:54:00:00:00:03'/> +<mac address='52:54:00:00:00:02'/>
device q35 net1 mtu=1400
  when: at next boot
  +<mtu size='1400'/>
device q35 net1 mtu=default
  when: at next boot
  -<mtu size='1400'/>
device q35 net1 offload host.tso4=off
  when: at next boot
  +<driver> +<host tso4='off'/> +</driver>
device q35 net1 offload host.tso4=default
  when: at next boot
  -<driver> -<host tso4='off'/> -</driver>
device q35 net1 offload tso4=off tso6=off
  when: at next boot
  +<driver> +<host tso4='off' tso6='off'/> +<guest tso4='off' tso6='off'/> +</driver>
device q35 net1 offload csum=off
  when: at next boot
  -<host tso4='off' tso6='off'/> -<guest tso4='off' tso6='off'/> +<host csum='off' tso4='off' tso6='off'/> +<guest csum='off' tso4='off' tso6='off'/>
device q35 net1 offload tso
  fails: which TSO is meant
device q35 net1 offload tso4=default tso6=default csum=default
  when: at next boot
  -<driver> -<host csum='off' tso4='off' tso6='off'/> -<guest csum='off' tso4='off' tso6='off'/> -</driver>
device q35 net1 queues=4
  when: at next boot
  +<driver queues='4'/>
device q35 net1 queues=default
  when: at next boot
  -<driver queues='4'/>
device q35 net1 vlan=5
  when: at next boot
  +<vlan> +<tag id='5'/> +</vlan>
device q35 net1 vlan=default
  when: at next boot
  -<vlan> -<tag id='5'/> -</vlan>
device q35 net1 remove
  when: now and at next boot
  -<interface type='network'> -<mac address='52:54:00:00:00:02'/> -<source network='default'/> -<model type='virtio'/> -</interface>
  live: -<interface type='network'> -<mac address='52:54:00:00:00:02'/> -<source network='default' bridge='virbr0'/> -<model type='virtio'/> -</interface>
same q35
device q35 nic add network=nonet
  fails: there is no network nonet
device q35 nic add type=user mac=52:54:00:00:00:05
  when: now and at next boot
  +<interface type='user'> +<mac address='52:54:00:00:00:05'/> +<model type='virtio'/> +</interface>
device q35 net1 remove
  when: now and at next boot
  -<interface type='user'> -<mac address='52:54:00:00:00:05'/> -<model type='virtio'/> -</interface>
device q35 nic add model=e1000e mac=52:54:00:00:00:06
  when: now and at next boot
  +<interface type='network'> +<mac address='52:54:00:00:00:06'/> +<source network='default'/> +<model type='e1000e'/> +</interface>
  live: +<interface type='network'> +<mac address='52:54:00:00:00:06'/> +<source network='default' bridge='virbr0'/> +<model type='e1000e'/> +</interface>
device q35 net1 remove
  when: now and at next boot
  -<interface type='network'> -<mac address='52:54:00:00:00:06'/> -<source network='default'/> -<model type='e1000e'/> -</interface>
  live: -<interface type='network'> -<mac address='52:54:00:00:00:06'/> -<source network='default' bridge='virbr0'/> -<model type='e1000e'/> -</interface>
device q35 nic add bridge=virbr0 mac=52:54:00:00:00:07
  when: now and at next boot
  +<interface type='bridge'> +<mac address='52:54:00:00:00:07'/> +<source bridge='virbr0'/> +<model type='virtio'/> +</interface>
device q35 net1 remove
  when: now and at next boot
  -<interface type='bridge'> -<mac address='52:54:00:00:00:07'/> -<source bridge='virbr0'/> -<model type='virtio'/> -</interface>
same q35
TABLE
done_testing
