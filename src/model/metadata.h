/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The element of ours in a domain's <metadata>: <virtdeck:domain>, in which tags, the autostart policy and
 * what later versions put there stand. Any thread, a tree by one at a time.
 */
#ifndef VIRTDECK_MODEL_METADATA_H
#define VIRTDECK_MODEL_METADATA_H

#include <libxml/tree.h>

/* NULL: the domain has none. */
xmlNodePtr metadata_own(xmlNodePtr domain);
/* The same, made where it is missing. */
xmlNodePtr metadata_make_own(xmlNodePtr domain);
/* Adds a new, empty element of ours as the last one of `parent`, which is one of ours. Returns it. */
xmlNodePtr metadata_add(xmlNodePtr parent, const char *name);
/* Removes an element of ours that stands in `own`; then `own` and <metadata>, as far as nothing is left in
 * them. */
void metadata_remove(xmlNodePtr own, xmlNodePtr element);

#endif
