#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Screens, sound, host devices and parts of a running domain: what changes now, what at next boot, what is refused.
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
q35_define q35 extra="<graphics type='vnc'/>"
v start q35 >/dev/null
eventually "the guest boots" 150 booted q35
begin q35
changes_table <<'TABLE'
device q35 vnc passwd=default
  when: nothing to change
device q35 vnc listen=0.0.0.0
  when: at next boot
  -<graphics type='vnc' port='-1' autoport='yes'> -<listen type='address'/> +<graphics type='vnc' port='-1' autoport='yes' listen='0.0.0.0'> +<listen type='address' address='0.0.0.0'/>
device q35 vnc listen=default
  when: at next boot
  -<graphics type='vnc' port='-1' autoport='yes' listen='0.0.0.0'> -<listen type='address' address='0.0.0.0'/> +<graphics type='vnc' port='-1' autoport='yes'> +<listen type='address'/>
device q35 vnc port=5999
  when: at next boot
  -<graphics type='vnc' port='-1' autoport='yes'> +<graphics type='vnc' port='5999' autoport='no'>
device q35 vnc port=auto
  when: at next boot
  -<graphics type='vnc' port='5999' autoport='no'> +<graphics type='vnc' port='-1' autoport='yes'>
device q35 graphics add
  fails: there are graphics of type vnc already
device q35 video0 model=virtio
  when: at next boot
  -<model type='vga' vram='16384' heads='1' primary='yes'/> +<model type='virtio' heads='1' primary='yes'/>
device q35 video0 heads=2
  when: at next boot
  -<model type='virtio' heads='1' primary='yes'/> +<model type='virtio' heads='2' primary='yes'/>
device q35 video0 heads=default
  when: at next boot
  -<model type='virtio' heads='2' primary='yes'/> +<model type='virtio' heads='1' primary='yes'/>
device q35 video0 model=vga
  when: at next boot
  -<model type='virtio' heads='1' primary='yes'/> +<model type='vga' vram='16384' heads='1' primary='yes'/>
same q35
device q35 vnc remove
  when: at next boot
  -<graphics type='vnc' port='-1' autoport='yes'> -<listen type='address'/> -</graphics>
device q35 video0 remove
  when: at next boot
  -<video> -<model type='vga' vram='16384' heads='1' primary='yes'/> -</video>
device q35 video add model=vga
  when: at next boot
  +<video> +<model type='vga' vram='16384' heads='1' primary='yes'/> +</video>
device q35 graphics add
  when: at next boot
  +<graphics type='vnc' port='-1' autoport='yes'> +<listen type='address'/> +</graphics>
same q35
device q35 sound add
  when: at next boot
  +<sound model='ich9'> +</sound>
device q35 sound0 model=ac97
  when: at next boot
  -<sound model='ich9'> +<sound model='ac97'>
device q35 sound0 model=usb
  when: at next boot
  -<sound model='ac97'> +<sound model='usb'>
device q35 sound0 remove
  when: at next boot
  -<sound model='usb'> -</sound>
device q35 audio1 type=oss
  when: at next boot
  -<audio id='1' type='none'/> +<audio id='1' type='oss'/>
device q35 audio1 type=none
  when: at next boot
  -<audio id='1' type='oss'/> +<audio id='1' type='none'/>
device q35 audio add type=file
  when: at next boot
  +<audio id='2' type='file'/>
device q35 audio2 path=$IMAGES/audio.wav
  when: at next boot
  -<audio id='2' type='file'/> +<audio id='2' type='file' path='$IMAGES/audio.wav'/>
device q35 audio2 remove
  when: at next boot
  -<audio id='2' type='file' path='$IMAGES/audio.wav'/>
same q35
device q35 usb add device=1d6b:0099 --config --force
  when: at next boot
  +<hostdev mode='subsystem' type='usb' managed='yes'> +<source> +<vendor id='0x1d6b'/> +<product id='0x0099'/> +</source> +</hostdev>
device q35 usbdev0 startup=optional
  when: at next boot
  -<source> +<source startupPolicy='optional'>
