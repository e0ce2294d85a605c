#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The same on other machines: pc, one with SPICE, one with memory slots, one that is off.
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
guest_define pc disk=16M extra="<disk type='file' device='cdrom'><target dev='hda' bus='ide'/></disk>"
# Debian 13 has QEMU without SPICE.
q35_define spice extra="<graphics type='spice' autoport='yes'/>" 2>/dev/null && with_spice=y || with_spice=
q35_define dimm memory=262144 cpu="<numa><cell id='0' cpus='0' memory='262144' unit='KiB'/></numa>" \
    top="<maxMemory slots='4' unit='KiB'>1048576</maxMemory>"
guest_define off machine=q35 net=no serial=no
v start pc >/dev/null
v start dimm >/dev/null
eventually "the guest boots" 150 booted pc
eventually "the guest boots" 150 booted dimm
begin pc dimm off
changes_table <<'TABLE'
image pc.raw raw 16M
image pc.iso raw 1M
device pc disk add source=$IMAGES/pc.raw
  when: now and at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='raw'/> +<source file='$IMAGES/pc.raw'/> +<target dev='vdb' bus='virtio'/> +</disk>
device pc vdb remove
  when: now and at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='raw'/> -<source file='$IMAGES/pc.raw'/> -<target dev='vdb' bus='virtio'/> -</disk>
device pc nic add mac=52:54:00:00:01:02 model=e1000
  when: now and at next boot
  +<interface type='network'> +<mac address='52:54:00:00:01:02'/> +<source network='default'/> +<model type='e1000'/> +</interface>
  live: +<interface type='network'> +<mac address='52:54:00:00:01:02'/> +<source network='default' bridge='virbr0'/> +<model type='e1000'/> +</interface>
device pc net1 link=down
  when: now and at next boot
  +<link state='down'/>
device pc net1 link=up
  when: now and at next boot
  -<link state='down'/>
device pc net1 remove
  when: now and at next boot
  -<interface type='network'> -<mac address='52:54:00:00:01:02'/> -<source network='default'/> -<model type='e1000'/> -</interface>
  live: -<interface type='network'> -<mac address='52:54:00:00:01:02'/> -<source network='default' bridge='virbr0'/> -<model type='e1000'/> -</interface>
device pc rng add
  when: now and at next boot
  +<rng model='virtio'> +<backend model='random'>/dev/urandom</backend> +</rng>
device pc rng0 remove
  when: now and at next boot
  -<rng model='virtio'> -<backend model='random'>/dev/urandom</backend> -</rng>
device pc cdrom add
  when: at next boot
  +<disk type='file' device='cdrom'> +<driver name='qemu' type='raw'/> +<target dev='hdb' bus='ide'/> +<readonly/> +</disk>
device pc hdb remove
  when: at next boot
  -<disk type='file' device='cdrom'> -<driver name='qemu' type='raw'/> -<target dev='hdb' bus='ide'/> -<readonly/> -</disk>
device pc watchdog add
  when: now and at next boot
  +<watchdog model='i6300esb' action='reset'> +</watchdog>
device pc watchdog0 action=pause
  when: at next boot
  -<watchdog model='i6300esb' action='reset'> +<watchdog model='i6300esb' action='pause'>
device pc watchdog0 remove
  when: now and at next boot
  -<watchdog model='i6300esb' action='pause'> -</watchdog>
  live: -<watchdog model='i6300esb' action='reset'> -</watchdog>
device pc sound add model=ac97 --config
  when: at next boot
  +<sound model='ac97'> +</sound>
device pc sound0 remove
  when: at next boot
  -<sound model='ac97'> -</sound>
same pc
device pc hda insert $IMAGES/pc.iso
  when: now and at next boot
  +<source file='$IMAGES/pc.iso'/>
  live: -<driver name='qemu'/> +<driver name='qemu' type='raw'/> +<source file='$IMAGES/pc.iso'/>
device pc hda eject
  when: now and at next boot
  -<source file='$IMAGES/pc.iso'/>
  live: -<source file='$IMAGES/pc.iso'/> +<source/>
device dimm memory add size=128M --config
  when: at next boot
  -<memory unit='KiB'>262144</memory> -<currentMemory unit='KiB'>262144</currentMemory> +<memory unit='KiB'>393216</memory> +<currentMemory unit='KiB'>393216</currentMemory> +<memory model='dimm'> +<target> +<size unit='KiB'>131072</size> +<node>0</node> +</target> +</memory>
device dimm dimm0 remove
  when: at next boot
  -<memory unit='KiB'>393216</memory> -<currentMemory unit='KiB'>393216</currentMemory> +<memory unit='KiB'>262144</memory> +<currentMemory unit='KiB'>262144</currentMemory> -<memory model='dimm'> -<target> -<size unit='KiB'>131072</size> -<node>0</node> -</target> -</memory>
same dimm
image off.raw raw 16M
device off disk add source=$IMAGES/off.raw
  when: at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='raw'/> +<source file='$IMAGES/off.raw'/> +<target dev='vda' bus='virtio'/> +</disk>
device off vda total_bytes_sec=1M
  when: at next boot
  +<iotune> +<total_bytes_sec>1048576</total_bytes_sec> +</iotune>
