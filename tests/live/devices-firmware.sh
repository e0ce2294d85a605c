#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A TPM made by swtpm, and EFI firmware: set, booted with, seen by QEMU and inside the guest, taken back. Where the host
# has no swtpm or OVMF (hidden at the end) both are refused with the command that would change that.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/change-lib.sh"
need jq swtpm swtpm_setup
if ! ls /usr/share/OVMF/OVMF_CODE*.fd >/dev/null 2>&1; then
    skip "needs OVMF"
    done_testing
fi

check "libvirtd starts" daemon_start || done_testing
guest_define efi machine=q35 memory=262144 net=no
guest_define quick machine=q35 net=no

# inside GUEST COMMAND ANSWER: the guest's shell prints that line at the command; asked on its serial port, again where
# it did not listen yet.
inside() {
    # QEMU looks once a second whether anybody is there.
    (printf '\r%s\r' "$2" && sleep 2) >"$(v ttyconsole "$1")"
    tr -d '\r' <"/var/log/libvirt/qemu/$1-serial.log" | grep -Eq -e "^$3\$"
}
# runs_with GUEST REGEX: its QEMU's command line
runs_with() {
    tr '\0' ' ' <"/proc/$(cat "/run/libvirt/qemu/$1.pid")/cmdline" | grep -Eq -e "$2"
}
runs_without() {
    ! runs_with "$@"
}
swtpm_runs() {
    grep -aqs "tpmstate.*$(v domuuid "$1")" /proc/[0-9]*/cmdline
}
swtpm_ended() {
    ! swtpm_runs "$@"
}

begin efi quick
changes_table <<'TABLE'
device efi tpm add
  when: at next boot
  +<tpm model='tpm-crb'> +<backend type='emulator' version='2.0'/> +</tpm>
device efi tpm add
  fails: there is a tpm already
device efi tpm0 model=tpm-tis
  when: at next boot
  -<tpm model='tpm-crb'> +<tpm model='tpm-tis'>
device efi tpm0 version=1.2
  when: at next boot
  -<backend type='emulator' version='2.0'/> +<backend type='emulator' version='1.2'/>
device efi tpm0 version=2.0 model=tpm-crb
  when: at next boot
  -<tpm model='tpm-tis'> -<backend type='emulator' version='1.2'/> +<tpm model='tpm-crb'> +<backend type='emulator' version='2.0'/>
device quick tpm add model=tpm-tis
  when: at next boot
  +<tpm model='tpm-tis'> +<backend type='emulator' version='2.0'/> +</tpm>
device quick tpm0 remove
  when: at next boot
  -<tpm model='tpm-tis'> -<backend type='emulator' version='2.0'/> -</tpm>
same quick
TABLE

# Newer libvirts say at once which files they have chosen, this one at the start.
os_of() {
    v dumpxml "$@" | sed -n '/<os/,/<\/os>/p' | grep -v -e '<loader' -e '<nvram' | plain
}
os_of --inactive efi >"$TEST_TMP/os.bios"
both efi was-efi
exits "EFI, without secure boot for a kernel that nobody signed" 0 \
    vd --json device efi firmware firmware=efi secureboot=no
is "it comes with the next boot" "$(printf '%s' "$out" | jq -r '.changes[0].when')" "at next boot"
os_of --inactive efi >"$TEST_TMP/os.efi"
is "virsh shows it" "$(diff "$TEST_TMP/os.bios" "$TEST_TMP/os.efi" | sed -n 's/^> /+/p; s/^< /-/p' | tr '\n' ' ')" \
    "-<os> +<os firmware='efi'> +<firmware> +<feature enabled='no' name='enrolled-keys'/> +<feature enabled='no' name='secure-boot'/> +</firmware> "
both efi is-efi
is "and nothing else is another" "$(changed efi config | tr ' ' '\n' | grep -c '<tpm\|<backend\|<devices')" 0

