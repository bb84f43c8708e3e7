#include "sql/wire.h"

#include <string.h>

#include "sql/lexis.h"
#include "sql/outside.h"

#define TEXT_MAX 1024 /* bytes of a verb, an object or an error */
#define TRAITS_ALL                                                                                 \
    ((unsigned)(PD_TRAIT_NO_TRANSACTION | PD_TRAIT_TRANSACTION_CONTROL | PD_TRAIT_COPY_STDIN |     \
                PD_TRAIT_TABLES_UNKNOWN | PD_TRAIT_PARTS | PD_TRAIT_SESSION | PD_TRAIT_LEDGER |    \
                PD_TRAIT_LIMITS_BACK | PD_TRAIT_LOCK_LIMIT | PD_TRAIT_LOCAL))

static void put_number(pd_strbuf *out, uint64_t number)
{
    pd_strbuf_add(out, &number, sizeof number);
}

static void put_text(pd_strbuf *out, const char *text)
{
    size_t len = strlen(text);
    put_number(out, len);
    pd_strbuf_add(out, text, len);
}

static void put_subject(pd_strbuf *out, const pd_subject *subject)
{
    put_number(out, subject != NULL);
    if (subject == NULL)
        return;
    put_text(out, subject->schema);
    put_text(out, subject->name);
    put_text(out, subject->table_schema);
    put_text(out, subject->table);
    put_text(out, subject->shape);
    put_text(out, subject->definition);
    put_number(out, subject->many);
    put_number(out, subject->tolerant);
}

bool pd_sql_wire_put(pd_strbuf *out, size_t index, const pd_script *script)
{
    size_t start = out->len;
    put_number(out, index);
    put_number(out, 0);
    put_number(out, (uint64_t)script->state);
    put_number(out, script->error_offset);
    put_text(out, script->error);
    put_number(out, script->count);
    for (size_t i = 0; i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        put_number(out, statement->offset);
        put_number(out, statement->len);
        put_number(out, statement->traits);
        put_number(out, (uint64_t)(int64_t)statement->tables_delta);
        put_text(out, statement->verb);
        put_text(out, statement->object);
        put_text(out, statement->table);
        put_number(out, (uint64_t)statement->outside);
        put_subject(out, statement->subject);
        put_number(out, (uint64_t)statement->lock_ms);
    }
    if (out->truncated)
        return false;
    uint64_t body_len = out->len - start - PD_SQL_FRAME_HEADER;
    memcpy(out->data + start + sizeof body_len, &body_len, sizeof body_len);
    return true;
}

void pd_sql_wire_header(const char *data, uint64_t *index, uint64_t *body_len)
{
    memcpy(index, data, sizeof *index);
    memcpy(body_len, data + sizeof *index, sizeof *body_len);
}

/* What is left to read; the first thing that is not there or too large makes it bad for good. */
typedef struct reader {
    const char *at;
    size_t left;
    bool bad;
} reader;

static uint64_t get_number(reader *in, uint64_t max)
{
    uint64_t number = 0;
    if (in->left < sizeof number) {
        in->bad = true;
        return 0;
    }
    memcpy(&number, in->at, sizeof number);
    in->at += sizeof number;
    in->left -= sizeof number;
    if (number > max)
        in->bad = true;
    return in->bad ? 0 : number;
}

static const char *get_long_text(reader *in, pd_arena *arena, size_t max)
{
    size_t len = (size_t)get_number(in, max);
    if (in->bad || len > in->left || memchr(in->at, '\0', len) != NULL) {
        in->bad = true;
        return "";
    }
    const char *text = pd_arena_strndup(arena, in->at, len);
    in->at += len;
    in->left -= len;
    return text;
}

static const char *get_text(reader *in, pd_arena *arena)
{
    return get_long_text(in, arena, TEXT_MAX);
}

static const pd_subject *get_subject(reader *in, pd_arena *arena)
{
    if (get_number(in, 1) == 0)
        return NULL;
    pd_subject *subject = pd_arena_alloc(arena, sizeof *subject);
    subject->schema = get_text(in, arena);
    subject->name = get_text(in, arena);
    subject->table_schema = get_text(in, arena);
    subject->table = get_text(in, arena);
    subject->shape = get_long_text(in, arena, PD_SQL_SHAPE_MAX);
    subject->definition = get_long_text(in, arena, PD_SQL_DEFINITION_MAX);
    subject->many = get_number(in, 1) != 0;
    subject->tolerant = get_number(in, 1) != 0;
    return subject;
}

static void get_statement(reader *in, pd_arena *arena, size_t text_len, pd_statement *out)
{
    out->offset = (size_t)get_number(in, text_len);
    out->len = (size_t)get_number(in, text_len - out->offset);
    out->traits = (unsigned)get_number(in, TRAITS_ALL);
    int64_t delta = (int64_t)get_number(in, UINT64_MAX);
    /* a statement has no room for more names than bytes */
    if (delta > 1 || delta < -(int64_t)text_len || delta < INT32_MIN)
        in->bad = true;
    out->tables_delta = in->bad ? 0 : (int)delta;
    out->verb = get_text(in, arena);
    out->object = get_text(in, arena);
    out->table = get_text(in, arena);
    out->outside = (pd_outside)get_number(in, PD_OUTSIDE_COUNT - 1);
    out->subject = get_subject(in, arena);
    out->lock_ms = (int64_t)get_number(in, INT32_MAX);
    bool alone = (out->traits & PD_TRAIT_NO_TRANSACTION) != 0;
    if ((out->outside == PD_OUTSIDE_NONE) != (out->subject == NULL) ||
        (alone && out->outside == PD_OUTSIDE_NONE))
        in->bad = true;
}

bool pd_sql_wire_get(pd_arena *arena, const char *body, size_t body_len, const char *text,
                     size_t text_len, pd_script *out)
{
    reader in = {.at = body, .left = body_len};
    *out = (pd_script){.state = (pd_script_state)get_number(&in, PD_SCRIPT_COPY_DATA)};
    out->error_offset = (size_t)get_number(&in, text_len);
    out->error = get_text(&in, arena);
    size_t count = (size_t)get_number(&in, out->state == PD_SCRIPT_OK ? text_len : 0);
    pd_sql_cursor cursor = PD_SQL_CURSOR_START;
    size_t end = 0;
    for (size_t i = 0; i < count && !in.bad; i++) {
        pd_statement statement = {0};
        get_statement(&in, arena, text_len, &statement);
        if (statement.offset < end || statement.len == 0)
            in.bad = true;
        end = statement.offset + statement.len;
        pd_sql_cursor_move(&cursor, text, text_len, statement.offset);
        statement.line = cursor.line;
        statement.column = cursor.column;
        *PD_PUSH(arena, out->statements, out->count, out->capacity) = statement;
    }
    return !in.bad && in.left == 0;
}
