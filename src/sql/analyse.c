#include "sql/analyse.h"

#include <pg_query.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "sql/classify.h"
#include "sql/ledger_refs.h"
#include "sql/lexis.h"
#include "sql/outside.h"

/* One piece of the text, as the server would get it: all of it, or what stands between two
 * breakpoints. */
typedef struct chunk {
    const char *text; /* NUL-terminated */
    size_t len;
    size_t offset; /* where it begins in the whole text */
    const pd_sql_ledger *ledger;
} chunk;

typedef PgQueryProtobufParseResult parsed;

static void free_parsed(parsed *result)
{
    pg_query_free_protobuf_parse_result(*result);
}

static void *take_from_arena(void *arena, size_t size)
{
    return pd_arena_alloc(arena, size);
}

static void leave_to_arena(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

/* The tree is the arena's: to free it node by node takes longer than to parse the text. */
static PgQuery__ParseResult *unpack(pd_arena *arena, const parsed *result)
{
    ProtobufCAllocator allocator = {
        .alloc = take_from_arena, .free = leave_to_arena, .allocator_data = arena};
    return pg_query__parse_result__unpack(&allocator, result->parse_tree.len,
                                          (const uint8_t *)result->parse_tree.data);
}

/* Always false. The text holds nothing then, as far as anyone can tell. */
static bool fail(pd_arena *arena, pd_script *out, pd_script_state state, size_t offset,
                 const char *error)
{
    size_t len = strnlen(error, PD_SQL_ERROR_MAX + 1);
    const char *more = "";
    if (len > PD_SQL_ERROR_MAX) {
        len = 0;
        while (len + pd_utf8_length(error + len, PD_SQL_ERROR_MAX + 1 - len) <= PD_SQL_ERROR_MAX)
            len += pd_utf8_length(error + len, PD_SQL_ERROR_MAX + 1 - len);
        more = "...";
    }
    *out = (pd_script){.state = state, .error_offset = offset};
    out->error = pd_arena_printf(arena, "%.*s%s", (int)len, error, more);
    return false;
}

/* Whether the data of a COPY begin at `error`, where the parser stopped: what stands in front of it
 * parses, and ends with `COPY … FROM STDIN;`. *start is then where that statement begins. */
static bool is_copy_data(pd_arena *arena, const chunk *piece, size_t error, size_t *start)
{
    const char *head = pd_arena_strndup(arena, piece->text, error);
    parsed result PD_CLEANUP(free_parsed) = pg_query_parse_protobuf(head);
    const PgQuery__ParseResult *tree = result.error == NULL ? unpack(arena, &result) : NULL;
    if (tree == NULL || tree->n_stmts == 0)
        return false;
    const PgQuery__RawStmt *last = tree->stmts[tree->n_stmts - 1];
    if (last->stmt_len <= 0 || last->stmt->node_case != PG_QUERY__NODE__NODE_COPY_STMT)
        return false;
    *start = pd_sql_skip_empty(head, error, (size_t)last->stmt_location);
    const PgQuery__CopyStmt *copy = last->stmt->copy_stmt;
    return copy->is_from && !copy->is_program && *copy->filename == '\0';
}

/* "\copy" out of "\copy t from ...". */
static const char *command_name(pd_arena *arena, const chunk *piece, size_t at)
{
    size_t end = at + 1;
    while (end < piece->len && end - at < PD_SQL_WORD_MAX &&
           memchr(" \t\r\n\f\\;", piece->text[end], 7) == NULL)
        end++;
    return pd_arena_strndup(arena, piece->text + at, end - at);
}

/* The parser refused the piece. A backslash outside of literals never begins anything in SQL, so
 * one that stopped the parser is a command of psql's. */
static bool refuse(pd_arena *arena, const chunk *piece, const PgQueryError *error, pd_script *out)
{
    size_t at = 0;
    if (error->cursorpos > 0)
        at = pd_utf8_offset(piece->text, piece->len, (size_t)error->cursorpos - 1);
    const char *message = error->message != NULL ? error->message : "";
    if (pd_starts_with(message, "out of memory"))
        pd_out_of_memory();
    if (pd_starts_with(message, "memory exhausted"))
        return fail(arena, out, PD_SCRIPT_TOO_DEEP, piece->offset + at, "it is nested too deeply");
    size_t copy = 0;
    if (at > 0 && at < piece->len && is_copy_data(arena, piece, at, &copy))
        return fail(arena, out, PD_SCRIPT_COPY_DATA, piece->offset + copy,
                    "the data of COPY FROM STDIN stand in the text");
    if (at < piece->len && piece->text[at] == '\\')
        return fail(arena, out, PD_SCRIPT_PSQL, piece->offset + at, command_name(arena, piece, at));
    return fail(arena, out, PD_SCRIPT_SYNTAX, piece->offset + at, message);
}

static const char *setting_value(const PgQuery__VariableSetStmt *stmt)
{
    if (stmt->n_args != 1 || stmt->args[0]->node_case != PG_QUERY__NODE__NODE_A_CONST)
        return "";
    const PgQuery__AConst *value = stmt->args[0]->a_const;
    return value->val_case == PG_QUERY__A__CONST__VAL_SVAL ? value->sval->sval : "";
}

/* Whether the server would read what follows by other rules than the parser here does, so that a
 * literal to one is code to the other: backslashes in plain literals, and encodings whose
 * characters may end with a quote's or a backslash's byte. */
static bool changes_reading(const PgQuery__Node *node)
{
    static const struct {
        const char *name;
        const char *harmless[3];
    } settings[] = {
        {"standard_conforming_strings", {"on", "true", "yes"}},
        {"client_encoding", {"UTF8", "UTF-8", "unicode"}},
    };
    if (node->node_case != PG_QUERY__NODE__NODE_VARIABLE_SET_STMT)
        return false;
    const PgQuery__VariableSetStmt *stmt = node->variable_set_stmt;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcasecmp(stmt->name, settings[i].name) != 0)
            continue;
        bool harmless = stmt->kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE;
        for (size_t k = 0; k < 3; k++)
            harmless |= strcasecmp(setting_value(stmt), settings[i].harmless[k]) == 0;
        return !harmless;
    }
    return false;
}

