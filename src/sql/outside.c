#include "sql/outside.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

typedef void fill_fn(pd_arena *arena, const PgQuery__Node *statement, pd_subject *out);

static const char *kept(pd_arena *arena, const char *text)
{
    return text == NULL ? "" : pd_arena_strdup(arena, text);
}

static const char *string_of(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval : "";
}

static void fill_none(pd_arena *arena, const PgQuery__Node *statement, pd_subject *out)
{
    (void)arena;
    (void)statement;
    (void)out;
}

/* A plain column may stand in parentheses, and have a collation: the server sees through that. */
static const char *column_of(const PgQuery__IndexElem *element)
{
    if (element->name != NULL && *element->name != '\0')
        return element->name;
    const PgQuery__Node *node = element->expr;
    while (node != NULL && node->node_case == PG_QUERY__NODE__NODE_COLLATE_CLAUSE)
        node = node->collate_clause->arg;
    if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF ||
        node->column_ref->n_fields == 0)
        return "";
    return string_of(node->column_ref->fields[node->column_ref->n_fields - 1]);
}

static void add_key(pd_strbuf *out, const PgQuery__IndexElem *element)
{
    bool falls = element->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    bool first = element->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
                 (falls && element->nulls_ordering != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST);
    const char *column = column_of(element);
    if (*column == '\0')
        pd_strbuf_adds(out, "expression");
    else
        pd_strbuf_addf(out, "column %zu:%s", strlen(column), column);
    pd_strbuf_addf(out, " %d\n", (falls ? 1 : 0) + (first ? 2 : 0));
}

static const char *shape_of(pd_arena *arena, const PgQuery__IndexStmt *stmt)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_SQL_SHAPE_MAX);
    pd_strbuf_adds(&out, stmt->unique ? "unique\n" : "");
    pd_strbuf_adds(&out, stmt->nulls_not_distinct ? "nulls not distinct\n" : "");
    pd_strbuf_addf(&out, "using %s\n", stmt->access_method == NULL ? "" : stmt->access_method);
    for (size_t i = 0; i < stmt->n_index_params; i++)
        if (stmt->index_params[i]->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM)
            add_key(&out, stmt->index_params[i]->index_elem);
    for (size_t i = 0; i < stmt->n_index_including_params; i++) {
        const PgQuery__Node *node = stmt->index_including_params[i];
        const char *column =
            node->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM ? column_of(node->index_elem) : "";
        pd_strbuf_addf(&out, "include %zu:%s\n", strlen(column), column);
    }
    pd_strbuf_adds(&out, stmt->where_clause != NULL ? "where\n" : "");
    /* An index with so many columns does not exist. */
    return out.truncated ? "" : pd_strbuf_keep(&out, arena);
}

static void fill_index(pd_arena *arena, const PgQuery__Node *statement, pd_subject *out)
{
    const PgQuery__IndexStmt *stmt = statement->index_stmt;
    out->name = kept(arena, stmt->idxname);
    out->table_schema = kept(arena, stmt->relation == NULL ? NULL : stmt->relation->schemaname);
    out->table = kept(arena, stmt->relation == NULL ? NULL : stmt->relation->relname);
    out->shape = shape_of(arena, stmt);
    if (*out->name != '\0')
        out->definition = pd_sql_index_definition(arena, stmt);
    out->tolerant = stmt->if_not_exists != 0;
}

static void fill_drop(pd_arena *arena, const PgQuery__Node *statement, pd_subject *out)
{
    const PgQuery__DropStmt *stmt = statement->drop_stmt;
    out->tolerant = stmt->missing_ok != 0;
    if (stmt->n_objects == 0 || stmt->objects[0]->node_case != PG_QUERY__NODE__NODE_LIST)
        return;
    const PgQuery__List *name = stmt->objects[0]->list;
    if (name->n_items > 0)
        out->name = kept(arena, string_of(name->items[name->n_items - 1]));
    if (name->n_items > 1)
        out->schema = kept(arena, string_of(name->items[name->n_items - 2]));
}

static void fill_reindex(pd_arena *arena, const PgQuery__Node *statement, pd_subject *out)
{
    const PgQuery__ReindexStmt *stmt = statement->reindex_stmt;
    out->many = stmt->kind != PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX;
    if (stmt->relation != NULL) {
        out->schema = kept(arena, stmt->relation->schemaname);
        out->name = kept(arena, stmt->relation->relname);
    } else if (stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA) {
        out->schema = kept(arena, stmt->name);
    }
}

