#include "base/progress.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/utf8.h"

#define LIVE_INTERVAL_MS 50     /* a terminal is redrawn at most this often */
#define PLAIN_INTERVAL_MS 10000 /* a log gets a line at most this often */

static void clean(const pd_progress *self, pd_strbuf *out, const char *fmt, va_list args)
    PD_PRINTF(3, 0);

static void clean(const pd_progress *self, pd_strbuf *out, const char *fmt, va_list args)
{
    /* Long text is cut behind the redaction: half a secret would not be recognised. */
    PD_AUTO_STRBUF raw = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addv(&raw, fmt, args);
    if (self->secrets != NULL)
        pd_secrets_redact(self->secrets, &raw);
    pd_printable_add(out, raw.data, raw.len, PD_PRINTABLE_LINE, "");
}

void pd_progress_end(pd_progress *self)
{
    if (self->stream == NULL || !self->drawn)
        return;
    fputs("\r\033[K", self->stream);
    fflush(self->stream);
    self->drawn = false;
}

void pd_progress_say(pd_progress *self, const char *fmt, ...)
{
    int64_t now = pd_now_ms();
    int64_t interval = self->live ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS;
    if (self->stream == NULL || (self->last_ms != 0 && now - self->last_ms < interval))
        return;
    /* Work that ends at once needs no progress on a log. */
    if (!self->live && now - self->started_ms < 1000)
        return;
    self->last_ms = now;
    PD_AUTO_STRBUF line = pd_strbuf_new((size_t)64 << 10);
    va_list args;
    va_start(args, fmt);
    clean(self, &line, fmt, args);
    va_end(args);
    if (!self->live) {
        fprintf(self->stream, "%s (%llds)\n", line.data,
                (long long)((now - self->started_ms) / 1000));
        fflush(self->stream);
        return;
    }
    size_t room = self->width > 12 ? (size_t)self->width - 10 : 2;
    size_t shown = pd_utf8_offset(line.data, line.len, room);
    fprintf(self->stream, "\r\033[K%.*s%s %llds", (int)shown, line.data,
            shown < line.len ? "…" : "", (long long)((now - self->started_ms) / 1000));
    fflush(self->stream);
    self->drawn = true;
}

static void print_line(pd_progress *self, const char *fmt, va_list args) PD_PRINTF(2, 0);

static void print_line(pd_progress *self, const char *fmt, va_list args)
{
    PD_AUTO_STRBUF line = pd_strbuf_new((size_t)64 << 10);
    clean(self, &line, fmt, args);
    pd_progress_end(self);
    fprintf(self->stream, "%s\n", line.data);
    fflush(self->stream);
}

void pd_progress_note(pd_progress *self, const char *fmt, ...)
{
    if (self->stream == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    print_line(self, fmt, args);
    va_end(args);
}

void pd_progress_detail(pd_progress *self, const char *fmt, ...)
{
    if (self->stream == NULL || !self->verbose)
        return;
    va_list args;
    va_start(args, fmt);
    print_line(self, fmt, args);
    va_end(args);
}