device off vda total_bytes_sec=default
  when: at next boot
  -<iotune> -<total_bytes_sec>1048576</total_bytes_sec> -</iotune>
device off vda bus=sata
  when: at next boot
  -<target dev='vda' bus='virtio'/> +<target dev='sda' bus='sata'/>
device off sda remove
  when: at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='raw'/> -<source file='$IMAGES/off.raw'/> -<target dev='sda' bus='sata'/> -</disk>
device off disk add size=16M
  when: at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='qcow2'/> +<source file='$IMAGES/off.qcow2'/> +<target dev='vda' bus='virtio'/> +</disk>
device off vda grow 32M
  when: at next boot
device off vda remove
  when: at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='qcow2'/> -<source file='$IMAGES/off.qcow2'/> -<target dev='vda' bus='virtio'/> -</disk>
device off nic add mac=52:54:00:00:02:02
  when: at next boot
  +<interface type='network'> +<mac address='52:54:00:00:02:02'/> +<source network='default'/> +<model type='virtio'/> +</interface>
device off net0 link=down
  when: at next boot
  +<link state='down'/>
device off net0 link=up --live
  fails: it does not run
device off net0 remove
  when: at next boot
  -<interface type='network'> -<mac address='52:54:00:00:02:02'/> -<source network='default'/> -<model type='virtio'/> -<link state='down'/> -</interface>
device off floppy add source=$IMAGES/off.raw
  when: at next boot
  +<disk type='file' device='floppy'> +<driver name='qemu' type='raw'/> +<source file='$IMAGES/off.raw'/> +<target dev='fda' bus='fdc'/> +</disk> +<controller type='fdc'/>
device off fda eject
  when: at next boot
  -<source file='$IMAGES/off.raw'/>
device off fda remove
  when: at next boot
  -<disk type='file' device='floppy'> -<driver name='qemu' type='raw'/> -<target dev='fda' bus='fdc'/> -</disk>
set off vcpus=2 maxvcpus=4
  when: at next boot
  -<vcpu placement='static'>1</vcpu> +<vcpu placement='static' current='2'>4</vcpu>
set off memory=64M
  when: at next boot
  -<currentMemory unit='KiB'>98304</currentMemory> +<currentMemory unit='KiB'>65536</currentMemory>
set off tags=web,db
  when: at next boot
  +<metadata> +<virtdeck:domain xmlns:virtdeck="https://virtdeck.org/xmlns/domain/1" xmlns:vd="https://virtdeck.org/xmlns/domain/1"> +<virtdeck:tags>db web</virtdeck:tags> +</virtdeck:domain> +</metadata>
set off title=Off
  when: at next boot
  +<title>Off</title>
TABLE

# ---- memory in a running guest, which gives it back or does not ----
exits "memory is added to a running guest" 0 vd --json device dimm memory add size=128M
is "it says so" "$(printf '%s' "$out" | jq -r '.changes[0].when')" "now and at next boot"
dimms() {
    v dumpxml dimm "$@" | grep -c '<memory model='
}
is "virsh sees it" "$(dimms) $(dimms --inactive)" "1 1"
if vd --json --yes device dimm dimm0 remove >"$TEST_TMP/out" 2>"$TEST_TMP/err"; then
    case $(jq -r '.changes[0].when' "$TEST_TMP/out") in
    "now and at next boot") is "the guest gave it back" "$(dimms) $(dimms --inactive)" "0 0" ;;
    *) is "it waits for the guest" "$(dimms) $(dimms --inactive)" "1 0" ;;
    esac
else
    like "the guest has refused, and that is said" "$(cat "$TEST_TMP/err")" 'rejected by the guest'
    is "so nothing has changed" "$(dimms) $(dimms --inactive)" "1 1"
fi

if [ $with_spice ]; then
    begin spice
    changes_table <<'TABLE'
device spice redirdev add
  when: at next boot
  +<redirdev bus='usb' type='spicevmc'> +</redirdev>
device spice redir0 remove
  when: at next boot
  -<redirdev bus='usb' type='spicevmc'> -</redirdev>
device spice smartcard add
  when: at next boot
  +<controller type='ccid'> +</controller> +<smartcard mode='passthrough' type='spicevmc'> +</smartcard>
device spice smartcard0 mode=host
  when: at next boot
  -<smartcard mode='passthrough' type='spicevmc'> +<smartcard mode='host'>
device spice smartcard0 remove
  when: at next boot
  -<smartcard mode='host'> -</smartcard>
device spice channel add type=spicevmc name=com.redhat.spice.0
  when: at next boot
  +<channel type='spicevmc'> +<target type='virtio' name='com.redhat.spice.0'/> +</channel>
device spice com.redhat.spice.0 remove
  when: at next boot
  -<channel type='spicevmc'> -<target type='virtio' name='com.redhat.spice.0'/> -</channel>
device spice ccid0 remove
  when: at next boot
  -<controller type='ccid'> -</controller>
device spice audio1 type=none
  when: at next boot
  -<audio id='1' type='spice'/> +<audio id='1' type='none'/>
device spice audio1 type=spice
  when: at next boot
  -<audio id='1' type='none'/> +<audio id='1' type='spice'/>
same spice
TABLE
else
    skip "needs a QEMU with SPICE"
fi
done_testing
