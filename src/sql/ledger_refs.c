#include "sql/ledger_refs.h"

#include <string.h>

#include "base/str.h"
#include "sql/tree.h"

#define OWN_SCHEMA "predeploy"

typedef struct refs {
    const pd_sql_ledger *ledger; /* NULL: Drizzle's is of no interest */
    bool copies_out;             /* COPY … TO reads its table */
    bool found;
} refs;

/* Drizzle's table, and what PostgreSQL has made for it. */
static bool is_drizzle_table(const pd_sql_ledger *ledger, const char *name)
{
    static const char *const tails[] = {"", "_id_seq", "_pkey"};
    size_t len = strlen(ledger->table);
    if (strncmp(name, ledger->table, len) != 0)
        return false;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
        if (strcmp(name + len, tails[i]) == 0)
            return true;
    return false;
}

static bool is_drizzle(const pd_sql_ledger *ledger, const char *schema, const char *name)
{
    if (ledger == NULL || !is_drizzle_table(ledger, name))
        return false;
    return *schema == '\0' ? ledger->unqualified : pd_streq(schema, ledger->schema);
}

typedef struct position {
    const ProtobufCMessageDescriptor *type;
    const char *field;
} position;

static bool is_at(const position *positions, size_t count, const ProtobufCMessage *parent,
                  const char *field)
{
    for (size_t i = 0; i < count; i++)
        if (positions[i].type == parent->descriptor && pd_streq(positions[i].field, field))
            return true;
    return false;
}

/* Where a relation is only read, or kept in order. */
static bool is_read(const ProtobufCMessage *parent, const char *field)
{
    static const position positions[] = {
        {&pg_query__select_stmt__descriptor, "from_clause"},
        {&pg_query__update_stmt__descriptor, "from_clause"},
        {&pg_query__delete_stmt__descriptor, "using_clause"},
        {&pg_query__merge_stmt__descriptor, "source_relation"},
        {&pg_query__join_expr__descriptor, "larg"},
        {&pg_query__join_expr__descriptor, "rarg"},
        {&pg_query__range_table_sample__descriptor, "relation"},
        {&pg_query__locking_clause__descriptor, "locked_rels"},
        {&pg_query__table_like_clause__descriptor, "relation"},
        {&pg_query__vacuum_relation__descriptor, "relation"},
        {&pg_query__reindex_stmt__descriptor, "relation"},
        {&pg_query__publication_table__descriptor, "relation"},
    };
    return is_at(positions, sizeof positions / sizeof *positions, parent, field);
}

/* A baseline that was dumped from a database makes Drizzle's table, too, and gives it away. */
static bool is_made(const ProtobufCMessage *parent, const char *field)
{
    static const position positions[] = {
        {&pg_query__create_stmt__descriptor, "relation"},
        {&pg_query__create_seq_stmt__descriptor, "sequence"},
        {&pg_query__grant_stmt__descriptor, "objects"},
    };
    return is_at(positions, sizeof positions / sizeof *positions, parent, field);
}

static void visit(void *ctx, const ProtobufCMessage *parent, const char *field,
                  const ProtobufCMessage *message)
{
    refs *self = ctx;
    if (message->descriptor != &pg_query__range_var__descriptor || is_read(parent, field))
        return;
    if (self->copies_out && parent->descriptor == &pg_query__copy_stmt__descriptor)
        return;
    const PgQuery__RangeVar *relation = (const PgQuery__RangeVar *)message;
    bool own = pd_streq(relation->schemaname, OWN_SCHEMA);
    self->found |= own || (!is_made(parent, field) &&
                           is_drizzle(self->ledger, relation->schemaname, relation->relname));
}

static const char *string_of(const PgQuery__Node *node)
{
    return node != NULL && node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval : "";
}

/* A name in parts, the last `rest` of which name something that belongs to the relation. */
static bool is_listed(const refs *self, const PgQuery__Node *node, size_t rest)
{
    if (node->node_case != PG_QUERY__NODE__NODE_LIST || node->list->n_items <= rest)
        return false;
    const PgQuery__List *list = node->list;
    size_t at = list->n_items - rest - 1;
    const char *schema = at > 0 ? string_of(list->items[at - 1]) : "";
    return pd_streq(schema, OWN_SCHEMA) ||
           is_drizzle(self->ledger, schema, string_of(list->items[at]));
}

