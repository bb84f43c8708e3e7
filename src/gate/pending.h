/* Parses what is about to run and asks the syntax gate about it. */
#ifndef PD_GATE_PENDING_H
#define PD_GATE_PENDING_H

#include "domain/ledger.h"
#include "domain/migration.h"
#include "domain/script.h"
#include "domain/settings.h"
#include "gate/gate.h"

/* Texts that are being parsed already. */
typedef struct pd_pending_begun pd_pending_begun;

typedef struct pd_pending {
    const pd_applied_state *states; /* by migration of the set */
    bool unqualified;               /* unqualified names mean settings->verify_schema */
    const pd_script **scripts; /* out, caller's array by migration: NULL when it is not pending */
    pd_pending_begun *begun;   /* is ended, also where it does not fit; NULL: nothing is begun */
} pd_pending;

/* Begins to parse what pd_gate_pending would be asked about, as far as it can be foreseen. NULL: it
 * was not begun. What nobody gives to pd_gate_pending is dropped. */
pd_pending_begun *pd_gate_pending_begin(pd_arena *arena, const pd_set *set,
                                        const pd_pending *foreseen, const pd_settings *settings);
void pd_gate_pending_drop(pd_pending_begun *begun);

/* Parses the migrations whose state is PD_PENDING, and their companions, and judges both.
 * PD_ERROR_UNREACHABLE when the parser cannot be started, PD_ERROR_USAGE when a pending file
 * could not be read and its rule was lowered. */
bool pd_gate_pending(const pd_set *set, const pd_pending *pending, const pd_settings *settings,
                     pd_findings *findings, pd_error *err) PD_CHECKED;

/* An applied migration that is to be taken out. */
typedef struct pd_reversal {
    const pd_ledger_row *row;
    const char *path;  /* where its companion stands, for messages */
    pd_script *script; /* out, parsed; caller's */
} pd_reversal;

/* Whether the ledger keeps something for each row that can be run to take it out; parses that.
 * Scripts are filled only when nothing is found. */
bool pd_gate_reversal(const pd_set *set, const pd_reversal *reversals, size_t count,
                      const pd_settings *settings, pd_findings *findings, pd_error *err) PD_CHECKED;

/* Whether the companion that the ledger keeps asks to run outside of a transaction. */
bool pd_reversal_asks_none(const pd_ledger_row *row);

/* What Drizzle applied and predeploy has not adopted cannot be taken out: there is no companion
 * of it in the ledger. foreign_is_other: pd_ledger_terms. */
void pd_gate_unadopted(const pd_set *set, const pd_ledger *ledger, bool foreign_is_other,
                       pd_findings *findings);

#endif
