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
