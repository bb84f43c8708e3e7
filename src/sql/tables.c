#include "sql/tables.h"

#include <strings.h>

#include "base/str.h"
#include "sql/tree.h"

#define BUCKETS 4096

/* What a name has stood for, in this batch, at any time. A table is only taken for what it was
 * made as when its name has never stood for anything else. */
enum {
    MARK_ORDINARY = 1 << 0,
    MARK_TEMPORARY = 1 << 1,
    MARK_OTHER = 1 << 2, /* a partition, or something that was here before */
};

typedef struct named {
    struct named *next;
    const char *schema; /* "" when it cannot be told */
    const char *name;
    unsigned marks;
    size_t text; /* the one that made the temporary table */
    size_t drop; /* the statement that dropped it last */
} named;

struct pd_sql_tables {
    pd_arena *arena;
    const char *schema;
    bool unqualified;
    bool path_changed;    /* in this text: unqualified names may mean any schema */
    bool schemas_changed; /* in this batch: search_path may find another schema first */
    bool hooks;           /* in this batch: triggers or rules run code on writes */
    size_t text;
    size_t drops; /* DROP TABLE statements so far */
    named *buckets[BUCKETS];
};

static const pd_sql_effect none = {.unknown = false, .delta = 0};
static const pd_sql_effect unknown = {.unknown = true, .delta = 0};

pd_sql_tables *pd_sql_tables_new(pd_arena *arena, const char *schema, bool unqualified)
{
    pd_sql_tables *tables = pd_arena_alloc(arena, sizeof *tables);
    tables->arena = arena;
    tables->schema = schema;
    tables->unqualified = unqualified;
    return tables;
}

void pd_sql_tables_begin(pd_sql_tables *tables)
{
    tables->text++;
    tables->path_changed = false;
}

static bool steady(const pd_sql_tables *tables)
{
    return !tables->path_changed && !tables->schemas_changed;
}

static bool is_qualified(const char *schema)
{
    return schema != NULL && *schema != '\0';
}

static const char *schema_meant(const pd_sql_tables *tables, const char *schema)
{
    if (is_qualified(schema))
        return schema;
    return tables->unqualified && steady(tables) ? tables->schema : "";
}

static size_t hash_name(const char *name)
{
    /* FNV-1a, 32 bits */
    uint32_t hash = 2166136261U;
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return hash % BUCKETS;
}

static named *find(const pd_sql_tables *tables, const char *schema, const char *name)
{
    schema = schema_meant(tables, schema);
    for (named *item = tables->buckets[hash_name(name)]; item != NULL; item = item->next)
        if (pd_streq(item->name, name) && pd_streq(item->schema, schema))
            return item;
    return NULL;
}

static void mark(pd_sql_tables *tables, const char *schema, const char *name, unsigned marks)
{
    named *item = find(tables, schema, name);
    if (item == NULL) {
        named **bucket = &tables->buckets[hash_name(name)];
        item = pd_arena_alloc(tables->arena, sizeof *item);
        item->schema = pd_arena_strdup(tables->arena, schema_meant(tables, schema));
        item->name = pd_arena_strdup(tables->arena, name);
        item->next = *bucket;
        *bucket = item;
    }
    item->marks |= marks;
    if ((marks & MARK_TEMPORARY) != 0) {
        if (item->text != 0 && item->text != tables->text)
            item->marks |= MARK_OTHER;
        item->text = tables->text;
    }
}

static void mark_relation(pd_sql_tables *tables, const PgQuery__RangeVar *relation, unsigned marks)
{
    if (relation != NULL)
        mark(tables, relation->schemaname, relation->relname, marks);
}

static bool is_own(const pd_sql_tables *tables, const char *schema, const char *name)
{
    const named *item = find(tables, schema, name);
    if (item == NULL)
        return false;
    return item->marks == MARK_ORDINARY ||
           (item->marks == MARK_TEMPORARY && item->text == tables->text && !is_qualified(schema));
}

