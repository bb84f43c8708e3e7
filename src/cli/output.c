#include "cli/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/str.h"
#include "cli/step_files.h"
#include "cli/values.h"
#include "render/render.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40
#define WIDTH_MAX 200

/* What --format asks for: one format, or PRINTED,FILE. */
typedef struct wanted_formats {
    pd_format printed;
    pd_format file;
    bool pair;
} wanted_formats;

static bool read_formats(const char *text, wanted_formats *out)
{
    *out = (wanted_formats){PD_FORMAT_HUMAN, PD_FORMAT_HUMAN, false};
    if (text == NULL)
        return true;
    char first[16];
    size_t len = strcspn(text, ",");
    out->pair = text[len] == ',';
    if (len >= sizeof first)
        return false;
    memcpy(first, text, len);
    first[len] = '\0';
    return pd_format_find(first, &out->printed) &&
           pd_format_find(out->pair ? text + len + 1 : first, &out->file);
}

bool pd_output_knows(const char *formats)
{
    wanted_formats wanted;
    return read_formats(formats, &wanted);
}

/* With --output the report for people goes to stdout, unless a format was named for either. */
static pd_format printed_format(const pd_context *context)
{
    wanted_formats wanted;
    (void)read_formats(context->args.format, &wanted);
    return context->document.path == NULL || wanted.pair ? wanted.printed : PD_FORMAT_HUMAN;
}

static pd_format file_format(const pd_context *context)
{
    wanted_formats wanted;
    (void)read_formats(context->args.format, &wanted);
    return wanted.file == PD_FORMAT_HUMAN ? PD_FORMAT_JSON : wanted.file;
}

static bool check_pair(const pd_context *context, const wanted_formats *wanted, pd_error *err)
{
    if (!wanted->pair)
        return true;
    if (context->args.output == NULL) {
        pd_fail(err, PD_ERROR_USAGE, "--format %s names a format for a file, and no file",
                context->args.format);
        return pd_error_hint(err, "Name the file, too: --output FILE.");
    }
    if (wanted->file != PD_FORMAT_HUMAN)
        return true;
    pd_fail(err, PD_ERROR_USAGE, "--format %s: no file gets the format human",
            context->args.format);
    return pd_error_hint(err, "The second one is json, sarif, github or junit.");
}

/* Commands that write files of the work tree say which, and have no report unless they fail. */
static bool check_own_output(const pd_context *context, const wanted_formats *wanted, pd_error *err)
{
    static const char *const names[] = {"record", "init", "new"};
    const char *command = context->report.command;
    bool own = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        own = own || pd_streq(command, names[i]);
    if (own && (wanted->printed > PD_FORMAT_JSON || wanted->pair)) {
        pd_fail(err, PD_ERROR_USAGE, "%s has no output in the format %s", command,
                context->args.format);
        return pd_error_hint(err, "%s --format takes human or json.", command);
    }
    if (own && context->args.output != NULL && !pd_streq(command, "record")) {
        pd_fail(err, PD_ERROR_USAGE, "%s has no report for --output", command);
        return pd_error_hint(err, "Leave --output out: %s prints which files it wrote.", command);
    }
    return true;
}

bool pd_output_is_json(const pd_context *context)
{
    return printed_format(context) == PD_FORMAT_JSON;
}

bool pd_output_check(const pd_context *context, pd_error *err)
{
    const char *name = context->args.format;
    wanted_formats wanted;
    if (!read_formats(name, &wanted)) {
        pd_fail(err, PD_ERROR_USAGE, "unknown format %s", name);
        return pd_value_hint(err, "format", "FORMAT");
    }
    if (!check_own_output(context, &wanted, err) || !check_pair(context, &wanted, err))
        return false;
    const char *color = context->args.color;
    int when = 0;
    if (color != NULL && !pd_value_find("WHEN", color, &when)) {
        pd_fail(err, PD_ERROR_USAGE, "unknown value of --color: %s", color);
        return pd_value_hint(err, "color", "WHEN");
    }
    return true;
}