/* Adds one statement whose text ends at `end`, and begins with the first token behind *covered;
 * false when bytes that are no blanks or comments would belong to no statement. */
static bool add_statement(pd_arena *arena, pd_sql_tables *tables, const chunk *piece,
                          const PgQuery__RawStmt *raw, size_t *covered, pd_script *out)
{
    size_t start = pd_sql_skip_empty(piece->text, piece->len, *covered);
    size_t end =
        raw->stmt_len > 0 ? (size_t)raw->stmt_location + (size_t)raw->stmt_len : piece->len;
    bool covers = raw->stmt_location >= 0 && raw->stmt_len >= 0 && raw->stmt != NULL &&
                  (size_t)raw->stmt_location <= start && start < end && end <= piece->len;
    if (!covers)
        return fail(arena, out, PD_SCRIPT_SYNTAX, piece->offset + start,
                    "the text cannot be divided into statements");
    if (changes_reading(raw->stmt))
        return fail(arena, out, PD_SCRIPT_TOO_DEEP, piece->offset + start,
                    "it changes how the server reads what follows");
    *covered = end;
    while (end > start && strchr(" \t\r\n\f", piece->text[end - 1]) != NULL)
        end--;
    pd_statement statement = {.offset = start, .len = end - start};
    pd_sql_classify(arena, tables, raw->stmt, piece->text, &statement);
    statement.traits |= pd_sql_ledger_trait(raw->stmt, piece->ledger);
    statement.offset += piece->offset;
    *PD_PUSH(arena, out->statements, out->count, out->capacity) = statement;
    return true;
}

static bool analyse_chunk(pd_arena *arena, pd_sql_tables *tables, const chunk *piece,
                          pd_script *out)
{
    parsed result PD_CLEANUP(free_parsed) = pg_query_parse_protobuf(piece->text);
    if (result.error != NULL)
        return refuse(arena, piece, result.error, out);
    const PgQuery__ParseResult *tree = unpack(arena, &result);
    if (tree == NULL)
        return fail(arena, out, PD_SCRIPT_TOO_DEEP, piece->offset, "its parse tree cannot be read");
    size_t covered = 0;
    for (size_t i = 0; i < tree->n_stmts; i++)
        if (!add_statement(arena, tables, piece, tree->stmts[i], &covered, out))
            return false;
    size_t rest = pd_sql_skip_empty(piece->text, piece->len, covered);
    if (rest < piece->len)
        return fail(arena, out, PD_SCRIPT_SYNTAX, piece->offset + rest,
                    "the text cannot be divided into statements");
    return true;
}

void pd_sql_analyse(pd_arena *arena, pd_sql_tables *tables, const pd_sql_input *input,
                    pd_script *out)
{
    *out = (pd_script){.state = PD_SCRIPT_OK, .error = ""};
    pd_sql_tables_begin(tables);
    if (input->len > PD_SQL_TEXT_MAX) {
        fail(arena, out, PD_SCRIPT_TOO_DEEP, 0, "it is too large");
        return;
    }
    const char *nul = memchr(input->text, '\0', input->len);
    if (nul != NULL) {
        fail(arena, out, PD_SCRIPT_SYNTAX, (size_t)(nul - input->text), "the text holds a NUL");
        return;
    }
    for (size_t at = 0; at <= input->len;) {
        size_t end =
            input->breakpoints ? pd_sql_find_breakpoint(input->text, input->len, at) : input->len;
        chunk piece = {
            .text = input->text + at, .len = end - at, .offset = at, .ledger = input->ledger};
        if (end < input->len)
            piece.text = pd_arena_strndup(arena, piece.text, piece.len);
        if (!analyse_chunk(arena, tables, &piece, out))
            return;
        at = end + (end < input->len ? strlen(PD_SQL_BREAKPOINT) : 1);
    }
    pd_sql_part_script(out);
}
