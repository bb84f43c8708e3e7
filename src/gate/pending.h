/* Parses what is about to run and asks the syntax gate about it. */
#ifndef PD_GATE_PENDING_H
#define PD_GATE_PENDING_H

#include "domain/migration.h"
#include "domain/script.h"
#include "domain/settings.h"
#include "gate/gate.h"

/* Parses the migrations whose state is PD_PENDING, and their companions, and judges both.
 * scripts[i] is the parsed migration i, NULL for one that is not pending; caller's array of
 * set->count. `unqualified` says whether unqualified names mean settings->verify_schema.
 * PD_ERROR_UNREACHABLE when the parser cannot be started. */
bool pd_gate_pending(pd_arena *arena, const pd_set *set, const pd_applied_state *states,
                     const pd_settings *settings, bool unqualified, const pd_script **scripts,
                     pd_findings *findings, pd_error *err) PD_CHECKED;

#endif
