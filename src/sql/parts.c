#include "sql/outside.h"

#include "base/str.h"

/* Whether it is the server's own set_config: a name in front can only be pg_catalog. */
static bool is_set_config(const PgQuery__FuncCall *call)
{
    static const char *const names[] = {"pg_catalog", "set_config"};
    if (call->n_funcname == 0 || call->n_funcname > 2)
        return false;
    for (size_t i = 0; i < call->n_funcname; i++) {
        const PgQuery__Node *name = call->funcname[i];
        if (name->node_case != PG_QUERY__NODE__NODE_STRING ||
            !pd_streq(name->string->sval, names[2 - call->n_funcname + i]))
            return false;
    }
    return call->n_agg_order == 0 && call->agg_filter == NULL && call->over == NULL;
}

/* Its arguments do nothing when they are read again. */
static bool has_constants(const PgQuery__FuncCall *call)
{
    for (size_t i = 0; i < call->n_args; i++)
        if (call->args[i]->node_case != PG_QUERY__NODE__NODE_A_CONST)
            return false;
    return call->n_args == 3;
}

/* The last argument: "until the end of the transaction". */
static bool is_local(const PgQuery__FuncCall *call)
{
    const PgQuery__AConst *local = call->args[2]->a_const;
    return local->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL && local->boolval->boolval != 0;
}

/* SELECT, one column, and nothing else. */
static bool is_plain_select(const PgQuery__SelectStmt *stmt)
{
    return stmt->n_target_list == 1 && stmt->with_clause == NULL && stmt->into_clause == NULL &&
           stmt->n_from_clause == 0 && stmt->where_clause == NULL && stmt->n_group_clause == 0 &&
           stmt->having_clause == NULL && stmt->n_window_clause == 0 && stmt->n_sort_clause == 0 &&
           stmt->limit_offset == NULL && stmt->limit_count == NULL &&
           stmt->n_distinct_clause == 0 && stmt->n_locking_clause == 0 && stmt->n_values_lists == 0;
}

/* SELECT set_config(...) and nothing else, as dumps begin; NULL for any other. What it computes is
 * not known to do no harm when it is set again. */
static const PgQuery__FuncCall *config_of(const PgQuery__SelectStmt *stmt)
{
    if (!is_plain_select(stmt) ||
        stmt->target_list[0]->node_case != PG_QUERY__NODE__NODE_RES_TARGET)
        return NULL;
    const PgQuery__Node *value = stmt->target_list[0]->res_target->val;
    bool calls = value != NULL && value->node_case == PG_QUERY__NODE__NODE_FUNC_CALL &&
                 is_set_config(value->func_call) && has_constants(value->func_call);
    return calls ? value->func_call : NULL;
}

static void set_config(const PgQuery__FuncCall *call, pd_statement *out)
{
    out->traits |= is_local(call) ? PD_TRAIT_LOCAL : PD_TRAIT_SESSION;
    pd_sql_config_limits(call, out);
}

static void set_variable(const PgQuery__VariableSetStmt *stmt, pd_statement *out)
{
    if (stmt->is_local)
        out->traits |= PD_TRAIT_LOCAL;
    else if (!pd_streq(stmt->name, "TRANSACTION"))
        out->traits |= PD_TRAIT_SESSION;
    pd_sql_variable_limits(stmt, out);
}

void pd_sql_settings(const PgQuery__Node *statement, pd_statement *out)
{
    if (statement->node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT)
        set_variable(statement->variable_set_stmt, out);
    else if (statement->node_case == PG_QUERY__NODE__NODE_CONSTRAINTS_SET_STMT)
        out->traits |= PD_TRAIT_LOCAL;
    if (statement->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return;
    const PgQuery__FuncCall *call = config_of(statement->select_stmt);
    if (call != NULL)
        set_config(call, out);
}

unsigned pd_sql_control_traits(const PgQuery__Node *statement)
{
    if (statement->node_case != PG_QUERY__NODE__NODE_TRANSACTION_STMT)
        return 0;
    const PgQuery__TransactionStmt *stmt = statement->transaction_stmt;
    bool plain = stmt->n_options == 0 && !stmt->chain;
    switch ((int)stmt->kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
        return 0; /* these stay inside the transaction */
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
        return PD_TRAIT_TRANSACTION_CONTROL | (plain ? (unsigned)PD_TRAIT_PARTS : 0);
    default:
        return PD_TRAIT_TRANSACTION_CONTROL;
    }
}

static bool ends_part(const pd_statement *statement)
{
    return pd_streq(statement->verb, "COMMIT") || pd_streq(statement->verb, "END");
}

/* Whether COMMIT and BEGIN take turns, and step out for a reason each time. */
static bool steps_out(const pd_script *script)
{
    bool inside = true;
    bool reason = true;
    for (size_t i = 0; i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        if ((statement->traits & PD_TRAIT_NO_TRANSACTION) != 0)
            reason = true;
        if ((statement->traits & PD_TRAIT_TRANSACTION_CONTROL) == 0)
            continue;
        bool plain = (statement->traits & PD_TRAIT_PARTS) != 0;
        if (!plain || ends_part(statement) != inside || (!inside && !reason))
            return false;
        reason = !inside;
        inside = !inside;
    }
    return inside || reason;
}

/* Whether the script is one plain transaction from its first statement to its last. What runs
 * outside of transactions could not run where such a script puts it. */
static bool is_wrapped(const pd_script *script)
{
    const unsigned controls = PD_TRAIT_TRANSACTION_CONTROL | PD_TRAIT_NO_TRANSACTION;
    if (script->count < 2)
        return false;
    const pd_statement *first = script->statements;
    const pd_statement *last = first + script->count - 1;
    if ((first->traits & PD_TRAIT_PARTS) == 0 || ends_part(first) ||
        (last->traits & PD_TRAIT_PARTS) == 0 || !ends_part(last))
        return false;
    for (const pd_statement *between = first + 1; between < last; between++)
        if ((between->traits & controls) != 0)
            return false;
    return true;
}

void pd_sql_part_script(pd_script *script)
{
    /* What is not sent does nothing to tables. */
    unsigned not_sent = PD_TRAIT_TRANSACTION_CONTROL | PD_TRAIT_TABLES_UNKNOWN;
    unsigned drop = steps_out(script)    ? PD_TRAIT_TRANSACTION_CONTROL
                    : is_wrapped(script) ? not_sent
                                         : PD_TRAIT_PARTS;
    for (size_t i = 0; i < script->count; i++)
        if ((script->statements[i].traits & PD_TRAIT_PARTS) != 0)
            script->statements[i].traits &= ~drop;
}