check "the guest starts with both" v start efi || done_testing
check "QEMU has the firmware in flash" runs_with efi '"filename":"[^"]*OVMF_CODE[^"]*\.fd".*pflash0='
check "and its variables" runs_with efi '"filename":"/var/lib/libvirt/qemu/nvram/efi_VARS\.(fd|qcow2)".*pflash1='
check "in a file of this guest's" test -s "$(v dumpxml efi | sed -n 's/.*<nvram.*>\(.*\)<\/nvram>.*/\1/p')"
check "QEMU has the TPM" runs_with efi '-tpmdev emulator,id=tpm-tpm0.*tpm-crb'
check "which swtpm makes" swtpm_runs efi
eventually "the guest boots by EFI" 120 booted efi
eventually "inside it is seen" 20 inside efi 'cat /sys/firmware/efi/fw_platform_size' 64
eventually "and the TPM, of version 2" 20 inside efi 'echo tpm$(cat /sys/class/tpm/tpm0/tpm_version_major)' tpm2
eventually "with its device node" 20 inside efi 'ls /dev/tpm0' /dev/tpm0
exits "the rows" 0 vd --json devices efi
is "a row says efi" "$(printf '%s' "$out" | jq -r '.[] | select(.kind == "firmware") | .fields.firmware.live')" efi
is "a row says emulator" "$(printf '%s' "$out" | jq -r '.[] | select(.kind == "tpm") | .fields.backend.live')" emulator

exits "a TPM cannot be taken out of what runs" 1 vd --yes device efi tpm0 remove --live
like "and that is said" "$err" "can't change tpm0 while it runs"
exits "at the next boot it can" 0 vd --json --yes device efi tpm0 remove
is "so it says" "$(printf '%s' "$out" | jq -r '.changes[0].when')" "at next boot"
exits "back to BIOS" 0 vd --json device efi firmware firmware=bios
is "at the next boot, too" "$(printf '%s' "$out" | jq -r '.changes[0].when')" "at next boot"
check "the definition is letter for letter what it was" sh -c 'virsh -q dumpxml --inactive --security-info efi |
    diff "$1" -' sh "$TEST_TMP/first-efi.config"
exits "the difference" 0 vd diff efi
like "names the firmware" "$out" 'firmware: efi → bios'
like "and the TPM" "$out" '^tpm tpm0'
check "what runs has them still" runs_with efi 'pflash0=.*-tpmdev emulator'
v destroy efi >/dev/null
eventually "swtpm ends with it" 10 swtpm_ended efi
: >/var/log/libvirt/qemu/efi-serial.log
check "the guest starts without" v start efi
check "no flash" runs_without efi 'pflash0='
check "no TPM" runs_without efi 'tpmdev'
eventually "and boots" 150 booted efi
v destroy efi >/dev/null

exits "secure boot" 0 vd device efi firmware firmware=efi secureboot=yes
check "the guest starts with it" v start efi
check "QEMU has a firmware that looks at signatures" runs_with efi 'OVMF_CODE[^"]*(ms|secboot)[^"]*\.fd".*smm=on'
v destroy efi >/dev/null
exits "undone" 0 vd undo efi
check "the definition is letter for letter what it was, again" sh -c 'virsh -q dumpxml --inactive --security-info efi |
    diff "$1" -' sh "$TEST_TMP/first-efi.config"

# ---- a host that has neither ----
daemon_stop
mkdir -p /run/hidden
: >/run/hidden/program
for program in swtpm swtpm_setup swtpm_ioctl; do
    mount --bind /run/hidden/program "$(command -v $program)"
done
for folder in /usr/share/qemu/firmware /usr/share/OVMF; do
    mount --bind /run/hidden $folder
done
rm -rf /var/cache/libvirt/qemu/capabilities
check "libvirtd starts where there is no swtpm and no OVMF" daemon_start || done_testing
both quick was-quick
cp "$TEST_TMP/was-quick.config" "$TEST_TMP/first-quick.config"
exits "a TPM is refused" 1 vd device quick tpm add
like "with the reason" "$err" 'no.*emulator|emulator.*not'
like "and what to do" "$err" 'apt install swtpm swtpm-tools'
exits "so is EFI" 1 vd device quick firmware firmware=efi
like "with the reason" "$err" 'no efi firmware'
like "and what to do" "$err" 'apt install ovmf'
same quick
done_testing
