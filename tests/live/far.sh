#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A host at the end of a long way: its figures are asked for in bulk, and are the same as those of a host at hand.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"
need jq

# Who leaves does not wait long for the last calls to a far host: a thread may be left in one.
TSAN_OPTIONS="${TSAN_OPTIONS-}:report_thread_leaks=0"
export TSAN_OPTIONS
# The way there and back, in milliseconds.
round_trip=100
far_socket=$TEST_TMP/far.sock
FAR="qemu+unix:///system?socket=$far_socket"

# Passes on what comes, half a round trip later, whatever else is under way.
cat >"$TEST_TMP/far.pl" <<'EOP'
use strict; use warnings;
use IO::Socket::UNIX; use IO::Select; use Time::HiRes qw(time);
my ($path, $to, $ms) = @ARGV;
my $delay = $ms / 2000;
$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 16) or die "$path: $!";
my $reads = IO::Select->new($listener);
my (%peer, @queue);
sub part {
    my $s = shift;
    my $other = delete $peer{$s} or return;
    delete $peer{$other};
    $reads->remove($_), close $_ for $s, $other;
}
while (1) {
    my $wait = @queue ? $queue[0][0] - time : undef;
    for my $s ($reads->can_read(defined $wait && $wait < 0 ? 0 : $wait)) {
        if ($s == $listener) {
            my $near = $listener->accept or next;
            my $daemon = IO::Socket::UNIX->new(Peer => $to) or do { close $near; next };
            @peer{$near, $daemon} = ($daemon, $near);
            $reads->add($near, $daemon);
        } elsif ($peer{$s}) {
            my $n = sysread($s, my $data, 65536);
            push @queue, [time + $delay, $s, $n ? $data : undef];
            $reads->remove($s) unless $n;
        }
    }
    while (@queue && $queue[0][0] <= time) {
        my (undef, $from, $data) = @{shift @queue};
        my $into = $peer{$from} or next;
        defined $data or part($from), next;
        while (length $data) {
            my $n = syswrite($into, $data);
            defined $n or part($from), last;
            substr($data, 0, $n) = '';
        }
    }
}
EOP

check "libvirtd starts" daemon_start || done_testing
network_start
guests_define 3 disk=8M vcpus=2
v start guest01 >/dev/null
v start guest02 >/dev/null
v suspend guest02 >/dev/null
perl "$TEST_TMP/far.pl" "$far_socket" /run/libvirt/libvirt-sock $round_trip &
at_exit_do "kill $! 2>/dev/null"
check "a long way to the host" wait_for 10 test -S "$far_socket"

# What does not change from one moment to the next.
columns=name,state,reason,id,vcpus,maxmem,autostart,persistent,save,snapshot,uuid
exits "near" 0 vd --json list --columns $columns --sort name
near=$out
exits "far" 0 "$VIRTDECK" -c "$FAR" --json list --columns $columns --sort name
is "a host far away tells the same" "$out" "$near"

# Figures a second want two samples.
exits "sampled" 0 "$VIRTDECK" -c "$FAR" --json sample -n 2 -d 1 --columns name,cpu,rd,rx,mem,vcpus --sort name
is "a figure for each that runs, none for those that don't" \
    "$(printf '%s\n' "$out" | tail -n 1 | jq -c '[.[] | [.name] + ([.cpu, .rd, .rx, .mem, .vcpus] | map(type))]')" \
    "$(jq -cn '[("guest01", "guest02") | [.] + ["number", "number", "number", "number", "number"]] + [["guest03", "null", "null", "null", "null", "number"]]')"

term_start 120x36 -c "$FAR"
shows "it is listed" 'guest03 .*shut off' 30
shows "with the number of vCPUs" '^.? ?guest01 +running .* 2 ' 30
type_text ':pane overview'
keys Enter
type_text '/name=nobody'
keys Enter
shows "it is asked in bulk" 'a tick takes [0-9]+ ms by bulk, a call [0-9]{2,}' 30
note "$(screen | grep -Eo 'a tick takes.*' | sed 's/[│ ]*$//')"
leave
done_testing
