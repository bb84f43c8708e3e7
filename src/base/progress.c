#include "base/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/printable.h"

#define LIVE_INTERVAL_MS 100    /* a terminal is redrawn at most this often */
#define PLAIN_INTERVAL_MS 10000 /* a log gets a line at most this often */
#define PLAIN_SILENCE_MS 1000   /* work that ends at once needs no progress on a log */
#define LINE_MAX_BYTES ((size_t)64 << 10)
#define MARGIN 3 /* columns for the cursor, and for the ^C that a terminal echoes */
#define TEXT_MIN 3

static void clean(const pd_progress *self, pd_strbuf *out, pd_strbuf *raw)
{
    /* Long text is cut behind the redaction: half a secret would not be recognised. */
    if (self->secrets != NULL)
        pd_secrets_redact(self->secrets, raw);
    for (char *tab = strchr(raw->data, '\t'); tab != NULL; tab = strchr(tab, '\t'))
        *tab = ' ';
    pd_printable_add(out, raw->data, raw->len, PD_PRINTABLE_LINE, "");
}

static void wipe(pd_progress *self)
{
    if (!self->drawn)
        return;
    fputs("\r\033[K", self->stream);
    self->drawn = false;
}

void pd_progress_end(pd_progress *self)
{
    if (self->stream == NULL || !self->drawn)
        return;
    wipe(self);
    fflush(self->stream);
}

void pd_progress_begin(pd_progress *self)
{
    self->since_ms = pd_now_ms();
}

static bool is_due(const pd_progress *self, int64_t now)
{
    int64_t interval = self->live ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS;
    if (self->stream == NULL || (self->last_ms != 0 && now - self->last_ms < interval))
        return false;
    return self->live || now - self->started_ms >= PLAIN_SILENCE_MS;
}

bool pd_progress_due(const pd_progress *self)
{
    return self->stream != NULL && is_due(self, pd_now_ms());
}

/* ", 12 s" behind the text; nothing in the first second. */
static void add_elapsed(const pd_progress *self, pd_strbuf *out, int64_t now)
{
    int64_t s = (now - (self->since_ms == 0 ? self->started_ms : self->since_ms)) / 1000;
    if (s >= 3600)
        pd_strbuf_addf(out, ", %" PRId64 " h %02d min", s / 3600, (int)(s / 60 % 60));
    else if (s >= 60)
        pd_strbuf_addf(out, ", %d min %02d s", (int)(s / 60), (int)(s % 60));
    else if (s >= 1)
        pd_strbuf_addf(out, ", %d s", (int)s);
}

/* Columns for the text: the terminal may have been resized. */
static size_t room_for(const pd_progress *self, size_t tail)
{
    struct winsize size = {0};
    int fd = fileno(self->stream);
    int width = self->width;
    if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    size_t taken = tail + MARGIN;
    return width > 0 && (size_t)width >= taken + TEXT_MIN ? (size_t)width - taken : TEXT_MIN;
}

static void draw(pd_progress *self, const pd_strbuf *line, const pd_strbuf *tail, size_t room)
{
    bool fits = pd_text_columns(line->data, line->len) <= room;
    size_t shown = fits ? line->len : pd_text_fit(line->data, line->len, room - 1);
    fprintf(self->stream, "\r\033[K%.*s%s%s", (int)shown, line->data, fits ? "" : "…", tail->data);
    fflush(self->stream);
    self->drawn = true;
}

/* One of the wordings; says whether it was shown. `last`: it is, cut if need be. */
static bool show(pd_progress *self, pd_strbuf *raw, bool last, int64_t now)
{
    PD_AUTO_STRBUF line = pd_strbuf_new(LINE_MAX_BYTES);
    PD_AUTO_STRBUF tail = pd_strbuf_new(LINE_MAX_BYTES);
    clean(self, &line, raw);
    add_elapsed(self, &tail, now);
    self->last_ms = now;
    if (!self->live) {
        fprintf(self->stream, "%s%s\n", line.data, tail.data);
        fflush(self->stream);
        return true;
    }
    size_t room = room_for(self, tail.len);
    if (!last && pd_text_columns(line.data, line.len) > room)
        return false;
    draw(self, &line, &tail, room);
    return true;
}

void pd_progress_say(pd_progress *self, const char *fmt, ...)
{
    if (self->stream == NULL)
        return;
    int64_t now = pd_now_ms();
    if (!is_due(self, now))
        return;
    PD_AUTO_STRBUF raw = pd_strbuf_new(PD_STRBUF_MAX);
    va_list args;
    va_start(args, fmt);
    pd_strbuf_addv(&raw, fmt, args);
    va_end(args);
    (void)show(self, &raw, true, now);
}

void pd_progress_say_fitting(pd_progress *self, const char *const *wordings)
{
    int64_t now = pd_now_ms();
    if (!is_due(self, now))
        return;
    bool shown = false;
    for (size_t i = 0; !shown && wordings[i] != NULL; i++) {
        PD_AUTO_STRBUF raw = pd_strbuf_new(PD_STRBUF_MAX);
        pd_strbuf_adds(&raw, wordings[i]);
        shown = show(self, &raw, wordings[i + 1] == NULL, now);
    }
}

static void print_line(pd_progress *self, const char *fmt, va_list args) PD_PRINTF(2, 0);

static void print_line(pd_progress *self, const char *fmt, va_list args)
{
    PD_AUTO_STRBUF raw = pd_strbuf_new(PD_STRBUF_MAX);
    PD_AUTO_STRBUF line = pd_strbuf_new(LINE_MAX_BYTES);
    pd_strbuf_addv(&raw, fmt, args);
    clean(self, &line, &raw);
    wipe(self);
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
