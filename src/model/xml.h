/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * XML trees: parsing without network, entities or external files; finding and changing values by short paths;
 * adding and removing elements together with their indentation, so that what is not touched is printed as it
 * was read. Any thread, a tree by one at a time.
 *
 * A path: steps joined by "/", then "@attribute", or nothing for the text, or "?" for whether the element is
 * there: "driver/guest@tso4", "title", "readonly?", "@type", "cpu/feature[name=svm]@policy". A step
 * name[attribute=value] means the element of that name with that attribute. Steps are elements without
 * namespace.
 */
#ifndef VIRTDECK_MODEL_XML_H
#define VIRTDECK_MODEL_XML_H

#include <libxml/tree.h>
#include "base/error.h"

#define XML_MAX_BYTES (32u * 1024 * 1024) /* libvirt's own limit on a message */

/* NULL with e set ("line N of the XML: why"). Comments, blanks and order are kept. The caller frees the tree
 * with xmlFreeDoc(). */
xmlDocPtr xml_parse(const char *text, size_t len, struct error *e);
/* The same for a text that has to be one element called `name` (NULL: any). */
xmlDocPtr xml_parse_element(const char *text, const char *name, struct error *e);
/* As text without an XML declaration, with a newline at the end; an element alone, as it stands in its tree.
 * The caller frees. */
char *xml_print(xmlDocPtr doc);
char *xml_print_node(xmlNodePtr node);

/* The first child element of that name without namespace (or in the namespace `ns`); NULL, also for a NULL
 * node, when there is none. xml_next(): the next such sibling. */
xmlNodePtr xml_child(xmlNodePtr node, const char *name);
xmlNodePtr xml_child_ns(xmlNodePtr node, const char *ns, const char *name);
xmlNodePtr xml_next(xmlNodePtr node, const char *name);
/* The element that the path's steps lead to; NULL: there is none. */
xmlNodePtr xml_find(xmlNodePtr node, const char *path);
bool xml_is(xmlNodePtr node, const char *name); /* an element of that name without namespace */

/* What the path means; "yes" for a "?" that is there. NULL: nothing, an empty text, or a NULL node. The
 * caller frees. */
char *xml_get(xmlNodePtr node, const char *path);
bool xml_get_is(xmlNodePtr node, const char *path, const char *value);
/* <memory unit='GiB'>4</memory>, or an attribute of an element that has a unit, in KiB; NAN when it is
 * missing or makes no sense. */
double xml_get_kib(xmlNodePtr node, const char *path);
/* Sets it, making elements that are missing. NULL: removes attribute, text or (for "?") element, and the
 * elements of the path that have nothing left in them. */
void xml_set(xmlNodePtr node, const char *path, const char *value);

/* Adds a copy of `child` as the last element of `parent`, on a line of its own. Returns the copy. */
xmlNodePtr xml_add(xmlNodePtr parent, xmlNodePtr child);
/* The same with a new, empty element. */
xmlNodePtr xml_add_new(xmlNodePtr parent, const char *name);
/* Removes and frees the element, and the line it stood on. */
void xml_remove(xmlNodePtr node);
/* Puts a copy of `with` where `node` is, and frees `node`. Returns the copy. */
xmlNodePtr xml_replace(xmlNodePtr node, xmlNodePtr with);

/* Replaces what nobody may see (passwords of graphics, cookies of disks over HTTP) by "(hidden)": for diffs,
 * dry runs and logs. In a definition, or in a device alone. */
void xml_hide_secrets(xmlDocPtr doc);

#endif
