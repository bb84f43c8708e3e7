#include <pg_query.h>
#include <string.h>

#include "sql/outside.h"

#define TEMPORARY "pg_temp"

static void free_deparsed(PgQueryDeparseResult *result)
{
    pg_query_free_deparse_result(*result);
}

static const char *deparse(pd_arena *arena, PgQuery__Node *statement)
{
    PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
    raw.stmt = statement;
    PgQuery__RawStmt *stmts[] = {&raw};
    PgQuery__ParseResult tree = PG_QUERY__PARSE_RESULT__INIT;
    tree.n_stmts = 1;
    tree.stmts = stmts;
    size_t len = pg_query__parse_result__get_packed_size(&tree);
    uint8_t *packed = pd_arena_alloc(arena, len);
    pg_query__parse_result__pack(&tree, packed);
    PgQueryDeparseResult result PD_CLEANUP(free_deparsed) =
        pg_query_deparse_protobuf((PgQueryProtobuf){.len = len, .data = (char *)packed});
    bool told = result.error == NULL && strlen(result.query) <= PD_SQL_DEFINITION_MAX;
    return told ? pd_arena_strdup(arena, result.query) : "";
}

/* The table keeps its name, which expressions may write in front of a column's. */
const char *pd_sql_index_definition(pd_arena *arena, const PgQuery__IndexStmt *stmt)
{
    char temporary[] = TEMPORARY;
    char nothing[] = "";
    if (stmt->relation == NULL)
        return "";
    PgQuery__RangeVar table = *stmt->relation;
    table.catalogname = nothing;
    table.schemaname = temporary;
    PgQuery__IndexStmt index = *stmt;
    index.relation = &table;
    index.idxname = nothing;
    index.table_space = nothing;
    index.concurrent = false;
    index.if_not_exists = false;
    PgQuery__Node node = PG_QUERY__NODE__INIT;
    node.node_case = PG_QUERY__NODE__NODE_INDEX_STMT;
    node.index_stmt = &index;
    return deparse(arena, &node);
}
