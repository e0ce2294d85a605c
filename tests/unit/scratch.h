/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A directory for one test, gone after it. For cmocka's setup and teardown.
 */
#ifndef VIRTDECK_TESTS_SCRATCH_H
#define VIRTDECK_TESTS_SCRATCH_H

int scratch_setup(void **state);
int scratch_teardown(void **state);
/* DIR/name, valid until the teardown. "" is the directory itself. */
const char *scratch(const char *name);
/* Writes or appends text; fails the test when that fails. */
void scratch_write(const char *path, const char *text);
void scratch_append(const char *path, const char *bytes, unsigned long len);

#endif
