/* What may be taken over from another migration tool. Pure. */
#ifndef PD_GATE_ADOPT_H
#define PD_GATE_ADOPT_H

#include "gate/foreign.h"

typedef struct pd_adopt_terms {
    const char *from;      /* the tool, or SCHEMA.TABLE; NULL: the one that fits */
    const char *drizzle;   /* SCHEMA.TABLE of Drizzle's ledger, for messages */
    bool foreign_is_other; /* only the table that `from` names is this application's */
    ptrdiff_t through;     /* index of the last one that is said to be applied, -1: not said */
    pd_arrival arrival;    /* what a gap is */
} pd_adopt_terms;

typedef struct pd_adoption {
    const pd_foreign_claims *claims; /* NULL: Drizzle's table says it, or terms->through alone */
    const pd_drizzle_row **rows;     /* by migration: its row, on Drizzle's layouts; else NULL */
    const char *source;              /* what says it: "public.goose_db_version of goose" */
    const char *rivals;              /* two tables fit: the names of both, and nothing is wanted */
    bool *wanted;                    /* by migration: it gets a row in predeploy's ledger */
    size_t count;                    /* how many are wanted */
    size_t applied;                  /* with those that predeploy's ledger has already */
} pd_adoption;

/* Fills `out`, which lives in the findings' arena and points into `ledger`; what speaks against it
 * goes to the findings (rules adopt-*, on Drizzle's layouts those of the ledger gate, too). Errors
 * are PD_ERROR_USAGE: terms->from names no table, or nothing says what is applied. */
bool pd_gate_adopt(const pd_set *set, const pd_ledger *ledger, const pd_adopt_terms *terms,
                   pd_adoption *out, pd_findings *findings, pd_error *err) PD_CHECKED;

#endif
