#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# check-layers.sh [ROOT]: proves that the arrows between the layers go one way, by the #include lines under ROOT.
set -eu
cd "${1-.}"
bad=0

# forbid REGEX WHY FILE…: no include in the files may match.
forbid() {
    regex=$1
    why=$2
    shift 2
    if found=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($regex)" "$@" /dev/null); then
        printf '%s\n' "$found" | sed "s|\$|    <- $why|"
        bad=1
    fi
}

all=$(find src ui -name '*.[ch]')
not() { # files outside a pattern
    printf '%s\n' "$all" | grep -Ev "$1" || echo /dev/null
}
curses='n?cursesw?(/|\.h)|ncursesw?/|term\.h|panel\.h|term_entry\.h|unctrl\.h'

forbid "$curses" 'only ui/term*.c may include curses' $(not '^ui/term[a-z_]*\.c$')
forbid 'readline/|history\.h>' 'only ui/prompt*.c may include readline' $(not '^ui/prompt[a-z_]*\.c$')
forbid 'libvirt/|libvirt\.h|virterror\.h' 'only src/virt/ may include libvirt' $(not '^src/virt/')
forbid '(\.\./)*ui/' 'nothing under src/ but main.c may include ui/' $(not '^ui/|^src/main\.c$')
forbid 'virt/private\.h' 'private to src/virt/' $(not '^src/virt/')
# The layers of src/: each knows only those before it.
forbid 'model/|virt/|command/|device/|logs/|diagnose/' 'base/ knows nobody' $(printf '%s\n' "$all" | grep '^src/base/')
forbid 'virt/|command/' 'model/ knows base/ only' $(printf '%s\n' "$all" | grep '^src/model/')
forbid 'virt/|command/|device/|logs/|autostart/' 'diagnose/ knows base/ and model/ only' $(printf '%s\n' "$all" | grep '^src/diagnose/' || echo /dev/null)
forbid 'virt/|command/|device/|logs/' 'autostart/ knows base/ and model/ only' $(printf '%s\n' "$all" | grep '^src/autostart/' || echo /dev/null)
forbid 'virt/|command/|device/|autostart/|diagnose/|preflight/|picture/' 'logs/ knows base/ and model/ only' $(printf '%s\n' "$all" | grep '^src/logs/' || echo /dev/null)
forbid 'model/|virt/|command/|device/|logs/|autostart/|diagnose/|preflight/' 'picture/ knows base/ only' $(printf '%s\n' "$all" | grep '^src/picture/' || echo /dev/null)
forbid 'virt/|command/|logs/|picture/' 'preflight/ knows base/, model/, device/, autostart/ and diagnose/ only' $(printf '%s\n' "$all" | grep '^src/preflight/' || echo /dev/null)
forbid 'command/' 'virt/ does not know the commands' $(printf '%s\n' "$all" | grep '^src/virt/')
exit $bad