static bool is_schema(const refs *self, const char *name)
{
    return pd_streq(name, OWN_SCHEMA) ||
           (self->ledger != NULL && pd_streq(name, self->ledger->schema));
}

static bool drops(const refs *self, const PgQuery__DropStmt *stmt)
{
    bool schema = stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA;
    bool part = stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER ||
                stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_RULE ||
                stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY;
    for (size_t i = 0; i < stmt->n_objects; i++)
        if (schema ? is_schema(self, string_of(stmt->objects[i]))
                   : is_listed(self, stmt->objects[i], part ? 1 : 0))
            return true;
    return false;
}

static bool lets_read(const PgQuery__GrantStmt *stmt)
{
    for (size_t i = 0; i < stmt->n_privileges; i++) {
        const PgQuery__Node *node = stmt->privileges[i];
        if (node->node_case != PG_QUERY__NODE__NODE_ACCESS_PRIV ||
            (!pd_streq(node->access_priv->priv_name, "select") &&
             !pd_streq(node->access_priv->priv_name, "usage")))
            return false;
    }
    return stmt->is_grant && stmt->n_privileges > 0;
}

/* Of a schema, or of all that stands in it; single tables are found as relations. */
static bool grants(const PgQuery__GrantStmt *stmt)
{
    for (size_t i = 0; i < stmt->n_objects; i++)
        if (pd_streq(string_of(stmt->objects[i]), OWN_SCHEMA))
            return true;
    return false;
}

static bool sets_defaults(const PgQuery__AlterDefaultPrivilegesStmt *stmt)
{
    for (size_t i = 0; i < stmt->n_options; i++) {
        const PgQuery__Node *option = stmt->options[i];
        if (option->node_case != PG_QUERY__NODE__NODE_DEF_ELEM || option->def_elem->arg == NULL ||
            option->def_elem->arg->node_case != PG_QUERY__NODE__NODE_LIST)
            continue;
        const PgQuery__List *list = option->def_elem->arg->list;
        for (size_t k = 0; k < list->n_items; k++)
            if (pd_streq(option->def_elem->defname, "schemas") &&
                pd_streq(string_of(list->items[k]), OWN_SCHEMA))
                return true;
    }
    return false;
}

/* Names that do not stand as relations in the tree. */
static bool is_named(const refs *self, const PgQuery__Node *statement)
{
    switch ((int)statement->node_case) {
    case PG_QUERY__NODE__NODE_DROP_STMT:
        return drops(self, statement->drop_stmt);
    case PG_QUERY__NODE__NODE_GRANT_STMT:
        return grants(statement->grant_stmt);
    case PG_QUERY__NODE__NODE_ALTER_DEFAULT_PRIVILEGES_STMT:
        return sets_defaults(statement->alter_default_privileges_stmt);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        return statement->rename_stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA &&
               is_schema(self, statement->rename_stmt->subname);
    case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
        return statement->alter_owner_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA &&
               pd_streq(string_of(statement->alter_owner_stmt->object), OWN_SCHEMA);
    default:
        return false;
    }
}

unsigned pd_sql_ledger_trait(const PgQuery__Node *statement, const pd_sql_ledger *ledger)
{
    refs self = {.ledger = ledger};
    const ProtobufCMessage *message = pd_sql_tree_unwrap(statement);
    if (message == NULL)
        return 0;
    if (statement->node_case == PG_QUERY__NODE__NODE_GRANT_STMT && lets_read(statement->grant_stmt))
        return 0;
    self.copies_out =
        statement->node_case == PG_QUERY__NODE__NODE_COPY_STMT && !statement->copy_stmt->is_from;
    if (is_named(&self, statement))
        return PD_TRAIT_LEDGER;
    pd_sql_tree_walk(message, visit, &self);
    return self.found ? PD_TRAIT_LEDGER : 0;
}
