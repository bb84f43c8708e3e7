#include "sql/outside.h"

#include "base/str.h"

/* SELECT set_config(...) and nothing else, as dumps begin. */
static bool sets_config(const PgQuery__SelectStmt *stmt)
{
    if (stmt->n_target_list != 1 || stmt->n_from_clause > 0 || stmt->where_clause != NULL ||
        stmt->target_list[0]->node_case != PG_QUERY__NODE__NODE_RES_TARGET)
        return false;
    const PgQuery__Node *value = stmt->target_list[0]->res_target->val;
    if (value == NULL || value->node_case != PG_QUERY__NODE__NODE_FUNC_CALL ||
        value->func_call->n_funcname == 0)
        return false;
    const PgQuery__Node *name = value->func_call->funcname[value->func_call->n_funcname - 1];
    return name->node_case == PG_QUERY__NODE__NODE_STRING &&
           pd_streq(name->string->sval, "set_config");
}

unsigned pd_sql_session_trait(const PgQuery__Node *statement)
{
    bool sets = false;
    if (statement->node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT)
        sets = !statement->variable_set_stmt->is_local &&
               !pd_streq(statement->variable_set_stmt->name, "TRANSACTION");
    else if (statement->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
        sets = sets_config(statement->select_stmt);
    return sets ? PD_TRAIT_SESSION : 0;
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

void pd_sql_part_script(pd_script *script)
{
    unsigned drop = steps_out(script) ? PD_TRAIT_TRANSACTION_CONTROL : PD_TRAIT_PARTS;
    for (size_t i = 0; i < script->count; i++)
        if ((script->statements[i].traits & PD_TRAIT_PARTS) != 0)
            script->statements[i].traits &= ~drop;
}