static void fill_detach(pd_arena *arena, const PgQuery__Node *statement, pd_subject *out)
{
    const PgQuery__AlterTableStmt *stmt = statement->alter_table_stmt;
    for (size_t i = 0; i < stmt->n_cmds; i++) {
        if (stmt->cmds[i]->node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_CMD)
            continue;
        const PgQuery__Node *def = stmt->cmds[i]->alter_table_cmd->def;
        if (def == NULL || def->node_case != PG_QUERY__NODE__NODE_PARTITION_CMD ||
            def->partition_cmd->name == NULL)
            continue;
        out->schema = kept(arena, def->partition_cmd->name->schemaname);
        out->name = kept(arena, def->partition_cmd->name->relname);
    }
    out->table_schema = kept(arena, stmt->relation == NULL ? NULL : stmt->relation->schemaname);
    out->table = kept(arena, stmt->relation == NULL ? NULL : stmt->relation->relname);
    out->tolerant = stmt->missing_ok != 0;
}

static void fill_created(pd_arena *arena, const PgQuery__Node *statement, pd_subject *out)
{
    if (statement->node_case == PG_QUERY__NODE__NODE_CREATEDB_STMT)
        out->name = kept(arena, statement->createdb_stmt->dbname);
    else if (statement->node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_SPACE_STMT)
        out->name = kept(arena, statement->create_table_space_stmt->tablespacename);
    else
        out->name = kept(arena, statement->create_subscription_stmt->subname);
}

static void fill_dropped(pd_arena *arena, const PgQuery__Node *statement, pd_subject *out)
{
    if (statement->node_case == PG_QUERY__NODE__NODE_DROPDB_STMT) {
        out->name = kept(arena, statement->dropdb_stmt->dbname);
        out->tolerant = statement->dropdb_stmt->missing_ok != 0;
    } else if (statement->node_case == PG_QUERY__NODE__NODE_DROP_TABLE_SPACE_STMT) {
        out->name = kept(arena, statement->drop_table_space_stmt->tablespacename);
        out->tolerant = statement->drop_table_space_stmt->missing_ok != 0;
    } else {
        out->name = kept(arena, statement->drop_subscription_stmt->subname);
        out->tolerant = statement->drop_subscription_stmt->missing_ok != 0;
    }
}

/* To add a publication twice, or to drop one twice, is an error. */
static bool alters_publications(const PgQuery__Node *statement)
{
    PgQuery__AlterSubscriptionType kind = statement->alter_subscription_stmt->kind;
    return kind == PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_ADD_PUBLICATION ||
           kind == PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_DROP_PUBLICATION;
}

