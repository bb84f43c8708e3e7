/* Workflow commands of GitHub Actions: an annotation a finding, then the verdict. Each line begins
 * with words of our own, and foreign text never begins one. */
#include "base/str.h"
#include "render/escape.h"
#include "render/format.h"
#include "render/verdict.h"
#include "render/words.h"

static void add_property(pd_strbuf *out, const char *separator, const char *name, const char *text)
{
    pd_strbuf_addf(out, "%s%s=", separator, name);
    pd_escape_property(out, text);
}

/* "::error file=,line=,col=,title=::message" */
static void add_command(pd_strbuf *out, const char *command, const pd_place *place,
                        const char *title, const char *message)
{
    const char *separator = " ";
    pd_strbuf_addf(out, "::%s", command);
    if (place != NULL && !pd_blank(place->path)) {
        add_property(out, separator, "file", place->path);
        if (place->line > 0)
            pd_strbuf_addf(out, ",line=%d", place->line);
        if (place->line > 0 && place->column > 0)
            pd_strbuf_addf(out, ",col=%d", place->column);
        separator = ",";
    }
    add_property(out, separator, "title", title);
    pd_strbuf_adds(out, "::");
    pd_escape_command(out, message);
    pd_strbuf_addc(out, '\n');
}

static void add_steering(const pd_report *report, pd_arena *arena, pd_strbuf *out)
{
    for (size_t i = 0; i < report->steering_count; i++) {
        const pd_steering *steering = &report->steering[i];
        const pd_place place = {.path = steering->path};
        const char *detail = pd_blank(steering->detail) ? "" : steering->detail;
        add_command(out, "notice", &place, "steers the gates",
                    pd_arena_printf(arena, "%s against the base%s%s", steering->what,
                                    detail[0] == '\0' ? "" : "\n", detail));
    }
}

void pd_render_github(const pd_report *report, pd_strbuf *out)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    const pd_failure *failure = report->failure;
    size_t count = report->findings == NULL ? 0 : report->findings->count;
    for (size_t i = 0; i < count; i++) {
        const pd_finding *finding = &report->findings->items[i];
        add_command(out, finding->severity == PD_SEVERITY_ERROR ? "error" : "warning",
                    &finding->place, pd_rule_id(finding->rule), pd_words_finding(finding, arena));
    }
    if (failure != NULL)
        add_command(out, "error", &failure->place,
                    pd_blank(failure->sqlstate) ? "the server" : failure->sqlstate,
                    pd_words_failure(failure, arena));
    if (report->error.kind != PD_ERROR_NONE)
        add_command(out, "error", NULL, "predeploy",
                    pd_words_error(&report->error, failure, arena));
    add_steering(report, arena, out);
    pd_strbuf_addf(out, "%s\n", pd_verdict_line(report, arena));
}
