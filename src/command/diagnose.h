/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a domain failed, for both doors: the signatures of a session, the job that explains, and what is said
 * below a start that failed. Main thread.
 */
#ifndef VIRTDECK_COMMAND_DIAGNOSE_H
#define VIRTDECK_COMMAND_DIAGNOSE_H

#include "command/command.h"
#include "diagnose/signature.h"
#include "virt/explain.h"

/* Those of the session, loaded at the first call: the built-in ones and the user's. Mistakes in the user's
 * file are said once. The session's. */
struct signatures *diagnose_signatures(struct session *s);
/* Reads the user's anew. The set of before is given back; who still works with it has a reference. */
void diagnose_reload(struct session *s);
/* For the end. */
void diagnose_forget(struct session *s);

/* What explain_job wants. The job's from then on. */
struct explain_request *diagnose_request(struct session *s);
/* Submits it. The caller gets a reference. */
struct job *diagnose_submit(struct session *s, const struct target *t, struct explain_request *request);

/* The first finding of a result that says why: as lines for below an error, each with a newline. Nothing is
 * added where there is none. */
void diagnose_best(json_object *result, struct strbuf *out);

#endif