pd_sql_effect pd_sql_effect_none(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    (void)tables;
    (void)statement;
    return none;
}

/* Code that cannot be read may have changed search_path as well. */
pd_sql_effect pd_sql_effect_unknown(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    (void)statement;
    tables->path_changed = true;
    return unknown;
}

pd_sql_effect pd_sql_effect_evaluates(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    pd_sql_tree_parts parts = pd_sql_tree_scan(pd_sql_tree_unwrap(statement));
    if (parts.functions || parts.writes || parts.execute)
        return pd_sql_effect_unknown(tables, statement);
    return none;
}

/* A table that is created as `relation`, neither a partition nor foreign. */
static pd_sql_effect create(pd_sql_tables *tables, const PgQuery__RangeVar *relation,
                            bool if_not_exists)
{
    const char *schema = relation->schemaname;
    bool temporary = pd_streq(relation->relpersistence, "t") || pd_streq(schema, "pg_temp");
    if (temporary) {
        mark(tables, NULL, relation->relname, MARK_TEMPORARY);
        return none;
    }
    bool known = is_qualified(schema) || steady(tables);
    if (!known || if_not_exists) {
        mark(tables, schema, relation->relname, MARK_OTHER);
        bool elsewhere = is_qualified(schema) ? !pd_streq(schema, tables->schema)
                                              : known && !tables->unqualified;
        return elsewhere ? none : unknown;
    }
    mark(tables, schema, relation->relname, MARK_ORDINARY);
    bool counted = is_qualified(schema) ? pd_streq(schema, tables->schema) : tables->unqualified;
    return (pd_sql_effect){.delta = counted ? 1 : 0};
}

pd_sql_effect pd_sql_effect_create_table(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__CreateStmt *stmt = statement->create_stmt;
    if (stmt->relation == NULL)
        return unknown;
    if (stmt->partbound != NULL) {
        mark_relation(tables, stmt->relation, MARK_OTHER);
        return none;
    }
    return create(tables, stmt->relation, stmt->if_not_exists);
}

pd_sql_effect pd_sql_effect_create_table_as(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__CreateTableAsStmt *stmt = statement->create_table_as_stmt;
    if (pd_sql_effect_evaluates(tables, statement).unknown || stmt->into == NULL ||
        stmt->into->rel == NULL)
        return unknown;
    if (stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW) {
        mark_relation(tables, stmt->into->rel, MARK_OTHER);
        return none;
    }
    return create(tables, stmt->into->rel, stmt->if_not_exists);
}

pd_sql_effect pd_sql_effect_select(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__SelectStmt *stmt = statement->select_stmt;
    if (pd_sql_effect_evaluates(tables, statement).unknown)
        return unknown;
    if (stmt->into_clause != NULL && stmt->into_clause->rel != NULL)
        return create(tables, stmt->into_clause->rel, false);
    return pd_sql_tree_scan(&stmt->base).into ? pd_sql_effect_unknown(tables, statement) : none;
}

/* A write runs the triggers and rules of its table: only those of a table made in this batch are
 * known to be none. */
static bool writes_freely(const pd_sql_tables *tables, const PgQuery__RangeVar *relation)
{
    return relation != NULL && !tables->hooks &&
           is_own(tables, relation->schemaname, relation->relname);
}

pd_sql_effect pd_sql_effect_write(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__RangeVar *relation = NULL;
    if (statement->node_case == PG_QUERY__NODE__NODE_INSERT_STMT)
        relation = statement->insert_stmt->relation;
    else if (statement->node_case == PG_QUERY__NODE__NODE_UPDATE_STMT)
        relation = statement->update_stmt->relation;
    else if (statement->node_case == PG_QUERY__NODE__NODE_DELETE_STMT)
        relation = statement->delete_stmt->relation;
    if (!writes_freely(tables, relation))
        return pd_sql_effect_unknown(tables, statement);
    return pd_sql_effect_evaluates(tables, statement);
}

