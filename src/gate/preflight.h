/* Before a plan starts: which locks it will ask for, and who is in the way. */
#ifndef PD_GATE_PREFLIGHT_H
#define PD_GATE_PREFLIGHT_H

#include "domain/finding.h"
#include "domain/obstacle.h"
#include "domain/settings.h"

/* The locks of the plan's statements, as far as their parse trees tell. count 0 and concurrent
 * NULL: there is nothing to ask. */
void pd_preflight_of(pd_arena *arena, const pd_plan *plan, const pd_settings *settings,
                     pd_preflight *out);

/* A finding for each obstacle: old-transaction, dump-running. */
void pd_gate_preflight(const pd_preflight *asked, const pd_obstacles *obstacles,
                       const pd_settings *settings, pd_findings *findings);

#endif
