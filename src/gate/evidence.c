#include "gate/evidence.h"

#include "sql/tokens.h"

void pd_give_evidence(pd_findings *findings, pd_finding *finding, pd_evidence evidence)
{
    pd_evidence *kept = pd_arena_alloc(findings->arena, sizeof *kept);
    *kept = evidence;
    finding->evidence = kept;
}

const char *pd_tokens_of(pd_arena *arena, const pd_sql_file *file)
{
    if (file->data == NULL)
        return NULL;
    char tokens[PD_SHA256_HEX];
    pd_sql_tokens_digest(file->data, file->len, tokens);
    return pd_arena_strdup(arena, tokens);
}
