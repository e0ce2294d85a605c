#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# On the screen: a start that is stopped opens the dialog with what helps; a key shows all checks.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

cat >"$TEST_TMP/host.xml" <<'END'
<node>
  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>lonely</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>
    <devices><interface type='network'><mac address='52:54:00:00:00:01'/><source network='lab'/></interface></devices>
    <test:runstate>5</test:runstate>
  </domain>
</node>
END
term_start 120x36 -c "test://$TEST_TMP/host.xml"
shows "the deck" 'lonely +shut off'
keys p
shows "p looks what stands in the way" '✗ its networks are active'
shows "says what is not known" "\\? libvirt's own trial run finds nothing: not known"
shows "with the reason and what helps" 'error: there is no network lab'
shows "and nothing is started" "lonely can't start"
esc
hides "Escape closes it" '✗ its networks'
keys s
shows "a start is stopped, and the dialog opens" 'lonely did not start'
shows "with the reason" 'there is no network lab'
shows "and what helps" '→ resources networks'
esc
hides "Escape closes it, too" 'lonely did not start'
shows "the overview has it" '→ resources networks'
shows "the domain is off" 'lonely +shut off'
type_text ':start lonely --force'
keys Enter
shows "by force it starts" 'lonely +running'
leave

done_testing
