#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Disks of a running guest are added, limited, grown, changed, removed: virsh sees exactly that, now and at next boot.
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
image one.qcow2 qcow2 32M
image two.raw raw 16M
image a.iso raw 1M
device q35 disk add source=$IMAGES/one.qcow2
  when: now and at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='qcow2'/> +<source file='$IMAGES/one.qcow2'/> +<target dev='vdb' bus='virtio'/> +</disk>
device q35 vdb total_bytes_sec=1M
  when: now and at next boot
  +<iotune> +<total_bytes_sec>1048576</total_bytes_sec> +</iotune>
device q35 vdb read_bytes_sec=2M
  when: now and at next boot
  -<total_bytes_sec>1048576</total_bytes_sec> +<read_bytes_sec>2097152</read_bytes_sec>
device q35 vdb write_bytes_sec=3M
  when: now and at next boot
  +<write_bytes_sec>3145728</write_bytes_sec>
device q35 vdb read_bytes_sec=0 write_bytes_sec=0
  when: now and at next boot
  -<iotune> -<read_bytes_sec>2097152</read_bytes_sec> -<write_bytes_sec>3145728</write_bytes_sec> -</iotune>
device q35 vdb read_iops_sec=100 write_iops_sec=50
  when: now and at next boot
  +<iotune> +<read_iops_sec>100</read_iops_sec> +<write_iops_sec>50</write_iops_sec> +</iotune>
device q35 vdb total_iops_sec=100
  when: now and at next boot
  -<read_iops_sec>100</read_iops_sec> -<write_iops_sec>50</write_iops_sec> +<total_iops_sec>100</total_iops_sec>
device q35 vdb total_iops_sec=default
  when: now and at next boot
  -<iotune> -<total_iops_sec>100</total_iops_sec> -</iotune>
device q35 vdb grow 64M
  when: now and at next boot
device q35 vdb grow 16M
  fails: making it smaller would cut off
device q35 vdb cache=none discard=unmap
  when: at next boot
  -<driver name='qemu' type='qcow2'/> +<driver name='qemu' type='qcow2' cache='none' discard='unmap'/>
device q35 vdb cache=default discard=default
  when: at next boot
  -<driver name='qemu' type='qcow2' cache='none' discard='unmap'/> +<driver name='qemu' type='qcow2'/>
device q35 vdb cache=none --live
  fails: libvirt can't change
device q35 vdb serial=ABC123
  when: at next boot
  +<serial>ABC123</serial>
device q35 vdb serial=default
  when: at next boot
  -<serial>ABC123</serial>
device q35 vdb boot=1
  when: at next boot
  -<boot dev='hd'/> +<boot order='2'/> +<boot order='1'/>
device q35 vdb boot=default
  when: at next boot
  +<boot dev='hd'/> -<boot order='2'/> -<boot order='1'/>
device q35 vdb readonly=yes
  when: at next boot
  +<readonly/>
device q35 vdb readonly=no
  when: at next boot
  -<readonly/>
device q35 vdb bus=scsi
  when: at next boot
  -<target dev='vdb' bus='virtio'/> +<target dev='sdb' bus='scsi'/>
device q35 sdb bus=virtio
  when: at next boot
  -<target dev='sdb' bus='scsi'/> +<target dev='vdb' bus='virtio'/>
device q35 vdb target=vdz
  when: at next boot
  -<target dev='vdb' bus='virtio'/> +<target dev='vdz' bus='virtio'/>
device q35 vdz target=vdb
  when: at next boot
  -<target dev='vdz' bus='virtio'/> +<target dev='vdb' bus='virtio'/>
device q35 vdb remove
  when: now and at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='qcow2'/> -<source file='$IMAGES/one.qcow2'/> -<target dev='vdb' bus='virtio'/> -</disk>
same q35
device q35 disk add source=$IMAGES/one.qcow2 --config
  when: at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='qcow2'/> +<source file='$IMAGES/one.qcow2'/> +<target dev='vdb' bus='virtio'/> +</disk>
