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
#include "render/render.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40
#define WIDTH_MAX 200

static pd_format wanted_format(const pd_context *context)
{
    pd_format format = PD_FORMAT_HUMAN;
    (void)pd_format_find(context->args.format, &format);
    return format;
}

/* With --output the report for people goes to stdout, whatever the format of the file. */
static bool prints_human(const pd_context *context)
{
    return wanted_format(context) == PD_FORMAT_HUMAN || context->document.path != NULL;
}

/* Commands that write files of the work tree say which, and have no report unless they fail. */
static bool check_own_output(const pd_context *context, pd_format format, pd_error *err)
{
    static const char *const names[] = {"record", "init", "new"};
    const char *command = context->report.command;
    bool own = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        own = own || pd_streq(command, names[i]);
    if (own && format > PD_FORMAT_JSON) {
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
    return !prints_human(context);
}

bool pd_output_check(const pd_context *context, pd_error *err)
{
    const char *name = context->args.format;
    pd_format format = PD_FORMAT_HUMAN;
    if (name != NULL && !pd_format_find(name, &format)) {
        pd_fail(err, PD_ERROR_USAGE, "unknown format %s", name);
        return pd_error_hint(err, "--format takes human, json, sarif, github or junit.");
    }
    if (!check_own_output(context, format, err))
        return false;
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

static bool write_document(pd_context *context, pd_strbuf *text)
{
    const char *path = context->document.path;
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
        .width = terminal_width(fileno(stream)),
    };
    pd_render_human(report, &options, &out);
    return write_out(context, stream, &out);
}

bool pd_output_report(pd_context *context)
{
    pd_format format = wanted_format(context);
    bool to_file = context->document.path != NULL;
    if (format == PD_FORMAT_GITHUB)
        pd_step_files_append(&context->report, &context->secrets);
    if (format != PD_FORMAT_HUMAN)
        pd_document_add(&context->document, format, &context->report, context->arena);
    else if (to_file)
        pd_document_add(&context->document, PD_FORMAT_JSON, &context->report, context->arena);
    return !prints_human(context) || print_human(context);
}

bool pd_output_end(pd_context *context)
{
    const pd_document *document = &context->document;
    bool wanted = wanted_format(context) != PD_FORMAT_HUMAN || document->path != NULL;
    bool has_text = document->count > 0 || (document->several && !document->replaced);
    if (!wanted || !has_text)
        return true;
    pd_format format = wanted_format(context);
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_document(format == PD_FORMAT_HUMAN ? PD_FORMAT_JSON : format, document->several,
                       document->parts, document->count, &out);
    return write_document(context, &out);
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
    bool kept = context->document.path == NULL || write_document(context, &text);
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
        pd_strbuf_addf(out, " is not up to date (%zu differ): run predeploy record and commit it\n",
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
