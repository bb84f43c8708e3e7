/* A growing byte buffer, NUL-terminated at all times, with a maximum.
 *
 * `PD_AUTO_STRBUF buf = pd_strbuf_new(max)`; a buffer that would exceed `max` bytes stops growing
 * and sets `truncated`, which whoever fed it from outside checks. Out of memory aborts.
 */
#ifndef PD_BASE_STRBUF_H
#define PD_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"

#define PD_STRBUF_MAX ((size_t)256 << 20) /* for buffers of our own making */

typedef struct pd_strbuf {
    char *data; /* never NULL, always NUL-terminated */
    size_t len; /* without the NUL */
    size_t capacity;
    size_t max;
    bool truncated;
} pd_strbuf;

pd_strbuf pd_strbuf_new(size_t max);
void pd_strbuf_free(pd_strbuf *buf);
void pd_strbuf_clear(pd_strbuf *buf);
void pd_strbuf_add(pd_strbuf *buf, const void *data, size_t len);
void pd_strbuf_adds(pd_strbuf *buf, const char *text);
void pd_strbuf_addc(pd_strbuf *buf, char c);
void pd_strbuf_addn(pd_strbuf *buf, char c, size_t times);
void pd_strbuf_addf(pd_strbuf *buf, const char *fmt, ...) PD_PRINTF(2, 3);
void pd_strbuf_addv(pd_strbuf *buf, const char *fmt, va_list args) PD_PRINTF(2, 0);
char *pd_strbuf_keep(const pd_strbuf *buf, pd_arena *arena); /* a copy in the arena */

#define PD_AUTO_STRBUF PD_CLEANUP(pd_strbuf_free) pd_strbuf

#endif
