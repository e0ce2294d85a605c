#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# setup.sh run|build|test|deb: says which Debian packages are missing for that purpose and installs them with apt.
# Prints nothing and changes nothing when all are there. Knows Debian 12 and 13.
set -eu
LC_ALL=C
export LC_ALL

# A word is a package; "a|b" is satisfied by either (a is installed); "?a" is wanted only where apt knows it
# (Debian 13 split libvirt's daemon into packages that Debian 12 does not have).
BUILD='gcc make libc6-dev pkgconf|pkg-config libvirt-dev libncurses-dev libreadline-dev libjson-c-dev libxml2-dev
    libpcre2-dev libpng-dev libsixel-dev'
# The libvirt daemon is wanted only for tests, which run one of their own: `make run` without one opens the
# demo host, and must not put a service on anybody's machine.
GUESTS='libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu ?libvirt-daemon-log ?libvirt-daemon-lock
    ?libvirt-daemon-plugin-lockd ?libvirt-daemon-driver-network ?libvirt-daemon-driver-nodedev
    ?libvirt-daemon-driver-nwfilter ?libvirt-daemon-driver-secret ?libvirt-daemon-driver-storage
    ?libvirt-daemon-driver-interface qemu-system-x86 qemu-utils dnsmasq-base iptables iproute2 psmisc busybox-static cpio xz-utils e2fsprogs swtpm swtpm-tools ovmf'
CHECKS='clang libclang-rt-dev llvm clang-format clang-tidy cppcheck valgrind libcmocka-dev tmux jq ncurses-term
    ncurses-base mandoc bsdextrautils util-linux procps systemd zsh fish'
DEB='dpkg-dev'

case ${1-} in
run | build) wanted=$BUILD ;;
test) wanted="$BUILD $GUESTS $CHECKS $DEB" ;;
deb) wanted="$BUILD $DEB" ;;
*)
    echo "usage: $0 run|build|test|deb" >&2
    exit 2
    ;;
esac
purpose=$1

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "setup: this is no Debian: cannot look for packages. What is needed here (Debian's names):" $wanted >&2
    exit 0
fi

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

known() {
    apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

# Fills `missing` and `absent`: required, and known to apt or not.
look() {
    missing= absent=
    for word in $wanted; do
        optional=
        case $word in
        \?*)
            optional=y
            word=${word#\?}
            ;;
        esac
        found=
        for p in $(echo "$word" | tr '|' ' '); do
            if installed "$p"; then
                found=y
            fi
        done
        if [ -n "$found" ]; then
            continue
        fi
        p=${word%%|*}
        if known "$p"; then
            missing="$missing $p"
        elif [ -z "$optional" ]; then
            absent="$absent $p"
        fi
    done
}

look
if [ -z "$missing$absent" ]; then
    exit 0
fi
echo "setup: missing for \`make $purpose':$missing$absent"

if [ "$(id -u)" = 0 ]; then
    as_root() {
        "$@"
    }
elif command -v sudo >/dev/null; then
    as_root() {
        sudo "$@"
    }
else
    echo "setup: cannot install them: not root, and there is no sudo. As root, run:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends$missing$absent" >&2
    exit 1
fi

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

update() {
    echo "setup: apt-get update"
    apt update
    updated=y
    look
}

# Tests start a libvirtd of their own; the machine's must not be started because its files were installed.
policy=/usr/sbin/policy-rc.d
hold_services() {
    if [ "$purpose" = test ] && [ ! -e $policy ]; then
        trap 'as_root rm -f $policy' EXIT
        trap 'exit 130' INT TERM HUP
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
    fi
}

updated=
if [ -n "$absent" ]; then
    update
    if [ -n "$absent" ]; then
        echo "setup: apt knows no package$absent: is this Debian 12 or 13, with its main archive in the sources?" >&2
        exit 1
    fi
fi
hold_services
echo "setup: apt-get install --no-install-recommends$missing"
# Old lists name files that the archive no longer has: one more try with new ones.
if ! apt install -y --no-install-recommends $missing; then
    if [ -n "$updated" ]; then
        exit 1
    fi
    update
    apt install -y --no-install-recommends $missing
fi
