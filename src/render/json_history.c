/* What history and the base say: an edit, where the database stands, what steers the gates. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "render/json.h"

/* null when that version has no statement there, or is not known. */
static json_t *statement_value(int line, int column, const char *excerpt)
{
    if (line <= 0 && pd_blank(excerpt))
        return json_null();
    json_t *value = json_object();
    pd_put_position(value, "line", line);
    pd_put_position(value, "column", column);
    pd_put_text(value, "excerpt", excerpt == NULL ? "" : excerpt);
    return value;
}

static json_t *commit_value(const pd_change *change, pd_arena *arena)
{
    if (pd_blank(change->commit))
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "commit", change->commit);
    pd_put_said(value, "author", change->author);
    pd_put_said(value, "subject", change->subject);
    pd_put_text(value, "time", change->time > 0 ? pd_timestamp(arena, change->time) : NULL);
    return value;
}

json_t *pd_json_change(const pd_change *change, pd_arena *arena)
{
    if (change == NULL)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "kind", pd_change_name(change->kind));
    pd_put(value, "old",
           statement_value(change->old_line, change->old_column, change->old_excerpt));
    pd_put(value, "new",
           statement_value(change->new_line, change->new_column, change->new_excerpt));
    pd_put(value, "changed_by", commit_value(change, arena));
    return value;
}

json_t *pd_json_standing(const pd_standing *standing)
{
    if (standing->relation == PD_RELATION_NONE)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "relation", pd_relation_name(standing->relation));
    pd_put_said(value, "commit", standing->commit);
    return value;
}

static json_t *lines_value(const char *text, pd_arena *arena)
{
    json_t *lines = json_array();
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, "\n");
        if (len > 0)
            pd_push(lines, pd_json_text(pd_arena_strndup(arena, text, len)));
        text += text[len] == '\0' ? len : len + 1;
    }
    return lines;
}

json_t *pd_json_steering(const pd_report *report, pd_arena *arena)
{
    json_t *array = json_array();
    for (size_t i = 0; i < report->steering_count; i++) {
        json_t *value = json_object();
        pd_put_text(value, "path", report->steering[i].path);
        pd_put_text(value, "what", report->steering[i].what);
        pd_put(value, "detail", lines_value(report->steering[i].detail, arena));
        pd_push(array, value);
    }
    return array;
}
