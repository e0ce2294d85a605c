# SPDX-License-Identifier: GPL-3.0-or-later
#
# A systemd-journald of its own for live tests; its kernel is a pipe. For sourcing.

# journal_start: false where there is no journald.
journal_start() {
    journald=/usr/lib/systemd/systemd-journald
    [ -x $journald ] || journald=/lib/systemd/systemd-journald
    [ -x $journald ] && [ -s /etc/machine-id ] || return 1
    # What the machine's own has kept.
    if [ -d /var/log/journal ]; then
        mount -t tmpfs tmpfs /var/log/journal || return 1
    fi
    mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
    mkfifo /run/kmsg && mount --bind /run/kmsg /dev/kmsg || return 1
    sleep 100000 <>/run/kmsg & # so that it stays open
    printf '[Journal]\nStorage=volatile\nReadKMsg=yes\nAudit=no\nRateLimitBurst=0\n' >/run/systemd/journald.conf.d/test.conf
    $journald >"$TEST_TMP/journald" 2>&1 &
    journal_number=0
    wait_for 20 test -S /run/systemd/journal/stdout
}

# kernel_says TEXT
kernel_says() {
    journal_number=$((journal_number + 1))
    # As the kernel writes a backslash there.
    printf '4,%d,%d,-;%s\n' $journal_number $((journal_number * 1000)) "$(printf '%s' "$1" | sed 's/\\/\\x5c/g')" >/run/kmsg
    # One record a read.
    wait_for 10 journal_has "$1" || note "journald does not take: $1"
}

# program_says NAME TEXT
program_says() {
    printf '%s\n' "$2" | systemd-cat -t "$1"
    wait_for 10 journal_has "$2" || note "journald does not take: $2"
}

journal_has() {
    journalctl --no-pager -o cat 2>/dev/null | grep -qF -e "$1"
}
