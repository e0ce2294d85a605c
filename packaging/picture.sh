#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# picture.sh [PROGRAM]: makes the picture in README.md anew: what PROGRAM (build/virtdeck) draws for the demo host at
# 120x36 after a minute. Replaces the first code block of README.md. Needs tmux.
set -eu
program=$(realpath "${1-build/virtdeck}")
home=$(mktemp -d)
trap 'tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$home"' EXIT
socket=picture-$$
LC_ALL=C.UTF-8
export LC_ALL

keys() {
    tmux -L "$socket" send-keys -t p "$@"
}
command() {
    keys :
    keys -l "$1"
    keys Enter
}
screen() {
    tmux -L "$socket" capture-pane -p -t p | sed 's/ *$//'
}
until_shown() {
    for _ in $(seq 100); do
        if screen | grep -q "$1"; then
            return
        fi
        sleep 0.1
    done
    echo "picture: \"$1\" never came" >&2
    exit 1
}

tmux -L "$socket" -f /dev/null new-session -d -s p -x 120 -y 36 \
    "env HOME=$home XDG_CONFIG_HOME= XDG_STATE_HOME= TERM=tmux-256color '$program' --demo; sleep 5"
until_shown 日本語
command 'tag web*'
command 'window 1m'
keys 4 Down Down
# The graphs show a minute; something happens in it.
sleep 25
command 'suspend db1'
sleep 8
command 'resume db1'
sleep 27
screen | sed '$d' >"$home/screen"
awk -v screen="$home/screen" '
    /^```/ && !n++ { print; while ((getline line <screen) > 0) print line; skip = 1; next }
    /^```/ { skip = 0 }
    !skip' README.md >"$home/README.md"
cat "$home/README.md" >README.md
