/* Secrets that this run knows, and their removal from everything on its way out.
 *
 * Each secret is added once, as soon as it is read. pd_secrets_redact replaces each, in its raw,
 * percent-encoded, base64, JSON and printable form, by `***`. Secrets under 4 bytes are not looked
 * for (they would blot out ordinary text); a connection URL adds its password, decoded and as
 * written, and, when it is malformed, everything between the first ':' behind "//" and the last
 * '@', whole and in the pieces that a library could quote.
 */
#ifndef PD_BASE_SECRET_H
#define PD_BASE_SECRET_H

#include "base/arena.h"
#include "base/strbuf.h"

typedef struct pd_secrets {
    pd_arena *arena;
    const char **items; /* longest first */
    size_t count;
    size_t capacity;
} pd_secrets;

void pd_secrets_add(pd_secrets *secrets, const char *secret);       /* NULL and "" are ignored */
void pd_secrets_add_url(pd_secrets *secrets, const char *conninfo); /* URI or key=value form */
void pd_secrets_redact(const pd_secrets *secrets, pd_strbuf *text); /* in place */

#endif
