#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The figures virtdeck is designed for, measured side by side in one run; `make bench` runs it. Prints a table of goals
# and figures, and writes it to tests/bench/RESULTS.md.
#
#   BENCH_GUESTS   real guests, all but ten paused (100)
#   BENCH_SECONDS  how long ticks are watched (30)
#   VIRT_TOP_ROOT  a Debian 13 folder with virt-top in it (build/virt-top; made with debootstrap when missing)
set -u
: "${BUILD:=build}" "${BENCH_GUESTS:=100}" "${BENCH_SECONDS:=30}"
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
: "${VIRT_TOP_ROOT:=$BUILD/virt-top}"
export BUILD BENCH_GUESTS BENCH_SECONDS VIRT_TOP_ROOT

if [ -z "${LIVE_PID1-}" ]; then
    if [ ! -x "$VIRT_TOP_ROOT/usr/bin/virt-top" ]; then
        debootstrap --variant=minbase --include=virt-top trixie "$VIRT_TOP_ROOT" >"$BUILD/virt-top.log" 2>&1 || {
            echo "bench: no virt-top; see $BUILD/virt-top.log" >&2
            exit 1
        }
    fi
    exec sh "$top/tests/live/libvirtd.sh" "$here/run.sh"
fi

. "$top/tests/lib.sh"
. "$top/tests/live/lib.sh"
VIRTDECK=$BUILD/virtdeck
bench=$BUILD/tests/bench
export XDG_CONFIG_HOME="$TEST_TMP/config" XDG_STATE_HOME="$TEST_TMP/state" LC_ALL=C.UTF-8
figures=$TEST_TMP/figures
: >"$figures"

# Keeps "name value" lines under a prefix.
keep() {
    sed "s/^/$1./" >>"$figures"
}
figure() {
    awk -v n="$1" '$1 == n {print $2}' "$figures"
}
cpu_ms() { # of the daemon so far
    awk -v hz="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print ($12 + $13) * 1000 / hz}' "/proc/$(daemon_pid)/stat"
}

start_guests() {
    daemon_start
    network_start
    guests_define "$BENCH_GUESTS" disk=1M
    i=0
    for g in $(v list --all --name); do
        i=$((i + 1))
        if [ $i -gt 10 ]; then
            v start --paused "$g" >/dev/null || return 1
        else
            v start "$g" >/dev/null && wait_for 60 booted "$g" || return 1
        fi
    done
}

# N iterations of virt-top a second apart; the wall time beyond the pauses is its ticks'.
virt_top() {
    n=$1
    mkdir -p "$VIRT_TOP_ROOT/run/libvirt" "$VIRT_TOP_ROOT/proc" "$VIRT_TOP_ROOT/dev"
    mount --bind /run/libvirt "$VIRT_TOP_ROOT/run/libvirt"
    mount --bind /proc "$VIRT_TOP_ROOT/proc"
    mount --bind /dev "$VIRT_TOP_ROOT/dev"
    before=$(cpu_ms)
    start=$(now_ms)
    chroot "$VIRT_TOP_ROOT" virt-top -c qemu:///system --script --csv /dev/null -n "$n" -d 1 >/dev/null 2>&1
    end=$(now_ms)
    after=$(cpu_ms)
    umount "$VIRT_TOP_ROOT/run/libvirt" "$VIRT_TOP_ROOT/proc" "$VIRT_TOP_ROOT/dev"
    awk -v w=$((end - start)) -v c="$before" -v d="$after" -v n="$n" \
        'BEGIN {printf "wall_ms %.1f\ndaemon_ms %.1f\n", (w - n * 1000) / n, (d - c) / n}'
}

# A host file of 5,000 domains for the test driver.
big_host() {
    {
        echo '<node><cpu><mhz>2600</mhz><model>x86_64</model><active>64</active><nodes>1</nodes><sockets>1</sockets>'
        echo '<cores>64</cores><threads>1</threads></cpu><memory>1073741824</memory>'
        awk 'BEGIN {for (i = 1; i <= 5000; i++) printf "<domain type=\"test\" xmlns:test=\"http://libvirt.org/schemas/domain/test/1.0\"><name>vm%04d</name><memory unit=\"MiB\">512</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices><disk type=\"file\" device=\"disk\"><source file=\"/srv/vm%04d.img\"/><target dev=\"vda\"/></disk><interface type=\"network\"><source network=\"default\"/><mac address=\"52:54:00:%02x:%02x:01\"/></interface></devices></domain>\n", i, i, i / 256, i % 256}'
        echo '</node>'
    } >"$TEST_TMP/big.xml"
}

