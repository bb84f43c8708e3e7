/* Verdicts that are kept and recalled: what is written down, and whether it still holds. Pure. */
#ifndef PD_DEPLOY_RECALL_H
#define PD_DEPLOY_RECALL_H

#include "deploy/run.h"
#include "domain/recall.h"

/* Whether the verdict of this run, which had nothing to do, is one to rely on the next time:
 * nothing was found, not even a warning, and all is as it will be then. */
bool pd_recall_wanted(const pd_run *run, const pd_ledger *ledger);

/* That verdict as a text for the row of now->deployment; NULL: what is there now is not what was
 * judged, `ledger`. */
const char *pd_recall_make(const pd_run *run, const pd_ledger *ledger, const pd_recalled *now);

/* Whether the verdict was given on the same terms (pd_run.terms) about what is there now. */
bool pd_recall_holds(pd_arena *arena, const char *terms, const pd_recalled *now, pd_recall *out);

/* The report of a run that relies on it. The table count is still to be judged. */
void pd_recall_report(pd_arena *arena, const pd_recall *recall, const pd_recalled *now,
                      const pd_settings *settings, pd_report *report);

#endif
