#include "sql/classify.h"

#include <strings.h>

#include "base/str.h"
#include "sql/kinds.h"
#include "sql/outside.h"
#include "sql/tree.h"
#include "sql/verb.h"

/* An option's argument. The word `off` is read as a type's name, as any word but a few is. */
static bool is_on(const PgQuery__Node *arg)
{
    if (arg == NULL)
        return true;
    if (arg->node_case == PG_QUERY__NODE__NODE_INTEGER)
        return arg->integer->ival != 0;
    if (arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN)
        return arg->boolean->boolval != 0;
    PD_AUTO_STRBUF word = pd_strbuf_new(PD_SQL_NAME_MAX);
    pd_sql_tree_name(&arg->base, &word);
    return strcasecmp(word.data, "false") != 0 && strcasecmp(word.data, "off") != 0;
}

/* Options of PostgreSQL's free form: the named one's boolean value, as defGetBoolean reads it
 * (src/backend/commands/define.c); `missing` when the option is not there. */
static bool option(PgQuery__Node *const *options, size_t count, const char *name, bool missing)
{
    bool value = missing;
    for (size_t i = 0; i < count; i++)
        if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
            pd_streq(options[i]->def_elem->defname, name))
            value = is_on(options[i]->def_elem->arg);
    return value;
}

static bool has_option(PgQuery__Node *const *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
            pd_streq(options[i]->def_elem->defname, name))
            return true;
    return false;
}

/* Each gives the verb of a statement that cannot run inside a transaction block: "" for the one
 * that its keywords make, NULL for one that can (PreventInTransactionBlock's callers). */
typedef const char *alone_fn(const PgQuery__Node *statement);

static const char *always(const PgQuery__Node *statement)
{
    (void)statement;
    return "";
}

static const char *index_alone(const PgQuery__Node *statement)
{
    return statement->index_stmt->concurrent ? "" : NULL;
}

static const char *drop_alone(const PgQuery__Node *statement)
{
    return statement->drop_stmt->concurrent ? "" : NULL;
}

static const char *reindex_alone(const PgQuery__Node *statement)
{
    const PgQuery__ReindexStmt *stmt = statement->reindex_stmt;
    if (option(stmt->params, stmt->n_params, "concurrently", false))
        return stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX
                   ? "REINDEX INDEX CONCURRENTLY"
               : stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE
                   ? "REINDEX TABLE CONCURRENTLY"
                   : "";
    bool many = stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA ||
                stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM ||
                stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE;
    return many ? "" : NULL;
}

static const char *alter_table_alone(const PgQuery__Node *statement)
{
    const PgQuery__AlterTableStmt *stmt = statement->alter_table_stmt;
    for (size_t i = 0; i < stmt->n_cmds; i++) {
        if (stmt->cmds[i]->node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_CMD)
            continue;
        const PgQuery__AlterTableCmd *cmd = stmt->cmds[i]->alter_table_cmd;
        if (cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition && cmd->def != NULL &&
            cmd->def->node_case == PG_QUERY__NODE__NODE_PARTITION_CMD &&
            cmd->def->partition_cmd->concurrent)
            return "ALTER TABLE DETACH PARTITION CONCURRENTLY";
    }
    return NULL;
}

static const char *vacuum_alone(const PgQuery__Node *statement)
{
    return statement->vacuum_stmt->is_vacuumcmd ? "" : NULL;
}

static const char *cluster_alone(const PgQuery__Node *statement)
{
    return statement->cluster_stmt->relation == NULL ? "" : NULL;
}

static const char *alter_database_alone(const PgQuery__Node *statement)
{
    const PgQuery__AlterDatabaseStmt *stmt = statement->alter_database_stmt;
    return has_option(stmt->options, stmt->n_options, "tablespace")
               ? "ALTER DATABASE SET TABLESPACE"
               : NULL;
}

static const char *create_subscription_alone(const PgQuery__Node *statement)
{
    const PgQuery__CreateSubscriptionStmt *stmt = statement->create_subscription_stmt;
    bool connect = option(stmt->options, stmt->n_options, "connect", true);
    return option(stmt->options, stmt->n_options, "create_slot", connect) ? "" : NULL;
}

static const char *alter_subscription_alone(const PgQuery__Node *statement)
{
    const PgQuery__AlterSubscriptionStmt *stmt = statement->alter_subscription_stmt;
    if (stmt->kind == PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_REFRESH)
        return "ALTER SUBSCRIPTION REFRESH PUBLICATION";
    if (stmt->kind == PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_SET_PUBLICATION ||
        stmt->kind == PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_ADD_PUBLICATION ||
        stmt->kind == PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_DROP_PUBLICATION)
        return option(stmt->options, stmt->n_options, "refresh", true)
                   ? "ALTER SUBSCRIPTION with refresh"
                   : NULL;
    /* PostgreSQL 17 and 18 */
    bool alters_slot = has_option(stmt->options, stmt->n_options, "failover") ||
                       has_option(stmt->options, stmt->n_options, "two_phase");
    return alters_slot ? "" : NULL;
}

static const char *discard_alone(const PgQuery__Node *statement)
{
    bool all = statement->discard_stmt->target == PG_QUERY__DISCARD_MODE__DISCARD_ALL;
    return all ? "" : NULL;
}

