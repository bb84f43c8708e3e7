#include "base/str.h"
#include "base/strbuf.h"
#include "pg/apply.h"
#include "pg/errors.h"

static const char *kept(pd_arena *arena, const PGresult *error, int field)
{
    const char *text = pd_pg_field(error, field);
    return *text == '\0' ? NULL : pd_arena_strdup(arena, text);
}

static const char *object_of(pd_arena *arena, const PGresult *error)
{
    const char *schema = pd_pg_field(error, PG_DIAG_SCHEMA_NAME);
    const char *table = pd_pg_field(error, PG_DIAG_TABLE_NAME);
    const char *type = pd_pg_field(error, PG_DIAG_DATATYPE_NAME);
    const char *column = pd_pg_field(error, PG_DIAG_COLUMN_NAME);
    const char *constraint = pd_pg_field(error, PG_DIAG_CONSTRAINT_NAME);
    const char *name = *table != '\0' ? table : type;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&out, "%s%s%s", schema, *schema != '\0' && *name != '\0' ? "." : "", name);
    if (*column != '\0') {
        pd_strbuf_addf(&out, "%scolumn %s", out.len > 0 ? ", " : "", column);
    }
    if (*constraint != '\0') {
        pd_strbuf_addf(&out, "%sconstraint %s", out.len > 0 ? ", " : "", constraint);
    }
    return out.len == 0 ? NULL : pd_strbuf_keep(&out, arena);
}

/* Byte of the step's text that the error belongs to: the server counts characters of what it was
 * sent, from 1. Without a position it is the statement's begin. */
static size_t offset_of(const pd_step *step, const pd_statement *statement, const PGresult *error)
{
    size_t begin = statement == NULL ? 0 : statement->offset;
    size_t len = statement == NULL ? step->len : statement->len;
    uint64_t position = 0;
    if (!pd_parse_uint(pd_pg_field(error, PG_DIAG_STATEMENT_POSITION), INT32_MAX, &position) ||
        position == 0) {
        return begin;
    }
    return begin + pd_utf8_offset(step->text + begin, len, (size_t)(position - 1));
}

static pd_failure *place_at(pd_apply *apply, const pd_step *step, size_t offset,
                            const PGresult *error, const char *message)
{
    pd_arena *arena = apply->arena;
    pd_failure *failure = pd_arena_alloc(arena, sizeof *failure);
    pd_findings findings = {.arena = arena};
    pd_finding finding = {0};
    pd_finding_at(&findings, &finding, step->text, step->len, offset);
    failure->migration = step->name;
    failure->place = finding.place;
    failure->place.path = step->path;
    failure->excerpt = finding.excerpt;
    const char *said = pd_pg_field(error, PG_DIAG_MESSAGE_PRIMARY);
    failure->sqlstate = pd_arena_strdup(arena, pd_pg_field(error, PG_DIAG_SQLSTATE));
    failure->message = pd_arena_strdup(arena, *said == '\0' ? message : said);
    failure->detail = kept(arena, error, PG_DIAG_MESSAGE_DETAIL);
    failure->hint = kept(arena, error, PG_DIAG_MESSAGE_HINT);
    failure->context = kept(arena, error, PG_DIAG_CONTEXT);
    failure->object = object_of(arena, error);
    const char *inner = pd_pg_field(error, PG_DIAG_INTERNAL_QUERY);
    if (*inner != '\0') {
        failure->context = pd_arena_printf(arena, "%s%sinternal query: %s",
                                           failure->context == NULL ? "" : failure->context,
                                           failure->context == NULL ? "" : "\n", inner);
    }
    apply->result->failure = failure;
    return failure;
}

void pd_apply_place(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                    const PGresult *error, const char *message)
{
    (void)place_at(apply, step, offset_of(step, statement, error), error, message);
}

void pd_apply_place_instead(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                            const PGresult *error, const char *message)
{
    pd_failure *failure = place_at(apply, step, statement->offset, error, message);
    failure->message = pd_streq(failure->message, message)
                           ? message
                           : pd_arena_printf(apply->arena, "%s: %s", message, failure->message);
}
