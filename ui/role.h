/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a piece of the screen means. Drawing code names roles, a theme gives them colours. One row of ROLES
 * each: adding a role is adding a row.
 */
#ifndef VIRTDECK_UI_ROLE_H
#define VIRTDECK_UI_ROLE_H

#include "model/column.h"
#include "model/eventlog.h"

/*        enum           name in themes   letter in tests   attribute in mono */
#define ROLES(R)                                                                                             \
    R(ROLE_NONE, "none", ' ', "")                                                                            \
    R(ROLE_TEXT, "text", '.', "")                                                                            \
    R(ROLE_DIM, "dim", 'd', "dim")                                                                           \
    R(ROLE_TITLE, "title", 't', "bold")                                                                      \
    R(ROLE_HEADER, "header", 'h', "reverse")                                                                 \
    R(ROLE_HEADER_SORT, "header-sort", 'H', "reverse bold")                                                  \
    R(ROLE_SELECTED, "selected", 's', "reverse")                                                             \
    R(ROLE_SELECTED_IDLE, "selected-idle", 'i', "underline")                                                 \
    R(ROLE_TAGGED, "tagged", 'g', "bold")                                                                    \
    R(ROLE_GROUP, "group", 'G', "bold")                                                                      \
    R(ROLE_GOOD, "good", 'o', "")                                                                            \
    R(ROLE_NOTICE, "notice", 'n', "bold")                                                                    \
    R(ROLE_WARN, "warn", 'w', "bold")                                                                        \
    R(ROLE_BAD, "bad", 'b', "bold reverse")                                                                  \
    R(ROLE_STALE, "stale", 'z', "dim")                                                                       \
    R(ROLE_BORDER, "border", '-', "")                                                                        \
    R(ROLE_TAB, "tab", 'T', "")                                                                              \
    R(ROLE_TAB_ACTIVE, "tab-active", 'A', "reverse")                                                         \
    R(ROLE_BADGE, "badge", 'B', "bold")                                                                      \
    R(ROLE_KEY, "key", 'k', "bold")                                                                          \
    R(ROLE_KEY_LABEL, "key-label", 'l', "reverse")                                                           \
    R(ROLE_KEY_OFF, "key-off", 'x', "dim")                                                                   \
    R(ROLE_PROMPT, "prompt", 'p', "bold")                                                                    \
    R(ROLE_INPUT, "input", 'I', "")                                                                          \
    R(ROLE_HINT, "hint", '?', "dim")                                                                         \
    R(ROLE_MATCH, "match", 'm', "bold underline")                                                            \
    R(ROLE_BAR, "bar", '=', "")                                                                              \
    R(ROLE_BAR_BACK, "bar-back", '_', "dim")                                                                 \
    R(ROLE_GRAPH_CPU, "graph-cpu", '1', "")                                                                  \
    R(ROLE_GRAPH_MEM, "graph-mem", '2', "")                                                                  \
    R(ROLE_GRAPH_IN, "graph-in", '3', "")                                                                    \
    R(ROLE_GRAPH_OUT, "graph-out", '4', "bold")                                                              \
    R(ROLE_GRAPH_AXIS, "graph-axis", 'a', "dim")                                                             \
    R(ROLE_DIALOG, "dialog", 'D', "")                                                                        \
    R(ROLE_DIALOG_TITLE, "dialog-title", 'U', "reverse bold")                                                \
    R(ROLE_BUTTON, "button", 'u', "")                                                                        \
    R(ROLE_BUTTON_ACTIVE, "button-active", 'V', "reverse bold")                                              \
    R(ROLE_DEMO, "demo", 'M', "reverse bold")                                                                \
    R(ROLE_SOURCE_QEMU, "source-qemu", 'Q', "")                                                              \
    R(ROLE_SOURCE_GUEST, "source-guest", 'S', "")                                                            \
    R(ROLE_SOURCE_LIBVIRT, "source-libvirt", 'L', "")                                                        \
    R(ROLE_SOURCE_EVENT, "source-event", 'E', "")                                                            \
    R(ROLE_SOURCE_DECK, "source-virtdeck", 'K', "bold")                                                      \
    R(ROLE_SOURCE_HOST, "source-host", 'O', "")

#define ROLE_ENUM(id, name, letter, mono) id,
enum role { ROLES(ROLE_ENUM) ROLE_COUNT };
#undef ROLE_ENUM

struct role_info {
    const char *name;
    char letter;
    const char *mono;
};
extern const struct role_info role_info[ROLE_COUNT];

enum role role_of_level(enum level level);
enum role role_of_severity(enum severity severity);

#endif