static const struct {
    PgQuery__Node__NodeCase node_case;
    pd_outside outside; /* with PD_TRAIT_NO_TRANSACTION */
    pd_outside may;     /* without it: what runs there when it is asked for */
    fill_fn *fill;
} rows[] = {
    {PG_QUERY__NODE__NODE_INDEX_STMT, PD_OUTSIDE_CREATE_INDEX, PD_OUTSIDE_NONE, fill_index},
    {PG_QUERY__NODE__NODE_DROP_STMT, PD_OUTSIDE_DROP_INDEX, PD_OUTSIDE_NONE, fill_drop},
    {PG_QUERY__NODE__NODE_REINDEX_STMT, PD_OUTSIDE_REINDEX, PD_OUTSIDE_REPEAT, fill_reindex},
    {PG_QUERY__NODE__NODE_ALTER_TABLE_STMT, PD_OUTSIDE_DETACH, PD_OUTSIDE_NONE, fill_detach},
    {PG_QUERY__NODE__NODE_VACUUM_STMT, PD_OUTSIDE_REPEAT, PD_OUTSIDE_NONE, fill_none},
    {PG_QUERY__NODE__NODE_CLUSTER_STMT, PD_OUTSIDE_REPEAT, PD_OUTSIDE_REPEAT, fill_none},
    {PG_QUERY__NODE__NODE_CREATEDB_STMT, PD_OUTSIDE_CREATE_DATABASE, PD_OUTSIDE_NONE, fill_created},
    {PG_QUERY__NODE__NODE_DROPDB_STMT, PD_OUTSIDE_DROP_DATABASE, PD_OUTSIDE_NONE, fill_dropped},
    {PG_QUERY__NODE__NODE_ALTER_DATABASE_STMT, PD_OUTSIDE_REPEAT, PD_OUTSIDE_NONE, fill_none},
    {PG_QUERY__NODE__NODE_CREATE_TABLE_SPACE_STMT, PD_OUTSIDE_CREATE_TABLESPACE, PD_OUTSIDE_NONE,
     fill_created},
    {PG_QUERY__NODE__NODE_DROP_TABLE_SPACE_STMT, PD_OUTSIDE_DROP_TABLESPACE, PD_OUTSIDE_NONE,
     fill_dropped},
    {PG_QUERY__NODE__NODE_ALTER_SYSTEM_STMT, PD_OUTSIDE_REPEAT, PD_OUTSIDE_NONE, fill_none},
    {PG_QUERY__NODE__NODE_CREATE_SUBSCRIPTION_STMT, PD_OUTSIDE_CREATE_SUBSCRIPTION, PD_OUTSIDE_NONE,
     fill_created},
    {PG_QUERY__NODE__NODE_ALTER_SUBSCRIPTION_STMT, PD_OUTSIDE_REPEAT, PD_OUTSIDE_NONE, fill_none},
    {PG_QUERY__NODE__NODE_DROP_SUBSCRIPTION_STMT, PD_OUTSIDE_DROP_SUBSCRIPTION,
     PD_OUTSIDE_DROP_SUBSCRIPTION, fill_dropped},
    {PG_QUERY__NODE__NODE_DISCARD_STMT, PD_OUTSIDE_REPEAT, PD_OUTSIDE_NONE, fill_none},
    {PG_QUERY__NODE__NODE_CALL_STMT, PD_OUTSIDE_UNKNOWN, PD_OUTSIDE_UNKNOWN, fill_none},
    {PG_QUERY__NODE__NODE_DO_STMT, PD_OUTSIDE_UNKNOWN, PD_OUTSIDE_UNKNOWN, fill_none},
};

/* In a block of PL/pgSQL only COMMIT, ROLLBACK and CALL can end the transaction, written out or put
 * together for EXECUTE: one without these words stays in the transaction that it is run in. */
static bool may_commit(const PgQuery__DoStmt *stmt)
{
    static const char *const words[] = {"commit", "rollback", "call", "execute"};
    const char *body = "";
    for (size_t i = 0; i < stmt->n_args; i++) {
        if (stmt->args[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM)
            continue;
        const PgQuery__DefElem *option = stmt->args[i]->def_elem;
        if (pd_streq(option->defname, "language") &&
            (option->arg == NULL || !pd_streq(string_of(option->arg), "plpgsql")))
            return true;
        if (pd_streq(option->defname, "as") && option->arg != NULL)
            body = string_of(option->arg);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(body, words[i]) != NULL)
            return true;
    return false;
}

static pd_outside outside_of(size_t row, const PgQuery__Node *statement, bool alone)
{
    if (statement->node_case == PG_QUERY__NODE__NODE_DO_STMT && !may_commit(statement->do_stmt))
        return PD_OUTSIDE_NONE;
    if (!alone)
        return rows[row].may;
    bool altered = rows[row].node_case == PG_QUERY__NODE__NODE_ALTER_SUBSCRIPTION_STMT &&
                   alters_publications(statement);
    return altered ? PD_OUTSIDE_UNKNOWN : rows[row].outside;
}

static const pd_subject *subject_of(pd_arena *arena, const PgQuery__Node *statement, fill_fn *fill)
{
    pd_subject *subject = pd_arena_alloc(arena, sizeof *subject);
    *subject = (pd_subject){
        .schema = "", .name = "", .table_schema = "", .table = "", .shape = "", .definition = ""};
    fill(arena, statement, subject);
    return subject;
}

void pd_sql_outside(pd_arena *arena, const PgQuery__Node *statement, pd_statement *out)
{
    bool alone = (out->traits & PD_TRAIT_NO_TRANSACTION) != 0;
    fill_fn *fill = fill_none;
    out->outside = alone ? PD_OUTSIDE_UNKNOWN : PD_OUTSIDE_NONE;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].node_case != statement->node_case)
            continue;
        out->outside = outside_of(i, statement, alone);
        fill = rows[i].fill;
    }
    if (out->outside != PD_OUTSIDE_NONE)
        out->subject = subject_of(arena, statement, fill);
}
