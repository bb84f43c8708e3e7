#include "render/words.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "render/verdict.h"

#define COMMIT_DIGITS 7
#define EXCERPT_CHARS 100 /* JSON has all of it */

const char *pd_words_standing(const pd_standing *standing, pd_arena *arena)
{
    static const char *const words[] = {
        [PD_RELATION_NONE] = "",
        [PD_RELATION_BEHIND] = "behind this revision",
        [PD_RELATION_EQUAL] = "which is this revision",
        [PD_RELATION_AHEAD] = "ahead of this revision",
        [PD_RELATION_DIVERGED] = "which has diverged from this revision",
        [PD_RELATION_UNKNOWN] = "which this clone does not know",
    };
    if (standing->relation == PD_RELATION_NONE || pd_blank(standing->commit))
        return "";
    return pd_arena_printf(arena, "at %.*s, %s", COMMIT_DIGITS, standing->commit,
                           words[standing->relation]);
}

static const char *line_words(pd_arena *arena, int line, int column)
{
    if (column > 1)
        return pd_arena_printf(arena, "line %d, column %d", line, column);
    return pd_arena_printf(arena, "line %d", line);
}

static const char *brief(pd_arena *arena, const char *excerpt)
{
    size_t len = strlen(excerpt);
    size_t kept = pd_utf8_offset(excerpt, len, EXCERPT_CHARS);
    return pd_arena_printf(arena, "`%.*s%s`", (int)kept, excerpt, kept < len ? "…" : "");
}

/* "was `OLD`, is `NEW`", with the old place when that is another; one may be missing. */
static const char *versions(const pd_change *change, pd_arena *arena)
{
    bool was = !pd_blank(change->old_excerpt);
    bool is = !pd_blank(change->new_excerpt);
    const char *old = was ? brief(arena, change->old_excerpt) : "";
    bool moved = change->old_line != change->new_line || change->old_column != change->new_column;
    if (was && change->old_line > 0 && moved)
        old = pd_arena_printf(arena, "%s (%s)", old,
                              line_words(arena, change->old_line, change->old_column));
    if (was && is)
        return pd_arena_printf(arena, "was %s, is %s", old, brief(arena, change->new_excerpt));
    if (was)
        return pd_arena_printf(arena, "was %s, is gone", old);
    return is ? pd_arena_printf(arena, "%s is new", brief(arena, change->new_excerpt)) : "";
}

const char *pd_words_change(const pd_finding *finding, pd_arena *arena)
{
    const pd_change *change = finding->change;
    const char *what = change == NULL ? "" : pd_change_text(change->kind);
    if (what[0] == '\0')
        return "";
    const char *details = versions(change, arena);
    if (change->kind != PD_CHANGE_SQL || details[0] == '\0')
        return strstr(finding->message, what) != NULL ? "" : what;
    if (change->new_line > 0)
        what = pd_arena_printf(arena, "%s in the statement at %s", what,
                               line_words(arena, change->new_line, change->new_column));
    return pd_arena_printf(arena, "%s: %s", what, details);
}

const char *pd_words_origin(const pd_finding *finding, pd_arena *arena)
{
    const pd_change *change = finding->change;
    if (change == NULL || pd_blank(change->commit))
        return "";
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    bool author = !pd_blank(change->author);
    const char *what = finding->rule == PD_RULE_HISTORY_REMOVED ? "removed" : "changed";
    pd_strbuf_addf(&text, "%s by %.*s", what, COMMIT_DIGITS, change->commit);
    if (author)
        pd_strbuf_addf(&text, " (%s", change->author);
    if (change->time > 0)
        pd_strbuf_addf(&text, "%s%.10s", author ? ", " : " (", pd_timestamp(arena, change->time));
    if (author || change->time > 0)
        pd_strbuf_addc(&text, ')');
    if (!pd_blank(change->subject))
        pd_strbuf_addf(&text, ": \"%s\"", change->subject);
    return pd_strbuf_keep(&text, arena);
}

/* A line of its own behind what was said before; no empty lines around it. */
static void add(pd_strbuf *text, const char *label, const char *said)
{
    if (pd_blank(said))
        return;
    said += strspn(said, "\r\n");
    size_t len = strlen(said);
    while (len > 0 && strchr("\r\n", said[len - 1]) != NULL)
        len--;
    if (text->len > 0)
        pd_strbuf_addc(text, '\n');
    pd_strbuf_adds(text, label);
    pd_strbuf_add(text, said, len);
}

const char *pd_words_finding(const pd_finding *finding, pd_arena *arena)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    add(&text, "", finding->message);
    add(&text, "", pd_words_change(finding, arena));
    add(&text, "", pd_words_origin(finding, arena));
    add(&text, "hint: ", finding->hint);
    return pd_strbuf_keep(&text, arena);
}

const char *pd_words_failure(const pd_failure *failure, pd_arena *arena)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    add(&text, "", failure->message);
    add(&text, "detail: ", failure->detail);
    add(&text, "hint: ", failure->hint);
    add(&text, "context: ", failure->context);
    add(&text, "object: ", failure->object);
    return pd_strbuf_keep(&text, arena);
}

const char *pd_words_error(const pd_error *error, const pd_failure *failure, pd_arena *arena)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    add(&text, "", error->message);
    bool repeats = failure != NULL && (pd_streq(error->detail, failure->message) ||
                                       pd_streq(error->detail, failure->detail));
    add(&text, "detail: ", repeats ? "" : error->detail);
    add(&text,
        "hint: ", failure != NULL && pd_streq(error->hint, failure->hint) ? "" : error->hint);
    add(&text, "code: ", failure != NULL ? "" : error->code);
    return pd_strbuf_keep(&text, arena);
}

const char *pd_words_steering(const pd_report *report, pd_arena *arena)
{
    if (report->steering_count == 0)
        return "";
    bool one = report->steering_count == 1;
    return pd_arena_printf(arena, "%s that %s the gates %s not what the base has",
                           pd_count_noun(arena, (int64_t)report->steering_count, "file"),
                           one ? "steers" : "steer", one ? "is" : "are");
}
