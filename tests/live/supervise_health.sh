#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A guest that no longer answers (SIGSTOP on its QEMU) is unhealthy within its interval, and what its policy says
# follows: a notice, a reset, a restart.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/supervise-lib.sh"

check "libvirtd starts" daemon_start || done_testing
agent="<controller type='virtio-serial'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
guest_define said net=no
guest_define restarted net=no
guest_define reset net=no extra="$agent"
guest_define hung net=no
# Nobody can say of it what its console has shown.
guest_define unseen net=no serial=no
often="health-interval=2s health-failures=1 timeout=1s restart-pause=0"
# shellcheck disable=SC2086
{
    exits "health=running, notify" 0 vd autostart said health=running $often
    exits "health=running, restart" 0 vd autostart restarted health=running health-action=restart $often
    exits "health=agent, reset" 0 vd autostart reset health=agent health-action=reset health-interval=2s \
        health-failures=2 timeout=1m restart-pause=0
    exits "health=serial without a log file" 0 vd autostart unseen 'health=serial:/never printed/' \
        health-action=restart $often
    exits "health=running, reset" 0 vd autostart hung health=running health-action=reset $often
}
for g in said restarted reset hung unseen; do
    v start $g >/dev/null
done
for g in said restarted reset hung; do
    eventually "$g is up" 150 booted $g
done
agent_answers() {
    v qemu-agent-command reset '{"execute":"guest-ping"}' >/dev/null 2>&1
}
eventually "the agent answers" 150 agent_answers
supervise_start
eventually "it supervises" 20 event_came "" supervising
check "healthy ones are not spoken of" [ "$(events_of "" unhealthy)" = 0 ]

# ---- only said ----
pid=$(qemu_pid said)
kill -STOP "$pid"
eventually "within its interval it is said" 5 event_came said unhealthy || explain
like "with the reason" "$(cat "$said")" 'said.*unhealthy: .*stopped by a signal'
kill -CONT "$pid"
eventually "and that it is well again" 8 event_came said healthy || explain
is "it is the same QEMU" "$(qemu_pid said)" "$pid"

# ---- restarted ----
pid=$(qemu_pid restarted)
kill -STOP "$pid"
eventually "another one is restarted" 40 runs_anew restarted "$pid" || explain
like "and told" "$(cat "$said")" 'restarted.*restarted because it is unhealthy, 1 of 3'
eventually "and well again" 20 event_came restarted healthy || explain

# ---- reset: its agent is stopped ----
eventually "the agent was seen to be well" 20 grep -q . "$told"
v qemu-agent-command reset '{"execute":"guest-exec","arguments":{"path":"/bin/killall","arg":["-STOP","qemu-ga"]}}' >/dev/null
pid=$(qemu_pid reset)
eventually "a guest whose agent is silent is reset" 60 event_came reset health-reset || explain
eventually "it boots anew" 150 booted reset 2
is "in the same QEMU" "$(qemu_pid reset)" "$pid"
eventually "and is well again" 60 event_came reset healthy || explain

# ---- a reset that nobody hears ----
pid=$(qemu_pid hung)
kill -STOP "$pid"
eventually "a QEMU that hears no reset is restarted" 80 runs_anew hung "$pid" || explain
is "that was told" "$(events_of hung reset-unheard)" 1
is "what can't be told is no failure" "$(events_of unseen unhealthy)" 0
is "nothing else was restarted" "$(events_of "" health-restart)" 1
supervise_end TERM
done_testing
