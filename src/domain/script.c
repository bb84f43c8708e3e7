#include "domain/script.h"

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
