#include "cli/init.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/printable.h"
#include "base/str.h"
#include "cli/elsewhere.h"
#include "cli/output.h"
#include "render/text.h"

#define FINDINGS_SHOWN 50
#define INDENT "        "

static const char *action_word(pd_init_action action)
{
    switch (action) {
    case PD_INIT_CREATE:
        return "create";
    case PD_INIT_CHANGE:
        return "change";
    case PD_INIT_KEEP:
        break;
    }
    return "keep";
}

pd_init_step *pd_init_add(pd_init *init, pd_init_action action, const char *path, const char *why,
                          const char *content)
{
    assert(init->count < PD_INIT_STEPS_MAX);
    pd_init_step *step = &init->steps[init->count++];
    *step = (pd_init_step){
        .action = action,
        .path = path,
        .why = why,
        .content = content,
        .commits = action != PD_INIT_KEEP,
    };
    return step;
}

bool pd_init_has_work(const pd_init *init)
{
    return init->settings != NULL || init->sums != NULL || init->hook;
}

/* One line of printable text behind an indent, wrapped for who reads it. */
static void add_text(pd_strbuf *out, const char *indent, const char *text)
{
    const pd_wrap wrap = {indent, strlen(indent), (size_t)pd_output_width(STDOUT_FILENO)};
    pd_strbuf_adds(out, indent);
    pd_text_wrap(out, text, &wrap);
    pd_strbuf_addc(out, '\n');
}

static void show_set(const pd_context *context, const pd_init *init, pd_strbuf *out)
{
    const pd_set *set = &context->set;
    if (set->count == 0 && set->orphan_count == 0) {
        add_text(out, "",
                 "no migrations stand in the work tree yet: write the first one "
                 "(`drizzle-kit generate`; or `predeploy new NAME`, to migrations/ unless --path "
                 "and --layout say otherwise), then run init again");
        return;
    }
    pd_strbuf_addf(out, "%zu migration%s in %s, layout %s", set->count, set->count == 1 ? "" : "s",
                   set->folder[0] == '\0' ? "the root" : pd_printable(context->arena, set->folder),
                   pd_layout_name(set->layout));
    if (init->without_companion > 0)
        pd_strbuf_addf(out, ", %zu without a rollback companion", init->without_companion);
    pd_strbuf_addc(out, '\n');
    if (init->without_companion > 0)
        add_text(out, INDENT,
                 "a migration that is applied without its companion cannot be rolled back later: "
                 "write those that you may need before the first deployment");
}

static void show_step(const pd_context *context, const pd_init_step *step, pd_strbuf *out)
{
    pd_strbuf_addf(out, "%-7s %s\n", action_word(step->action),
                   pd_printable(context->arena, step->path));
    add_text(out, INDENT, step->why);
    for (const char *line = step->content; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        pd_strbuf_adds(out, "        | ");
        pd_printable_add(out, line, len, PD_PRINTABLE_LINE, "");
        pd_strbuf_addc(out, '\n');
        line += len + (line[len] == '\n');
    }
}

static void show_finding(const pd_context *context, const pd_finding *finding, pd_strbuf *out)
{
    pd_arena *arena = context->arena;
    pd_strbuf_addf(out, "%-7s %s", pd_severity_name(finding->severity), pd_rule_id(finding->rule));
    if (finding->place.path != NULL)
        pd_strbuf_addf(out, "  %s", pd_printable(arena, finding->place.path));
    if (finding->place.path != NULL && finding->place.line > 0)
        pd_strbuf_addf(out, ":%d", finding->place.line);
    pd_strbuf_addc(out, '\n');
    add_text(out, INDENT, pd_printable(arena, finding->message));
    if (!pd_blank(finding->hint))
        add_text(out, INDENT,
                 pd_arena_printf(arena, "hint: %s", pd_printable(arena, finding->hint)));
}

void pd_init_show(const pd_context *context, const pd_init *init, pd_strbuf *out)
{
    const pd_findings *findings = &context->findings;
    show_set(context, init, out);
    for (size_t i = 0; i < init->count; i++)
        if (!context->args.quiet || init->steps[i].action != PD_INIT_KEEP ||
            init->steps[i].content[0] != '\0')
            show_step(context, &init->steps[i], out);
    size_t wrong = findings->count + init->ignored.count;
    if (wrong == 0)
        return;
    pd_strbuf_addf(out, "found wrong: %zu, none of which keeps init from writing\n", wrong);
    pd_ignored_show(context->arena, &init->ignored, "        ", out);
    for (size_t i = 0; i < findings->count && i < FINDINGS_SHOWN; i++)
        show_finding(context, &findings->items[i], out);
    if (findings->count > FINDINGS_SHOWN)
        pd_strbuf_addf(out, "        and %zu more: `predeploy check` shows all\n",
                       findings->count - FINDINGS_SHOWN);
}