note "starting $BENCH_GUESTS guests"
start_guests || exit 1
virt_top 5 >/dev/null
note "virt-top"
virt_top 20 | keep virttop
note "ticks"
"$bench/bench_tick" $URI "$BENCH_SECONDS" 30 "$(daemon_pid)" | keep tick
note "screen, $BENCH_GUESTS guests"
"$bench/bench_screen" -w guest -- "$VIRTDECK" -c $URI | keep real
note "screen, daemon stopped"
"$bench/bench_screen" -w guest -p "$(daemon_pid)" -- "$VIRTDECK" -c $URI | keep stopped
note "log pane, 100,000 lines a second for a minute"
guest_define flooded net=no
flooded=/var/log/libvirt/qemu/flooded-serial.log
: >$flooded
"$bench/bench_flood" -w guest -k "$(printf ':log flooded\r:')" -f $flooded -- "$VIRTDECK" -c $URI | keep flood
big_host
note "screen, 5,000 domains"
# In the daemon, as a host's domains are: in this process the driver itself would take 85 MiB.
"$bench/bench_screen" -w vm0 -- "$VIRTDECK" -c "test+unix://$TEST_TMP/big.xml" | keep big

row() { # LABEL GOAL FIGURE
    printf '| %s | %s | %s |\n' "$1" "$2" "$3"
}
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", (b > 0 ? a / b : 0)}'
}
{
    echo '# Figures'
    echo
    echo 'Made by `make bench`: medians of one run, all programs on the same machine one after the other.'
    echo "Machine: $(nproc) processors, libvirt $(virsh --version), $BENCH_GUESTS QEMU guests under software emulation"
    echo '(ten running, the others paused), 5,000 domains on the test driver in the daemon.'
    echo
    row figure goal measured
    row --- --- ---
    row 'key to painted frame, 5,000 domains, 99th percentile' '< 16 ms' "$(figure big.key_ms_p99) ms (median $(figure big.key_ms_median))"
    row 'key to painted frame, daemon stopped, 99th percentile' '< 16 ms' "$(figure stopped.key_ms_p99) ms (median $(figure stopped.key_ms_median))"
    row 'letter to painted frame, a minute of 100,000 lines/s in the log pane, 99th percentile' '< 16 ms' "$(figure flood.key_ms_p99) ms (median $(figure flood.key_ms_median); $(figure flood.lines) lines in $(figure flood.seconds) s)"
    row 'resident in that minute, at most' 'bounded' "$(awk -v a="$(figure flood.most_kib)" -v b="$(figure flood.before_kib)" 'BEGIN {printf "%.1f MiB, before it %.1f MiB", a / 1024, b / 1024}')"
    row 'first frame after start' '< 50 ms' "$(figure real.first_frame_ms) ms; 5,000 domains: $(figure big.first_frame_ms) ms"
    row 'one tick, wall time, of virt-top'"'"'s' '<= 0.20' "$(ratio "$(figure tick.tick_ms)" "$(figure virttop.wall_ms)") ($(figure tick.tick_ms) of $(figure virttop.wall_ms) ms)"
    row 'one tick, daemon CPU, of virt-top'"'"'s' '<= 0.20' "$(ratio "$(figure tick.daemon_ms)" "$(figure virttop.daemon_ms)") ($(figure tick.daemon_ms) of $(figure virttop.daemon_ms) ms)"
    row 'for comparison: bulk STATE+INTERFACE and GetInfo for each' '' "$(figure tick.floor_ms) ms wall, $(figure tick.floor_daemon_ms) ms daemon"
    row 'for comparison: bulk STATE+CPU+BALLOON+INTERFACE+BLOCK' '' "$(figure tick.bulk_ms) ms wall, $(figure tick.bulk_daemon_ms) ms daemon"
    row 'resident, 5,000 domains and their history' '< 64 MiB' "$(awk -v k="$(figure big.rss_kib)" 'BEGIN {printf "%.1f MiB", k / 1024}')"
    row 'bytes to the terminal for one step down, 120x36' 'changed cells only' "$(figure big.bytes_per_key) bytes"
} | tee "$TEST_TMP/results"
cp "$TEST_TMP/results" "$here/RESULTS.md"
finished=y