static const char *runs_alone(const PgQuery__Node *statement)
{
    static const struct {
        PgQuery__Node__NodeCase node_case;
        alone_fn *alone;
    } rows[] = {
        {PG_QUERY__NODE__NODE_INDEX_STMT, index_alone},
        {PG_QUERY__NODE__NODE_DROP_STMT, drop_alone},
        {PG_QUERY__NODE__NODE_REINDEX_STMT, reindex_alone},
        {PG_QUERY__NODE__NODE_ALTER_TABLE_STMT, alter_table_alone},
        {PG_QUERY__NODE__NODE_VACUUM_STMT, vacuum_alone},
        {PG_QUERY__NODE__NODE_CLUSTER_STMT, cluster_alone},
        {PG_QUERY__NODE__NODE_CREATEDB_STMT, always},
        {PG_QUERY__NODE__NODE_DROPDB_STMT, always},
        {PG_QUERY__NODE__NODE_ALTER_DATABASE_STMT, alter_database_alone},
        {PG_QUERY__NODE__NODE_CREATE_TABLE_SPACE_STMT, always},
        {PG_QUERY__NODE__NODE_DROP_TABLE_SPACE_STMT, always},
        {PG_QUERY__NODE__NODE_ALTER_SYSTEM_STMT, always},
        {PG_QUERY__NODE__NODE_CREATE_SUBSCRIPTION_STMT, create_subscription_alone},
        {PG_QUERY__NODE__NODE_ALTER_SUBSCRIPTION_STMT, alter_subscription_alone},
        {PG_QUERY__NODE__NODE_DISCARD_STMT, discard_alone},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].node_case == statement->node_case)
            return rows[i].alone(statement);
    return NULL;
}

static bool copies_data(const PgQuery__Node *statement)
{
    if (statement->node_case != PG_QUERY__NODE__NODE_COPY_STMT)
        return false;
    const PgQuery__CopyStmt *stmt = statement->copy_stmt;
    return !stmt->is_program && (stmt->filename == NULL || *stmt->filename == '\0');
}

/* Statements that may begin with WITH or a parenthesis. */
static const char *query_verb(const PgQuery__Node *statement)
{
    static const struct {
        PgQuery__Node__NodeCase node_case;
        const char *verb;
    } rows[] = {
        {PG_QUERY__NODE__NODE_SELECT_STMT, "SELECT"}, {PG_QUERY__NODE__NODE_INSERT_STMT, "INSERT"},
        {PG_QUERY__NODE__NODE_UPDATE_STMT, "UPDATE"}, {PG_QUERY__NODE__NODE_DELETE_STMT, "DELETE"},
        {PG_QUERY__NODE__NODE_MERGE_STMT, "MERGE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].node_case == statement->node_case)
            return rows[i].verb;
    return NULL;
}

static const char *object_name(pd_arena *arena, const PgQuery__Node *statement,
                               const pd_sql_kind *kind)
{
    PD_AUTO_STRBUF name = pd_strbuf_new(PD_SQL_NAME_MAX);
    const ProtobufCMessage *message = pd_sql_tree_unwrap(statement);
    /* The strings that DROP and GRANT list are objects, not the parts of one name. */
    bool joined = !pd_streq(kind->objects[0], "objects");
    size_t count = sizeof kind->objects / sizeof *kind->objects;
    for (size_t i = 0; i < count && kind->objects[i] != NULL && name.len == 0; i++)
        pd_sql_tree_field_name(message, kind->objects[i], joined, &name);
    if (name.truncated)
        name.len = pd_utf8_invalid_at(name.data, name.len);
    return pd_strbuf_keep(&name, arena);
}

static const char *table_name(pd_arena *arena, const PgQuery__Node *statement)
{
    PD_AUTO_STRBUF name = pd_strbuf_new(PD_SQL_NAME_MAX);
    if (statement->node_case == PG_QUERY__NODE__NODE_INDEX_STMT)
        pd_sql_tree_field_name(pd_sql_tree_unwrap(statement), "relation", true, &name);
    return pd_strbuf_keep(&name, arena);
}

void pd_sql_classify(pd_arena *arena, pd_sql_tables *tables, const PgQuery__Node *statement,
                     const char *text, pd_statement *out)
{
    const pd_sql_kind *kind = pd_sql_kind_of(statement);
    const char *verb = query_verb(statement);
    const char *alone = runs_alone(statement);
    if (alone != NULL) {
        out->traits |= PD_TRAIT_NO_TRANSACTION;
        verb = *alone == '\0' ? NULL : alone;
    }
    out->verb = verb != NULL ? pd_arena_strdup(arena, verb)
                             : pd_sql_verb(arena, text, out->offset, out->offset + out->len);
    out->object = object_name(arena, statement, kind);
    out->table = table_name(arena, statement);
    out->traits |= pd_sql_control_traits(statement);
    pd_sql_settings(statement, out);
    pd_sql_outside(arena, statement, out);
    if (copies_data(statement))
        out->traits |= PD_TRAIT_COPY_STDIN;
    pd_sql_effect effect = kind->effect(tables, statement);
    if (effect.unknown)
        out->traits |= PD_TRAIT_TABLES_UNKNOWN;
    else
        out->tables_delta = effect.delta;
}
