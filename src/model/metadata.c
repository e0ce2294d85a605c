/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/metadata.h"

#include "model/domdef.h"
#include "model/xml.h"

xmlNodePtr metadata_own(xmlNodePtr domain)
{
    return xml_child_ns(xml_child(domain, "metadata"), VIRTDECK_METADATA_URI, "domain");
}

/* The namespace is declared at our element, so that it does not matter what a prefix means further up.
 * libvirt itself declares it under the prefix it is given with the call, "vd" as a rule; a second declaration
 * of that prefix would be refused. */
xmlNodePtr metadata_make_own(xmlNodePtr domain)
{
    xmlNodePtr own = metadata_own(domain);
    if (own)
        return own;
    xmlNodePtr metadata = xml_child(domain, "metadata");
    own = xml_add_new(metadata ? metadata : xml_add_new(domain, "metadata"), "domain");
    xmlSetNs(own, xmlNewNs(own, (const xmlChar *)VIRTDECK_METADATA_URI, (const xmlChar *)"virtdeck"));
    return own;
}

xmlNodePtr metadata_add(xmlNodePtr parent, const char *name)
{
    xmlNodePtr node = xml_add_new(parent, name);
    xmlSetNs(node, parent->ns);
    return node;
}

void metadata_remove(xmlNodePtr own, xmlNodePtr element)
{
    xmlNodePtr metadata = own->parent;
    xml_remove(element);
    /* Alone, as libvirt's call for metadata wants it, it stands in nothing and has to stay. */
    if (xmlFirstElementChild(own) || own->properties || !metadata || !xml_is(metadata, "metadata"))
        return;
    xml_remove(own);
    if (!xmlFirstElementChild(metadata))
        xml_remove(metadata);
}
