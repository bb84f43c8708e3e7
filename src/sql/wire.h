/* A script on its way through the pipe from the parser's child to its parent.
 *
 * Both ends are one binary on one machine, so numbers go in their own form. The child has parsed a
 * hostile text and may have been taken over by it: the parent believes no number.
 */
#ifndef PD_SQL_WIRE_H
#define PD_SQL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "domain/script.h"

#define PD_SQL_FRAME_HEADER 16 /* bytes: index of the text, length of the body; 64 bits each */

/* Appends header and body; false when that does not fit into the buffer. */
bool pd_sql_wire_put(pd_strbuf *out, size_t index, const pd_script *script) PD_CHECKED;

/* The numbers of a header; data has PD_SQL_FRAME_HEADER bytes. */
void pd_sql_wire_header(const char *data, uint64_t *index, uint64_t *body_len);

/* Reads a body into *out, with line and column of each statement. False when it is malformed or
 * says what cannot be true of a text of text_len bytes; *out is then of no use. */
bool pd_sql_wire_get(pd_arena *arena, const char *body, size_t body_len, const char *text,
                     size_t text_len, pd_script *out) PD_CHECKED;

#endif