int pd_output_width(int fd)
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
        .width = pd_output_width(STDERR_FILENO),
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
    if (fwrite(text->data, 1, text->len, stream) == text->len && fflush(stream) == 0)
        return true;
    fputs("predeploy: cannot write to standard output\n", stderr);
    return false;
}

bool pd_output_reserve(pd_context *context, pd_error *err)
{
    const char *path = context->args.output;
    if (path == NULL)
        return true;
    if (!pd_file_can_write(path, err))
        return pd_error_hint(err, "--output takes the name of a file that is there already or can "
                                  "be made, in a folder that is there and may be written to.");
    context->document.path = path;
    return true;
}

static bool write_document(pd_context *context, pd_strbuf *text, const char *path)
{
    pd_document_redact(&context->secrets, text);
    if (path == NULL)
        return write_out(context, stdout, text);
    pd_error err = {0};
    if (pd_document_write(path, text, &err))
        return true;
    pd_progress_end(&context->progress);
    fprintf(stderr, "predeploy: %s: %s\n", pd_printable(context->arena, err.message),
            pd_printable(context->arena, err.detail));
    return false;
}

static bool print_human(pd_context *context)
{
    const pd_report *report = &context->report;
    bool nothing_read = report->error.kind != PD_ERROR_NONE && report->revision == NULL;
    FILE *stream = nothing_read || context->to_stderr ? stderr : stdout;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    const pd_render_options options = {
        .color = wants_color(context, stream),
        .quiet = context->args.quiet,
        .verbose = context->args.verbose,
        .width = pd_output_width(fileno(stream)),
    };
    pd_render_human(report, &options, &out);
    return write_out(context, stream, &out);
}

bool pd_output_report(pd_context *context)
{
    pd_format printed = printed_format(context);
    pd_format file = file_format(context);
    bool to_file = context->document.path != NULL;
    if (printed == PD_FORMAT_GITHUB || (to_file && file == PD_FORMAT_GITHUB))
        pd_step_files_append(&context->report, &context->secrets);
    if (to_file)
        pd_document_add(&context->document, file, &context->report, context->arena);
    if (printed == PD_FORMAT_HUMAN)
        return print_human(context);
    pd_document_add(&context->printed_document, printed, &context->report, context->arena);
    return true;
}

static bool end_document(pd_context *context, const pd_document *parts, pd_format format,
                         const char *path)
{
    const pd_document *document = &context->document;
    if (parts->count == 0 && (!document->several || document->replaced))
        return true;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_document(format, document->several, parts->parts, parts->count, &out);
    return write_document(context, &out, path);
}

bool pd_output_end(pd_context *context)
{
    const char *path = context->document.path;
    pd_format printed = printed_format(context);
    bool written =
        path == NULL || end_document(context, &context->document, file_format(context), path);
    if (printed != PD_FORMAT_HUMAN)
        written = end_document(context, &context->printed_document, printed, NULL) && written;
    return written;
}

bool pd_output_text(pd_context *context, FILE *stream, const char *text)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&out, text);
    context->printed = true;
    context->document.replaced = true;
    context->unwritten = !write_out(context, stream, &out);
    return !context->unwritten;
}

void pd_output_own(pd_context *context, const char *human, const char *json)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&text, json);
    bool printed = pd_output_text(context, stdout, pd_output_is_json(context) ? json : human);
    const char *path = context->document.path;
    bool kept = path == NULL || write_document(context, &text, path);
    context->unwritten = !printed || !kept;
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
    else if (context->args.check)
        pd_strbuf_addf(out, " is not up to date (%zu differ): predeploy record writes it\n",
                       record->count);
    else
        pd_strbuf_addf(out, " is written: commit it together with the files (%zu changed)\n",
                       record->count);
}

void pd_print_record(pd_context *context, const pd_record *record, bool written)
{
    PD_AUTO_STRBUF human = pd_strbuf_new(PD_STRBUF_MAX);
    PD_AUTO_STRBUF json = pd_strbuf_new(PD_STRBUF_MAX);
    record_human(context, record, written, &human);
    record_json(context, record, &json);
    pd_output_own(context, human.data, json.data);
}
