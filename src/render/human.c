/* The report for people: a header, the gates, what was found and done, and a last line that says
 * whether the gate is open. All foreign text goes through base/printable.h and never begins a
 * line. */
#include "render/human.h"

#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/str.h"
#include "render/text.h"
#include "render/verdict.h"
#include "render/words.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 200

static const char *revision_text(const pd_human *human, const pd_revision *revision)
{
    const char *oid = human->options->verbose ? pd_printable(human->arena, revision->oid)
                                              : pd_human_commit(human, revision->oid);
    return pd_arena_printf(
        human->arena, "%s %s", oid,
        revision->subject == NULL ? "" : pd_printable(human->arena, revision->subject));
}

static const char *target_text(const pd_human *human, const pd_target *target)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&text, pd_blank(target->dbname) ? "the database" : target->dbname);
    if (target->ephemeral)
        pd_strbuf_adds(&text, " on a throwaway server");
    else if (!pd_blank(target->host))
        pd_strbuf_addf(&text, " on %s", target->host);
    if (!target->ephemeral && !pd_blank(target->host) && target->host[0] != '/' &&
        !pd_blank(target->port))
        pd_strbuf_addf(&text, ":%s", target->port);
    if (human->options->verbose && !pd_blank(target->user))
        pd_strbuf_addf(&text, " as %s", target->user);
    int version = target->server_version;
    if (version > 0)
        pd_strbuf_addf(&text, " (PostgreSQL %d.%d)", version / 10000, version % 10000);
    return pd_printable(human->arena, text.data);
}

static void add_folder(const pd_human *human, const pd_set *set)
{
    const char *folder = pd_blank(set->folder) ? "." : pd_printable(human->arena, set->folder);
    const char *count = pd_count_noun(human->arena, (int64_t)set->count, "migration");
    const char *layout = set->layout == PD_LAYOUT_DETECT ? "" : pd_layout_name(set->layout);
    pd_human_field(human, "folder", 8,
                   pd_arena_printf(human->arena, "%s (%s%s%s)", folder, layout,
                                   layout[0] == '\0' ? "" : ", ", count));
}

/* Where it is, and where the commit that was deployed there stands. */
static void add_database(const pd_human *human)
{
    const pd_report *report = human->report;
    const char *target = report->target == NULL ? "" : target_text(human, report->target);
    const char *standing = pd_words_standing(&report->standing, human->arena);
    const char *text = pd_arena_printf(human->arena, "%s%s%s", target,
                                       target[0] != '\0' && standing[0] != '\0' ? ", " : "",
                                       pd_printable(human->arena, standing));
    if (text[0] != '\0')
        pd_human_field(human, "database", 8, text);
}

/* The published revision, and the tip that it was found with when that is another one. */
static void add_bases(const pd_human *human)
{
    const pd_revision *base = human->report->base;
    const pd_revision *tip = human->report->base_tip;
    if (base != NULL)
        pd_human_field(human, "base", 8, revision_text(human, base));
    if (tip != NULL && (base == NULL || !pd_streq(base->oid, tip->oid)))
        pd_human_field(human, "base tip", 8, revision_text(human, tip));
}

static void add_author(const pd_human *human, const pd_revision *revision)
{
    if (revision->author == NULL)
        return;
    pd_human_field(human, "author", 8,
                   pd_arena_printf(human->arena, "%s, %s",
                                   pd_printable(human->arena, revision->author),
                                   pd_timestamp(human->arena, revision->time)));
}

/* The verdict of an earlier run that this one repeats. */
static void add_recall(const pd_human *human, const pd_recall *recall)
{
    pd_human_field(human, "verdict", 8,
                   pd_arena_printf(human->arena,
                                   "of %s, kept with deployment %.8s: nothing has changed since",
                                   pd_printable(human->arena, recall->given_at),
                                   pd_printable(human->arena, recall->deployment)));
}

void pd_human_header(const pd_human *human)
{
    const pd_report *report = human->report;
    const char *title = pd_arena_printf(human->arena, "predeploy %s", report->command);
    pd_human_paint(human, PD_STYLE_STRONG, title);
    if (report->revision != NULL) {
        pd_strbuf_addc(human->out, ' ');
        pd_text_wrap(
            human->out, revision_text(human, report->revision),
            &(pd_wrap){.indent = "  ", .column = strlen(title) + 1, .width = human->width});
    }
    pd_strbuf_addc(human->out, '\n');
    if (report->revision != NULL && human->options->verbose)
        add_author(human, report->revision);
    add_bases(human);
    if (report->set != NULL)
        add_folder(human, report->set);
    add_database(human);
    if (report->relies_on != NULL)
        add_recall(human, report->relies_on);
}

