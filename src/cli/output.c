#include "cli/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/str.h"
#include "render/render.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40
#define WIDTH_MAX 200

static bool wants_json(const pd_context *context)
{
    return pd_streq(context->args.format, "json");
}

bool pd_output_check(const pd_context *context, pd_error *err)
{
    const char *format = context->args.format;
    if (format != NULL && strcmp(format, "human") != 0 && strcmp(format, "json") != 0) {
        pd_fail(err, PD_ERROR_USAGE, "unknown format %s", format);
        return pd_error_hint(err, "--format takes human or json.");
    }
    const char *color = context->args.color;
    if (color != NULL && strcmp(color, "auto") != 0 && strcmp(color, "always") != 0 &&
        strcmp(color, "never") != 0) {
        pd_fail(err, PD_ERROR_USAGE, "unknown value of --color: %s", color);
        return pd_error_hint(err, "--color takes auto, always or never.");
    }
    return true;
}

static int terminal_width(int fd)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

void pd_output_start(pd_context *context)
{
    context->progress = (pd_progress){
        .stream = context->args.quiet ? NULL : stderr,
        .secrets = &context->secrets,
        .live = isatty(STDERR_FILENO) == 1 && !pd_streq(getenv("TERM"), "dumb"),
        .verbose = context->args.verbose,
        .width = terminal_width(STDERR_FILENO),
        .started_ms = pd_now_ms(),
    };
}

static bool wants_color(const pd_context *context, FILE *stream)
{
    if (pd_streq(context->args.color, "always"))
        return true;
    if (pd_streq(context->args.color, "never") || !pd_blank(getenv("NO_COLOR")))
        return false;
    return isatty(fileno(stream)) == 1 && !pd_streq(getenv("TERM"), "dumb");
}

static bool write_out(pd_context *context, FILE *stream, pd_strbuf *text)
{
    pd_secrets_redact(&context->secrets, text);
    pd_progress_end(&context->progress);
    return fwrite(text->data, 1, text->len, stream) == text->len && fflush(stream) == 0;
}

bool pd_output_report(pd_context *context)
{
    pd_report *report = &context->report;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    FILE *stream = stdout;
    if (wants_json(context)) {
        pd_render_json(report, &out);
    } else {
        if (report->error.kind != PD_ERROR_NONE && report->revision == NULL)
            stream = stderr;
        pd_render_options options = {
            .color = wants_color(context, stream),
            .quiet = context->args.quiet,
            .verbose = context->args.verbose,
            .width = terminal_width(fileno(stream)),
        };
        pd_render_human(report, &options, &out);
    }
    return write_out(context, stream, &out);
}

bool pd_output_text(pd_context *context, FILE *stream, const char *text)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&out, text);
    context->printed = true;
    context->unwritten = !write_out(context, stream, &out);
    if (context->unwritten)
        fputs("predeploy: cannot write to standard output\n", stderr);
    return !context->unwritten;
}

static const char *change_word(pd_record_kind kind)
{
    switch (kind) {
    case PD_RECORD_ADDED:
        return "added";
    case PD_RECORD_CHANGED:
        return "changed";
    case PD_RECORD_REMOVED:
        return "removed";
    case PD_RECORD_REFUSED_CHANGED:
    case PD_RECORD_REFUSED_REMOVED:
        break;
    }
    return "refused";
}

static void record_json(const pd_context *context, const pd_record *record, pd_strbuf *out)
{
    PD_AUTO_JSON root = json_object();
    json_t *changes = json_array();
    for (size_t i = 0; i < record->count; i++) {
        json_t *change = json_object();
        json_object_set_new(change, "change", json_string(change_word(record->changes[i].kind)));
        json_object_set_new(change, "path", pd_json_text(record->changes[i].entry));
        json_array_append_new(changes, change);
    }
    json_object_set_new(root, "schema", json_string("predeploy-record/1"));
    json_object_set_new(root, "folder", pd_json_text(context->set.folder));
    json_object_set_new(root, "changes", changes);
    pd_json_write(out, root, true);
    pd_strbuf_addc(out, '\n');
}

static void record_human(const pd_context *context, const pd_record *record, bool written,
                         pd_strbuf *out)
{
    for (size_t i = 0; i < record->count && !context->args.quiet; i++) {
        pd_strbuf_addf(out, "%-8s ", change_word(record->changes[i].kind));
        const char *entry = record->changes[i].entry;
        pd_printable_add(out, entry, strlen(entry), PD_PRINTABLE_LINE, "");
        pd_strbuf_addc(out, '\n');
    }
    const char *slash = context->set.folder[0] == '\0' ? "" : "/";
    PD_AUTO_STRBUF path = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&path, "%s%s%s", context->set.folder, slash, PD_SUMS_FILE);
    pd_printable_add(out, path.data, path.len, PD_PRINTABLE_LINE, "");
    if (!written)
        pd_strbuf_adds(out, " is up to date\n");
    else
        pd_strbuf_addf(out, " is written: commit it together with the files (%zu changed)\n",
                       record->count);
}

void pd_print_record(pd_context *context, const pd_record *record, bool written)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    if (wants_json(context))
        record_json(context, record, &out);
    else
        record_human(context, record, written, &out);
    (void)pd_output_text(context, stdout, out.data);
}
