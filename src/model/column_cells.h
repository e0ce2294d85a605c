/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cells behind the rows of the column table: text for people, number, raw value, level. Private to
 * src/model/column*.c. Pure functions of a row; any thread.
 */
#ifndef VIRTDECK_MODEL_COLUMN_CELLS_H
#define VIRTDECK_MODEL_COLUMN_CELLS_H

#include "model/column.h"

/* text_NAME and number_NAME: figures. */
#define FIGURE_CELLS(F)                                                                                      \
    F(id)                                                                                                    \
    F(cpu)                                                                                                   \
    F(cpu_share)                                                                                             \
    F(vcpus)                                                                                                 \
    F(mem)                                                                                                   \
    F(maxmem)                                                                                                \
    F(mem_share)                                                                                             \
    F(rx)                                                                                                    \
    F(tx)                                                                                                    \
    F(net)                                                                                                   \
    F(rd)                                                                                                    \
    F(wr)                                                                                                    \
    F(disk)                                                                                                  \
    F(rd_ops)                                                                                                \
    F(wr_ops)                                                                                                \
    F(order)                                                                                                 \
    F(uptime)                                                                                                \
    F(age)                                                                                                   \
    F(persistent)                                                                                            \
    F(save)                                                                                                  \
    F(snapshot)                                                                                              \
    F(changed)                                                                                               \
    F(agent)

/* text_NAME and value_NAME: words. */
#define WORD_CELLS(W)                                                                                        \
    W(name)                                                                                                  \
    W(uuid)                                                                                                  \
    W(state)                                                                                                 \
    W(reason)                                                                                                \
    W(autostart)                                                                                             \
    W(ip)                                                                                                    \
    W(title)                                                                                                 \
    W(description)                                                                                           \
    W(os)                                                                                                    \
    W(host)                                                                                                  \
    W(tags)                                                                                                  \
    W(type)                                                                                                  \
    W(arch)                                                                                                  \
    W(machine)                                                                                               \
    W(since)

#define DECLARE_FIGURE(name)                                                                                 \
    void text_##name(const struct row *r, struct strbuf *out);                                               \
    double number_##name(const struct row *r);
#define DECLARE_WORD(name)                                                                                   \
    void text_##name(const struct row *r, struct strbuf *out);                                               \
    const char *value_##name(const struct row *r, char scratch[COLUMN_SCRATCH]);

FIGURE_CELLS(DECLARE_FIGURE)
WORD_CELLS(DECLARE_WORD)

void text_brief(const struct row *r, struct strbuf *out); /* the state in as few words as tell it */

enum level level_state(const struct row *r);
enum level level_cpu(const struct row *r);
enum level level_mem(const struct row *r);
enum level level_rx(const struct row *r);
enum level level_tx(const struct row *r);
enum level level_net(const struct row *r);
enum level level_rd(const struct row *r);
enum level level_wr(const struct row *r);
enum level level_disk(const struct row *r);
enum level level_rd_ops(const struct row *r);
enum level level_wr_ops(const struct row *r);
enum level level_autostart(const struct row *r);
enum level level_age(const struct row *r);
enum level level_dim(const struct row *r);

#endif