device q35 vdb remove --config
  when: at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='qcow2'/> -<source file='$IMAGES/one.qcow2'/> -<target dev='vdb' bus='virtio'/> -</disk>
device q35 disk add source=$IMAGES/one.qcow2 --live
  when: now
  live: +<disk type='file' device='disk'> +<driver name='qemu' type='qcow2'/> +<source file='$IMAGES/one.qcow2'/> +<target dev='vdb' bus='virtio'/> +</disk>
device q35 vdb remove --live
  when: now
  live: -<disk type='file' device='disk'> -<driver name='qemu' type='qcow2'/> -<source file='$IMAGES/one.qcow2'/> -<target dev='vdb' bus='virtio'/> -</disk>
same q35
device q35 disk add source=$IMAGES/two.raw bus=scsi
  when: now and at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='raw'/> +<source file='$IMAGES/two.raw'/> +<target dev='sda' bus='scsi'/> +</disk>
device q35 sda remove
  when: now and at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='raw'/> -<source file='$IMAGES/two.raw'/> -<target dev='sda' bus='scsi'/> -</disk>
device q35 disk add source=$IMAGES/two.raw bus=usb removable=on
  when: now and at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='raw'/> +<source file='$IMAGES/two.raw'/> +<target dev='sda' bus='usb' removable='on'/> +</disk>
device q35 sda remove
  when: now and at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='raw'/> -<source file='$IMAGES/two.raw'/> -<target dev='sda' bus='usb' removable='on'/> -</disk>
same q35
device q35 disk add source=$IMAGES/two.raw bus=sata
  fails: hotplug
device q35 disk add source=$IMAGES/two.raw bus=sata --config
  when: at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='raw'/> +<source file='$IMAGES/two.raw'/> +<target dev='sda' bus='sata'/> +</disk>
device q35 sda remove
  when: at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='raw'/> -<source file='$IMAGES/two.raw'/> -<target dev='sda' bus='sata'/> -</disk>
same q35
device q35 disk add source=$IMAGES/nothing-there.qcow2
  fails: does not exist
device q35 disk add source=default/one.qcow2
  fails: no volume one.qcow2
device q35 disk add size=24M
  when: now and at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='qcow2'/> +<source file='$IMAGES/q35-1.qcow2'/> +<target dev='vdb' bus='virtio'/> +</disk>
device q35 vdb remove
  when: now and at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='qcow2'/> -<source file='$IMAGES/q35-1.qcow2'/> -<target dev='vdb' bus='virtio'/> -</disk>
device q35 disk add size=24M format=raw volume=raw24 target=vdx
  when: now and at next boot
  +<disk type='file' device='disk'> +<driver name='qemu' type='raw'/> +<source file='$IMAGES/raw24'/> +<target dev='vdx' bus='virtio'/> +</disk>
device q35 vdx remove
  when: now and at next boot
  -<disk type='file' device='disk'> -<driver name='qemu' type='raw'/> -<source file='$IMAGES/raw24'/> -<target dev='vdx' bus='virtio'/> -</disk>
device q35 disk add size=24M pool=nopool
  fails: no storage pool with matching name
same q35
device q35 cdrom add
  when: at next boot
  +<disk type='file' device='cdrom'> +<driver name='qemu' type='raw'/> +<target dev='sda' bus='sata'/> +<readonly/> +</disk>
device q35 sda insert $IMAGES/a.iso
  when: at next boot
  +<source file='$IMAGES/a.iso'/>
device q35 sda eject
  when: at next boot
  -<source file='$IMAGES/a.iso'/>
device q35 sda remove
  when: at next boot
  -<disk type='file' device='cdrom'> -<driver name='qemu' type='raw'/> -<target dev='sda' bus='sata'/> -<readonly/> -</disk>
same q35
TABLE
done_testing
