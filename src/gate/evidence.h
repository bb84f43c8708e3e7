/* What a finding about content compares, kept for the explanation that comes late. */
#ifndef PD_GATE_EVIDENCE_H
#define PD_GATE_EVIDENCE_H

#include "domain/finding.h"
#include "domain/migration.h"

void pd_give_evidence(pd_findings *findings, pd_finding *finding, pd_evidence evidence);

/* The digest of a file's SQL tokens, as the ledger keeps it; NULL when the file is not there. */
const char *pd_tokens_of(pd_arena *arena, const pd_sql_file *file);

#endif
