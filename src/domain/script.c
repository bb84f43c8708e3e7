#include "domain/script.h"

#include "base/str.h"

void pd_statement_digest(const char *text, const pd_statement *statement, char out[PD_SHA256_HEX])
{
    pd_sha256_hex(text + statement->offset, statement->len, out);
}

bool pd_script_has(const pd_script *script, unsigned trait)
{
    for (size_t i = 0; i < script->count; i++)
        if ((script->statements[i].traits & trait) != 0)
            return true;
    return false;
}

bool pd_script_is_wrapped(const pd_script *script)
{
    if (script->count < 2)
        return false;
    /* Where they part the text, BEGIN never is the first. */
    const pd_statement *first = script->statements;
    return (first->traits & PD_TRAIT_PARTS) != 0 && !pd_streq(first->verb, "COMMIT") &&
           !pd_streq(first->verb, "END");
}

void pd_script_unwrap(pd_script *script)
{
    if (!pd_script_is_wrapped(script))
        return;
    script->statements++;
    script->count -= 2;
    script->capacity = script->count;
}

bool pd_statement_runs_outside(const pd_statement *statement, bool unbound)
{
    if ((statement->traits & PD_TRAIT_NO_TRANSACTION) != 0)
        return true;
    return unbound && statement->outside != PD_OUTSIDE_NONE;
}

bool pd_statement_waits_by_design(const pd_statement *statement)
{
    switch (statement->outside) {
    case PD_OUTSIDE_CREATE_INDEX:
    case PD_OUTSIDE_DROP_INDEX:
    case PD_OUTSIDE_REINDEX:
    case PD_OUTSIDE_DETACH:
        return true;
    case PD_OUTSIDE_NONE:
    case PD_OUTSIDE_REPEAT:
    case PD_OUTSIDE_UNKNOWN:
    case PD_OUTSIDE_CREATE_DATABASE:
    case PD_OUTSIDE_DROP_DATABASE:
    case PD_OUTSIDE_CREATE_TABLESPACE:
    case PD_OUTSIDE_DROP_TABLESPACE:
    case PD_OUTSIDE_CREATE_SUBSCRIPTION:
    case PD_OUTSIDE_DROP_SUBSCRIPTION:
    case PD_OUTSIDE_COUNT:
        break;
    }
    return false;
}
