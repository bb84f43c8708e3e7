/* Statements that change how long the others may take. */
#include <strings.h>

#include "base/clock.h"
#include "sql/outside.h"

#define LOCK_TIMEOUT "lock_timeout"

static bool is_limit(const char *name)
{
    static const char *const names[] = {
        LOCK_TIMEOUT,           "statement_timeout", "idle_in_transaction_session_timeout",
        "idle_session_timeout", "tcp_user_timeout",  "client_connection_check_interval",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* False for what is no number with a unit, or none: the server will say so. */
static bool read_limit(const PgQuery__Node *node, int64_t *ms)
{
    if (node->node_case != PG_QUERY__NODE__NODE_A_CONST)
        return false;
    const PgQuery__AConst *value = node->a_const;
    if (value->val_case == PG_QUERY__A__CONST__VAL_IVAL) {
        *ms = value->ival->ival;
        return *ms >= 0;
    }
    return value->val_case == PG_QUERY__A__CONST__VAL_SVAL &&
           pd_parse_duration(value->sval->sval, ms);
}

static void set_lock_limit(const PgQuery__Node *value, pd_statement *out)
{
    int64_t ms = 0;
    if (read_limit(value, &ms)) {
        out->traits |= PD_TRAIT_LOCK_LIMIT;
        out->lock_ms = ms;
    }
}

void pd_sql_variable_limits(const PgQuery__VariableSetStmt *stmt, pd_statement *out)
{
    switch ((int)stmt->kind) {
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL:
        out->traits |= PD_TRAIT_LIMITS_BACK;
        break;
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET:
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT:
        out->traits |= is_limit(stmt->name) ? (unsigned)PD_TRAIT_LIMITS_BACK : 0;
        break;
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE:
        if (strcasecmp(stmt->name, LOCK_TIMEOUT) == 0 && stmt->n_args == 1)
            set_lock_limit(stmt->args[0], out);
        break;
    default:
        break;
    }
}

void pd_sql_config_limits(const PgQuery__FuncCall *call, pd_statement *out)
{
    const PgQuery__AConst *name = call->args[0]->a_const;
    if (name->val_case == PG_QUERY__A__CONST__VAL_SVAL &&
        strcasecmp(name->sval->sval, LOCK_TIMEOUT) == 0)
        set_lock_limit(call->args[1], out);
}
