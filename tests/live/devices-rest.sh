#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The other devices that a running guest may get and lose, and those that only the next boot brings.
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
device q35 rng add
  when: now and at next boot
  +<rng model='virtio'> +<backend model='random'>/dev/urandom</backend> +</rng>
device q35 rng0 set rate=1000 period=2000
  when: at next boot
  +<rate bytes='1000' period='2000'/>
device q35 rng0 backend=builtin
  when: at next boot
  -<backend model='random'>/dev/urandom</backend> +<backend model='builtin'/>
device q35 rng0 remove
  when: now and at next boot
  -<rng model='virtio'> -<rate bytes='1000' period='2000'/> -<backend model='builtin'/> -</rng>
  live: -<rng model='virtio'> -<backend model='random'>/dev/urandom</backend> -</rng>
device q35 input add
  when: now and at next boot
  +<input type='tablet' bus='usb'> +</input>
device q35 input3 remove
  when: now and at next boot
  -<input type='tablet' bus='usb'> -</input>
device q35 input add type=keyboard bus=virtio
  when: now and at next boot
  +<input type='keyboard' bus='virtio'> +</input>
device q35 input3 type=mouse
  when: at next boot
  -<input type='keyboard' bus='virtio'> +<input type='mouse' bus='virtio'>
device q35 input3 remove
  when: now and at next boot
  -<input type='mouse' bus='virtio'> -</input>
  live: -<input type='keyboard' bus='virtio'> -</input>
same q35
device q35 serial add
  fails: does not support hotplugging
device q35 serial add --config
  when: at next boot
  +<serial type='pty'> +<target type='isa-serial' port='1'> +<model name='isa-serial'/> +</target> +</serial>
device q35 serial1 type=unix path=/tmp/x.sock mode=bind
  when: at next boot
  -<serial type='pty'> +<serial type='unix'> +<source mode='bind' path='/tmp/x.sock'/>
device q35 serial1 log=/tmp/serial.log
  when: at next boot
  +<log file='/tmp/serial.log'/>
device q35 serial1 log=default
  when: at next boot
  -<log file='/tmp/serial.log'/>
device q35 serial1 remove
  when: at next boot
  -<serial type='unix'> -<source mode='bind' path='/tmp/x.sock'/> -<target type='isa-serial' port='1'> -<model name='isa-serial'/> -</target> -</serial>
device q35 serial add target_type=pci-serial
  when: now and at next boot
  +<serial type='pty'> +<target type='pci-serial' port='1'> +<model name='pci-serial'/> +</target> +</serial>
device q35 serial1 remove
  when: now and at next boot
  -<serial type='pty'> -<target type='pci-serial' port='1'> -<model name='pci-serial'/> -</target> -</serial>
device q35 serial add target_type=usb-serial
  when: now and at next boot
  +<serial type='pty'> +<target type='usb-serial' port='1'> +<model name='usb-serial'/> +</target> +</serial>
device q35 serial1 remove
  when: now and at next boot
  -<serial type='pty'> -<target type='usb-serial' port='1'> -<model name='usb-serial'/> -</target> -</serial>
device q35 console add
  when: now and at next boot
  +<console type='pty'> +<target type='virtio'/> +</console>
device q35 console1 remove
  when: now and at next boot
  -<console type='pty'> -<target type='virtio'/> -</console>
device q35 parallel add --config
  when: at next boot
  +<parallel type='pty'> +<target port='0'/> +</parallel>
device q35 parallel0 remove
  when: at next boot
  -<parallel type='pty'> -<target port='0'/> -</parallel>
device q35 channel add
  when: now and at next boot
  +<channel type='unix'> +<target type='virtio' name='org.qemu.guest_agent.0'/> +</channel>
device q35 org.qemu.guest_agent.0 name=org.example.0
  when: at next boot
  -<target type='virtio' name='org.qemu.guest_agent.0'/> +<target type='virtio' name='org.example.0'/>
device q35 org.qemu.guest_agent.0 remove
  when: now
  live: -<channel type='unix'> -<target type='virtio' name='org.qemu.guest_agent.0'/> -</channel>
device q35 org.example.0 remove
  when: at next boot
  -<channel type='unix'> -<target type='virtio' name='org.example.0'/> -</channel>
same q35
device q35 controller add
  when: now and at next boot
  +<controller type='scsi' model='virtio-scsi'> +</controller>