pd_sql_effect pd_sql_effect_truncate(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__TruncateStmt *stmt = statement->truncate_stmt;
    bool free = stmt->behavior != PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    for (size_t i = 0; i < stmt->n_relations && free; i++)
        free = stmt->relations[i]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR &&
               writes_freely(tables, stmt->relations[i]->range_var);
    return free ? none : pd_sql_effect_unknown(tables, statement);
}

static bool moves_tables(pd_sql_tables *tables, const PgQuery__AlterTableCmd *cmd)
{
    static const PgQuery__AlterTableType moving[] = {
        PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition,
        PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition,
        PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize,
        PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit,
        PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit,
        PG_QUERY__ALTER_TABLE_TYPE__AT_AddOf,
        PG_QUERY__ALTER_TABLE_TYPE__AT_DropOf,
    };
    if (cmd->def != NULL && cmd->def->node_case == PG_QUERY__NODE__NODE_PARTITION_CMD)
        mark_relation(tables, cmd->def->partition_cmd->name, MARK_OTHER);
    for (size_t i = 0; i < sizeof moving / sizeof *moving; i++)
        if (cmd->subtype == moving[i])
            return true;
    return cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
}

pd_sql_effect pd_sql_effect_alter_table(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__AlterTableStmt *stmt = statement->alter_table_stmt;
    bool moves = false;
    for (size_t i = 0; i < stmt->n_cmds; i++)
        if (stmt->cmds[i]->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_CMD)
            moves |= moves_tables(tables, stmt->cmds[i]->alter_table_cmd);
    return moves ? unknown : pd_sql_effect_evaluates(tables, statement);
}

/* One name of DROP TABLE: a list of one or two strings (three with a database). */
static pd_sql_effect drop_table(pd_sql_tables *tables, const PgQuery__Node *object)
{
    if (object->node_case != PG_QUERY__NODE__NODE_LIST || object->list->n_items == 0 ||
        object->list->n_items > 2)
        return unknown;
    const char *parts[2] = {"", ""};
    size_t count = object->list->n_items;
    for (size_t i = 0; i < count; i++) {
        if (object->list->items[i]->node_case != PG_QUERY__NODE__NODE_STRING)
            return unknown;
        parts[2 - count + i] = object->list->items[i]->string->sval;
    }
    if (is_qualified(parts[0]) && !pd_streq(parts[0], tables->schema))
        return none;
    named *item = find(tables, parts[0], parts[1]);
    if (item == NULL || item->drop == tables->drops || !is_own(tables, parts[0], parts[1]))
        return unknown;
    item->drop = tables->drops;
    bool counted = item->marks == MARK_ORDINARY && pd_streq(item->schema, tables->schema);
    bool elsewhere = item->marks == MARK_ORDINARY && *item->schema == '\0' && !steady(tables);
    return elsewhere ? unknown : (pd_sql_effect){.delta = counted ? -1 : 0};
}

static pd_sql_effect drop_tables(pd_sql_tables *tables, const PgQuery__DropStmt *stmt)
{
    pd_sql_effect sum = none;
    tables->drops++;
    if (stmt->missing_ok)
        return unknown;
    for (size_t i = 0; i < stmt->n_objects; i++) {
        pd_sql_effect one = drop_table(tables, stmt->objects[i]);
        if (one.unknown)
            return unknown;
        sum.delta += one.delta;
    }
    return sum;
}

pd_sql_effect pd_sql_effect_drop(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    /* Nothing depends on these that could drag a table along. */
    static const PgQuery__ObjectType leaves[] = {
        PG_QUERY__OBJECT_TYPE__OBJECT_INDEX,
        PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER,
        PG_QUERY__OBJECT_TYPE__OBJECT_POLICY,
        PG_QUERY__OBJECT_TYPE__OBJECT_RULE,
    };
    const PgQuery__DropStmt *stmt = statement->drop_stmt;
    if (stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA)
        tables->schemas_changed = true;
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        if (stmt->remove_type == leaves[i])
            return none;
    if (stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE ||
        stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION)
        return unknown;
    return stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ? drop_tables(tables, stmt)
                                                                    : none;
}