/* ":/" is git's word for the root, where somebody stands in a folder below it. */
static void add_word(const pd_context *context, const char *path, pd_strbuf *out)
{
    const char *word = pd_printable(context->arena, path);
    if (pd_elsewhere_here(context) != NULL)
        word = pd_arena_printf(context->arena, ":/%s", word);
    else if (path[0] == '-')
        word = pd_arena_printf(context->arena, "./%s", word);
    pd_strbuf_adds(out, out->len == 0 ? "git add " : " ");
    pd_strbuf_adds(out, pd_shell_word(context->arena, word));
}

/* The whole folder, as the migrations themselves may not be committed yet either. */
static const char *next_command(const pd_context *context, const pd_init *init)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    const char *folder = context->set.folder;
    bool whole = folder[0] != '\0' && (context->set.count > 0 || context->set.orphan_count > 0);
    bool any = false;
    for (size_t i = 0; i < init->count; i++) {
        const pd_init_step *step = &init->steps[i];
        any = any || step->commits;
        bool below = pd_starts_with(step->path, folder) && step->path[strlen(folder)] == '/';
        if (step->commits && !(whole && below))
            add_word(context, step->path, &out);
    }
    if (!any)
        return NULL;
    if (whole)
        add_word(context, folder, &out);
    pd_strbuf_adds(&out, " && git commit -m \"Under the gate\"");
    return pd_strbuf_keep(&out, context->arena);
}

void pd_init_done(const pd_context *context, const pd_init *init, pd_strbuf *out)
{
    const char *next = next_command(context, init);
    if (!pd_init_has_work(init)) {
        if (next == NULL)
            pd_strbuf_adds(out, "nothing to do\n");
        else
            pd_strbuf_addf(out, "nothing to write\nnext: %s\nthen: predeploy check\n", next);
        return;
    }
    if (context->args.dry_run) {
        pd_strbuf_adds(out, "nothing was written (--dry-run)\n");
        return;
    }
    pd_strbuf_adds(out, "written\n");
    if (next != NULL)
        pd_strbuf_addf(out, "next: %s\nthen: predeploy check\n", next);
    if (context->set.layout == PD_LAYOUT_DRIZZLE_FOLDERS)
        add_text(out, "",
                 "also: drizzle-kit push of this version asks to drop schemas that it does not "
                 "know, predeploy's too: put schemaFilter: ['public'] into drizzle.config");
}

static json_t *steps_json(const pd_init *init)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < init->count; i++) {
        const pd_init_step *step = &init->steps[i];
        json_t *item = json_object();
        json_object_set_new(item, "path", pd_json_text(step->path));
        json_object_set_new(item, "action", json_string(action_word(step->action)));
        json_object_set_new(item, "why", json_string(step->why));
        json_object_set_new(item, "content", pd_json_text(step->content));
        json_array_append_new(steps, item);
    }
    return steps;
}

static json_t *findings_json(const pd_findings *findings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const pd_finding *finding = &findings->items[i];
        json_t *item = json_object();
        int line = finding->place.line;
        json_object_set_new(item, "rule", json_string(pd_rule_id(finding->rule)));
        json_object_set_new(item, "severity", json_string(pd_severity_name(finding->severity)));
        json_object_set_new(item, "path", pd_json_text(finding->place.path));
        json_object_set_new(item, "line", line > 0 ? json_integer(line) : json_null());
        json_object_set_new(item, "message", pd_json_text(finding->message));
        json_object_set_new(item, "hint", pd_json_text(finding->hint));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *ignored_json(const pd_ignored *ignored)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ignored->count; i++)
        json_array_append_new(list, pd_json_text(ignored->paths[i]));
    return list;
}

void pd_init_json(const pd_context *context, const pd_init *init, pd_strbuf *out)
{
    const pd_set *set = &context->set;
    bool empty = set->count == 0 && set->orphan_count == 0;
    bool written = pd_init_has_work(init) && !context->args.dry_run;
    PD_AUTO_JSON root = json_object();
    json_object_set_new(root, "schema", json_string("predeploy-init/1"));
    json_object_set_new(root, "folder", empty ? json_null() : pd_json_text(set->folder));
    json_object_set_new(root, "layout",
                        empty ? json_null() : json_string(pd_layout_name(set->layout)));
    json_object_set_new(root, "migrations", json_integer((json_int_t)set->count));
    json_object_set_new(root, "without_companion",
                        json_integer((json_int_t)init->without_companion));
    json_object_set_new(root, "written", json_boolean(written));
    json_object_set_new(root, "steps", steps_json(init));
    json_object_set_new(root, "ignored", ignored_json(&init->ignored));
    json_object_set_new(root, "findings", findings_json(&context->findings));
    json_object_set_new(root, "next", pd_json_text(next_command(context, init)));
    pd_json_write(out, root, true);
    pd_strbuf_addc(out, '\n');
}