static void add_gate(const pd_human *human, const pd_gate_result *gate)
{
    static const struct {
        const char *mark;
        pd_style style;
    } marks[] = {
        [PD_GATE_SKIPPED] = {"·", PD_STYLE_FAINT},
        [PD_GATE_OPEN] = {"✔", PD_STYLE_GOOD},
        [PD_GATE_WARNED] = {"!", PD_STYLE_WARN},
        [PD_GATE_CLOSED] = {"✖", PD_STYLE_BAD},
    };
    const char *counts = pd_count_findings(human->report, gate->gate, human->arena);
    const char *note = pd_blank(gate->note) ? "" : pd_printable(human->arena, gate->note);
    const char *name = pd_gate_name(gate->gate);
    pd_strbuf_adds(human->out, "  ");
    pd_human_paint(human, marks[gate->state].style, marks[gate->state].mark);
    pd_strbuf_addf(human->out, " %s", name);
    if (counts[0] != '\0' || note[0] != '\0') {
        pd_strbuf_addn(human->out, ' ', 11 - strlen(name));
        pd_text_wrap(human->out,
                     pd_arena_printf(human->arena, "%s%s%s", counts,
                                     counts[0] != '\0' && note[0] != '\0' ? "; " : "", note),
                     &(pd_wrap){.indent = "               ", .column = 15, .width = human->width});
    }
    pd_strbuf_addc(human->out, '\n');
}

void pd_human_gates(const pd_human *human)
{
    if (human->report->gate_count == 0)
        return;
    pd_human_gap(human);
    for (size_t i = 0; i < human->report->gate_count; i++)
        add_gate(human, &human->report->gates[i]);
}

/* Who has mended a file may not have committed it. */
static void add_uncommitted(const pd_human *human)
{
    const pd_report *report = human->report;
    if (report->uncommitted == NULL)
        return;
    const char *path = pd_printable(human->arena, report->uncommitted);
    size_t others = report->uncommitted_count - 1;
    const char *text =
        others == 0 ? pd_arena_printf(human->arena,
                                      "note: %s is not what HEAD has, and HEAD is what was read: "
                                      "commit it first",
                                      path)
                    : pd_arena_printf(human->arena,
                                      "note: %s and %zu more are not what HEAD has, and HEAD is "
                                      "what was read: commit them first",
                                      path, others);
    pd_human_gap(human);
    pd_text_wrap(human->out, text, &(pd_wrap){.indent = "  ", .column = 0, .width = human->width});
    pd_strbuf_addc(human->out, '\n');
}

static void add_verdict(const pd_human *human)
{
    PD_AUTO_STRBUF line = pd_strbuf_new(PD_STRBUF_MAX);
    pd_text_wrap(&line, pd_verdict_line(human->report, human->arena),
                 &(pd_wrap){.indent = "  ", .column = 0, .width = human->width});
    pd_human_gap(human);
    pd_human_paint(human, human->report->status == 0 ? PD_STYLE_GOOD : PD_STYLE_BAD, line.data);
    pd_strbuf_addc(human->out, '\n');
}

void pd_render_human(const pd_report *report, const pd_render_options *options, pd_strbuf *out)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    int width = options->width < WIDTH_MIN ? WIDTH_MIN : options->width;
    const pd_human human = {
        .report = report,
        .options = options,
        .out = out,
        .arena = arena,
        .start = out->len,
        .width = (size_t)(width > WIDTH_MAX ? WIDTH_MAX : width),
    };
    /* A mistyped command line needs no gates around its answer. */
    if (report->error.kind == PD_ERROR_USAGE && report->revision == NULL) {
        pd_human_error(&human);
        return;
    }
    if (!options->quiet) {
        pd_human_header(&human);
        pd_human_gates(&human);
        pd_human_steering(&human);
    }
    pd_human_findings(&human);
    if (!options->quiet) {
        pd_human_plan(&human);
        pd_human_status(&human);
        pd_human_deployment(&human);
    }
    pd_human_failure(&human);
    pd_human_error(&human);
    add_uncommitted(&human);
    add_verdict(&human);
}