device q35 usbdev0 remove
  when: at next boot
  -<hostdev mode='subsystem' type='usb' managed='yes'> -<source startupPolicy='optional'> -<vendor id='0x1d6b'/> -<product id='0x0099'/> -</source> -</hostdev>
device q35 pci add device=0000:77:1f.0 --config
  fails: has no PCI device
device q35 pci add device=0000:77:1f.0 --config --force
  when: at next boot
  +<hostdev mode='subsystem' type='pci' managed='yes'> +<source> +<address domain='0x0000' bus='0x77' slot='0x1f' function='0x0'/> +</source> +</hostdev>
device q35 pcidev0 managed=no
  when: at next boot
  -<hostdev mode='subsystem' type='pci' managed='yes'> +<hostdev mode='subsystem' type='pci' managed='no'>
device q35 pcidev0 rombar=off
  when: at next boot
  +<rom bar='off'/>
device q35 pcidev0 remove
  when: at next boot
  -<hostdev mode='subsystem' type='pci' managed='no'> -<source> -<address domain='0x0000' bus='0x77' slot='0x1f' function='0x0'/> -</source> -<rom bar='off'/> -</hostdev>
same q35
device q35 redirdev add
  fails: not supported without spice graphics
device q35 smartcard add
  fails: not supported without spice graphics
set q35 title=A\ title description=Two\ words
  when: now and at next boot
  +<title>A title</title> +<description>Two words</description>
set q35 title= description=
  when: now and at next boot
  -<title>A title</title> -<description>Two words</description>
set q35 title=Later --config
  when: at next boot
  +<title>Later</title>
set q35 title= --config
  when: at next boot
  -<title>Later</title>
set q35 vcpus=2
  fails: maxvcpus=2 allows more
set q35 maxvcpus=2 vcpus=1
  when: now and at next boot
  -<vcpu placement='static'>1</vcpu> +<vcpu placement='static' current='1'>2</vcpu>
  live: 
set q35 vcpus=default maxvcpus=1
  when: now and at next boot
  -<vcpu placement='static' current='1'>2</vcpu> +<vcpu placement='static'>1</vcpu>
  live: 
set q35 maxmemory=128M
  when: at next boot
  -<memory unit='KiB'>98304</memory> +<memory unit='KiB'>131072</memory>
set q35 maxmemory=96M
  when: at next boot
  -<memory unit='KiB'>131072</memory> +<memory unit='KiB'>98304</memory>
set q35 memory=64M --config
  when: at next boot
  -<currentMemory unit='KiB'>98304</currentMemory> +<currentMemory unit='KiB'>65536</currentMemory>
set q35 memory=96M --config
  when: at next boot
  -<currentMemory unit='KiB'>65536</currentMemory> +<currentMemory unit='KiB'>98304</currentMemory>
set q35 boot=cdrom,hd
  when: at next boot
  +<boot dev='cdrom'/>
set q35 boot=hd
  when: at next boot
  -<boot dev='cdrom'/>
set q35 boot=vda,net0
  when: at next boot
  -<boot dev='hd'/> +<boot order='1'/> +<boot order='2'/>
set q35 boot=hd
  when: at next boot
  +<boot dev='hd'/> -<boot order='1'/> -<boot order='2'/>
device q35 boot menu=yes
  when: at next boot
  +<bootmenu enable='yes'/>
device q35 boot menu=default
  when: at next boot
  -<bootmenu enable='yes'/>
device q35 ram access=shared backing=memfd
  when: at next boot
  +<memoryBacking> +<source type='memfd'/> +<access mode='shared'/> +</memoryBacking>
device q35 ram access=default backing=default
  when: at next boot
  -<memoryBacking> -<source type='memfd'/> -<access mode='shared'/> -</memoryBacking>
device q35 domain clock=localtime
  when: at next boot
  -<clock offset='utc'/> +<clock offset='localtime'/>
device q35 domain clock=utc
  when: at next boot
  -<clock offset='localtime'/> +<clock offset='utc'/>
device q35 domain on_crash=restart
  when: at next boot
  -<on_crash>destroy</on_crash> +<on_crash>restart</on_crash>
device q35 domain on_crash=destroy
  when: at next boot
  -<on_crash>restart</on_crash> +<on_crash>destroy</on_crash>
same q35
TABLE
done_testing
