/* Names of hosts to addresses, within a deadline. libpq would wait for getaddrinfo(3), which knows
 * none and heeds no signal, so it is called in a child. Private to pg/.
 */
#ifndef PD_PG_RESOLVE_H
#define PD_PG_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/strbuf.h"

/* Lists for libpq's parameters of the same names, one item an address. All NULL: libpq needs no
 * help, because there is no name to resolve, or because only it knows where the name stands (the
 * connection string names a service). */
typedef struct pd_hosts {
    const char *host;
    const char *hostaddr;
    const char *port;
} pd_hosts;

/* Adds the addresses of `name` to out, a line each; false with a reason in out. Called in a child.
 */
typedef bool pd_lookup(const char *name, pd_strbuf *out);

bool pd_lookup_system(const char *name, pd_strbuf *out); /* getaddrinfo(3) */

typedef struct pd_resolver {
    pd_lookup *lookup;
    pd_interrupt *interrupt; /* may be NULL */
    int64_t timeout_ms;      /* for all names */
} pd_resolver;

/* Resolves what `conninfo` and the PG* environment name. A host without an address is left out when
 * another has one. PD_ERROR_UNREACHABLE when none has, or time is over. */
bool pd_resolve(pd_arena *arena, const char *conninfo, const pd_resolver *resolver, pd_hosts *out,
                pd_error *err) PD_CHECKED;

#endif
