#include "base/printable.h"
#include "base/str.h"
#include "render/human.h"
#include "render/text.h"
#include "render/words.h"

#define FINDINGS_SHOWN 100 /* errors come first; --verbose shows all */

/* "error[WHAT] PATH:LINE:COLUMN" */
static void add_title(const pd_human *human, pd_style style, const char *word, const char *what,
                      const pd_place *place)
{
    pd_human_gap(human);
    const char *title = word;
    if (!pd_blank(what))
        title = pd_arena_printf(human->arena, "%s[%s]", word, what);
    pd_human_paint(human, style, title);
    pd_human_place(human, place);
}

static void add_finding(const pd_human *human, const pd_finding *finding)
{
    bool is_error = finding->severity == PD_SEVERITY_ERROR;
    pd_style style = is_error ? PD_STYLE_BAD : PD_STYLE_WARN;
    const char *id = pd_rule_id(finding->rule);
    add_title(human, style, pd_severity_name(finding->severity), id, &finding->place);
    pd_human_said(human, PD_STYLE_PLAIN, NULL, finding->message);
    pd_human_excerpt(human, &finding->place, finding->excerpt, style);
    pd_human_said(human, PD_STYLE_PLAIN, NULL, pd_words_change(finding, human->arena));
    pd_human_said(human, PD_STYLE_PLAIN, NULL, pd_words_origin(finding, human->arena));
    pd_human_said(human, PD_STYLE_HINT, "hint", finding->hint);
    if (human->options->verbose)
        pd_human_said(human, PD_STYLE_FAINT, "rule",
                      pd_arena_printf(human->arena, "docs/rules/%s.md", id));
}

void pd_human_findings(const pd_human *human)
{
    const pd_findings *findings = human->report->findings;
    size_t count = findings == NULL ? 0 : findings->count;
    size_t shown = count;
    if (!human->options->verbose && count > FINDINGS_SHOWN)
        shown = FINDINGS_SHOWN;
    for (size_t i = 0; i < shown; i++)
        add_finding(human, &findings->items[i]);
    if (shown < count) {
        pd_human_gap(human);
        pd_strbuf_addf(human->out, "… %zu more findings, --verbose shows them\n", count - shown);
    }
}

/* Not findings: that settings changed is said, and decided by who reads it. */
void pd_human_steering(const pd_human *human)
{
    const pd_report *report = human->report;
    if (report->steering_count == 0)
        return;
    pd_human_gap(human);
    pd_human_paint(human, PD_STYLE_STRONG, "steering");
    pd_strbuf_adds(human->out, "  ");
    pd_text_wrap(human->out, pd_words_steering(report, human->arena),
                 &(pd_wrap){.indent = "          ", .column = 10, .width = human->width});
    pd_strbuf_addc(human->out, '\n');
    for (size_t i = 0; i < report->steering_count; i++) {
        const pd_steering *steering = &report->steering[i];
        const char *detail = steering->detail == NULL ? "" : steering->detail;
        pd_human_said(human, PD_STYLE_WARN, steering->what,
                      pd_arena_printf(human->arena, "%s%s%s",
                                      pd_printable(human->arena, steering->path),
                                      detail[0] == '\0' ? "" : "\n", detail));
    }
}

void pd_human_failure(const pd_human *human)
{
    const pd_failure *failure = human->report->failure;
    if (failure == NULL)
        return;
    const char *code =
        failure->sqlstate == NULL ? "" : pd_printable(human->arena, failure->sqlstate);
    add_title(human, PD_STYLE_BAD, "error", code, &failure->place);
    pd_human_said(human, PD_STYLE_PLAIN, NULL, failure->message);
    pd_human_excerpt(human, &failure->place, failure->excerpt, PD_STYLE_BAD);
    pd_human_said(human, PD_STYLE_FAINT, "detail", failure->detail);
    pd_human_said(human, PD_STYLE_HINT, "hint", failure->hint);
    pd_human_said(human, PD_STYLE_FAINT, "context", failure->context);
    pd_human_said(human, PD_STYLE_FAINT, "object", failure->object);
}

void pd_human_error(const pd_human *human)
{
    const pd_error *error = &human->report->error;
    if (error->kind == PD_ERROR_NONE)
        return;
    const pd_failure *failure = human->report->failure;
    pd_human_gap(human);
    pd_human_headline(human, "error", error->message);
    /* What the failure above has said is not said again. */
    bool repeats = failure != NULL && (pd_streq(error->detail, failure->message) ||
                                       pd_streq(error->detail, failure->detail));
    if (!repeats)
        pd_human_said(human, PD_STYLE_FAINT, "detail", error->detail);
    if (failure == NULL || !pd_streq(error->hint, failure->hint))
        pd_human_said(human, PD_STYLE_HINT, "hint", error->hint);
    if (failure == NULL)
        pd_human_said(human, PD_STYLE_FAINT, "code", error->code);
}