pd_sql_effect pd_sql_effect_rename(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__RenameStmt *stmt = statement->rename_stmt;
    if (stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        tables->schemas_changed = true;
        return unknown;
    }
    bool relation = stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
                    stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX ||
                    stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW;
    if (relation && stmt->relation != NULL) {
        const named *old = find(tables, stmt->relation->schemaname, stmt->relation->relname);
        unsigned marks = old != NULL && !stmt->missing_ok ? old->marks : MARK_OTHER;
        if ((marks & MARK_TEMPORARY) != 0)
            marks |= MARK_OTHER;
        mark(tables, stmt->relation->schemaname, stmt->newname, marks);
    }
    return none;
}

pd_sql_effect pd_sql_effect_set_schema(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__AlterObjectSchemaStmt *stmt = statement->alter_object_schema_stmt;
    if (stmt->relation != NULL) {
        mark_relation(tables, stmt->relation, MARK_OTHER);
        mark(tables, stmt->newschema, stmt->relation->relname, MARK_OTHER);
    }
    bool moves = stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
                 stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION;
    return moves ? unknown : none;
}

pd_sql_effect pd_sql_effect_create_schema(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    tables->schemas_changed = true;
    return statement->create_schema_stmt->n_schema_elts > 0 ? unknown : none;
}

/* Whether it changes what unqualified names mean. */
static bool sets_path(const PgQuery__VariableSetStmt *stmt)
{
    static const char *const variables[] = {"search_path", "role", "session_authorization"};
    bool sets = stmt->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        sets |= strcasecmp(stmt->name, variables[i]) == 0;
    return sets;
}

pd_sql_effect pd_sql_effect_set_variable(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    bool sets = sets_path(statement->variable_set_stmt);
    return sets ? pd_sql_effect_unknown(tables, statement) : none;
}

/* Takes effect in the next session, and a deployment may need one. */
pd_sql_effect pd_sql_effect_set_default(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__VariableSetStmt *stmt = NULL;
    if (statement->node_case == PG_QUERY__NODE__NODE_ALTER_ROLE_SET_STMT)
        stmt = statement->alter_role_set_stmt->setstmt;
    else if (statement->node_case == PG_QUERY__NODE__NODE_ALTER_DATABASE_SET_STMT)
        stmt = statement->alter_database_set_stmt->setstmt;
    bool sets = stmt == NULL || sets_path(stmt);
    return sets ? pd_sql_effect_unknown(tables, statement) : none;
}

pd_sql_effect pd_sql_effect_copy(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    const PgQuery__CopyStmt *stmt = statement->copy_stmt;
    if (stmt->is_program || (stmt->is_from && !writes_freely(tables, stmt->relation)))
        return pd_sql_effect_unknown(tables, statement);
    return pd_sql_effect_evaluates(tables, statement);
}

/* A rule ON SELECT makes a view of its table (up to PostgreSQL 15). */
pd_sql_effect pd_sql_effect_hook(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    tables->hooks = true;
    bool view = statement->node_case == PG_QUERY__NODE__NODE_RULE_STMT &&
                statement->rule_stmt->event == PG_QUERY__CMD_TYPE__CMD_SELECT;
    return view ? unknown : none;
}

/* ROLLBACK TO takes back what was counted. */
pd_sql_effect pd_sql_effect_transaction(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    PgQuery__TransactionStmtKind kind = statement->transaction_stmt->kind;
    switch ((int)kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
        return none;
    default:
        return pd_sql_effect_unknown(tables, statement);
    }
}

pd_sql_effect pd_sql_effect_discard(pd_sql_tables *tables, const PgQuery__Node *statement)
{
    bool all = statement->discard_stmt->target == PG_QUERY__DISCARD_MODE__DISCARD_ALL;
    return all ? pd_sql_effect_unknown(tables, statement) : none;
}