device q35 scsi1 queues=2
  when: at next boot
  +<driver queues='2'/>
device q35 scsi1 remove
  when: now and at next boot
  -<controller type='scsi' model='virtio-scsi'> -<driver queues='2'/> -</controller>
  live: -<controller type='scsi' model='virtio-scsi'> -</controller>
device q35 controller add type=virtio-serial --config
  when: at next boot
  +<controller type='virtio-serial'> +</controller>
device q35 virtio-serial1 remove
  when: at next boot
  -<controller type='virtio-serial'> -</controller>
device q35 shmem add
  when: now and at next boot
  +<shmem name='shmem0'> +<model type='ivshmem-plain'/> +<size unit='M'>4</size> +</shmem>
device q35 shmem0 size=8M
  when: at next boot
  -<size unit='M'>4</size> +<size unit='M'>8</size>
device q35 shmem0 remove
  when: now and at next boot
  -<shmem name='shmem0'> -<model type='ivshmem-plain'/> -<size unit='M'>8</size> -</shmem>
  live: -<shmem name='shmem0'> -<model type='ivshmem-plain'/> -<size unit='M'>4</size> -</shmem>
same q35
device q35 floppy add
  when: at next boot
  +<disk type='file' device='floppy'> +<driver name='qemu' type='raw'/> +<target dev='fda' bus='fdc'/> +</disk> +<controller type='fdc'/>
device q35 fda insert $IMAGES/a.img
  fails: does not exist
device q35 fda remove
  when: at next boot
  -<disk type='file' device='floppy'> -<driver name='qemu' type='raw'/> -<target dev='fda' bus='fdc'/> -</disk>
device q35 fdc0 remove
  when: at next boot
  -<controller type='fdc'/>
device q35 balloon model=none
  when: at next boot
  -<memballoon model='virtio'> +<memballoon model='none'>
device q35 balloon model=virtio
  when: at next boot
  -<memballoon model='none'> +<memballoon model='virtio'>
device q35 balloon period=5
  when: at next boot
  -<stats period='1'/> +<stats period='5'/>
device q35 balloon autodeflate=on reporting=on
  when: at next boot
  -<memballoon model='virtio'> +<memballoon model='virtio' autodeflate='on' freePageReporting='on'>
device q35 balloon autodeflate=default reporting=default period=1
  when: at next boot
  -<memballoon model='virtio' autodeflate='on' freePageReporting='on'> -<stats period='5'/> +<memballoon model='virtio'> +<stats period='1'/>
device q35 vsock add --config
  when: at next boot
  +<vsock model='virtio'> +<cid auto='yes'/> +</vsock>
device q35 vsock0 cid=77
  when: at next boot
  -<cid auto='yes'/> +<cid auto='no' address='77'/>
device q35 vsock0 cid=auto
  when: at next boot
  -<cid auto='no' address='77'/> +<cid auto='yes'/>
device q35 vsock0 remove
  when: at next boot
  -<vsock model='virtio'> -<cid auto='yes'/> -</vsock>
device q35 filesystem add source=/tmp target=share
  fails: only virtiofs filesystems can be hotplugged
device q35 filesystem add source=/tmp target=share --config
  when: at next boot
  +<filesystem type='mount' accessmode='passthrough'> +<driver type='path'/> +<source dir='/tmp'/> +<target dir='share'/> +</filesystem>
device q35 share readonly=yes
  when: at next boot
  +<readonly/>
device q35 share readonly=no
  when: at next boot
  -<readonly/>
device q35 share accessmode=mapped
  when: at next boot
  -<filesystem type='mount' accessmode='passthrough'> +<filesystem type='mount' accessmode='mapped'>
device q35 share remove
  when: at next boot
  -<filesystem type='mount' accessmode='mapped'> -<driver type='path'/> -<source dir='/tmp'/> -<target dir='share'/> -</filesystem>
device q35 panic add
  when: at next boot
  +<panic model='isa'/>
device q35 panic0 remove
  when: at next boot
  -<panic model='isa'/>
device q35 iommu add
  when: at next boot
  +<iommu model='intel'/>
device q35 iommu0 model=virtio
  when: at next boot
  -<iommu model='intel'/> +<iommu model='virtio'> +</iommu>
device q35 iommu0 remove
  when: at next boot
  -<iommu model='virtio'> -</iommu>
same q35
TABLE
done_testing
