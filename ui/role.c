/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of roles and what levels and severities look like.
 */
#include "ui/role.h"

#define ROLE_ROW(id, name, letter, mono) [id] = {name, letter, mono},
const struct role_info role_info[ROLE_COUNT] = {ROLES(ROLE_ROW)};
#undef ROLE_ROW

enum role role_of_level(enum level level)
{
    static const enum role roles[] = {
        [LEVEL_NORMAL] = ROLE_TEXT,   [LEVEL_DIM] = ROLE_DIM,   [LEVEL_GOOD] = ROLE_GOOD,
        [LEVEL_NOTICE] = ROLE_NOTICE, [LEVEL_WARN] = ROLE_WARN, [LEVEL_BAD] = ROLE_BAD,
    };
    return (size_t)level < ARRAY_LEN(roles) ? roles[level] : ROLE_TEXT;
}

enum role role_of_severity(enum severity severity)
{
    static const enum role roles[] = {
        [SEV_INFO] = ROLE_TEXT,
        [SEV_GOOD] = ROLE_GOOD,
        [SEV_WARN] = ROLE_WARN,
        [SEV_ERROR] = ROLE_BAD,
    };
    return (size_t)severity < ARRAY_LEN(roles) ? roles[severity] : ROLE_TEXT;
}
