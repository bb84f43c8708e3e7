/* The syntax gate: can a pending migration be run, and as a whole? Pure. */
#ifndef PD_GATE_SYNTAX_H
#define PD_GATE_SYNTAX_H

#include <stdbool.h>

#include "base/error.h"
#include "domain/finding.h"
#include "domain/migration.h"
#include "domain/script.h"
#include "domain/settings.h"

/* Judges one text of the migration, `script` as sql/ has parsed it: the migration's own, or, when
 * `companion` is true, its rollback companion's (down.data is then not NULL). Each finding points
 * at the statement it is about. A file with many of one rule gets PD_SYNTAX_FINDINGS_MAX, the last
 * of which says how many more there are; each rule has a count of its own, so that one that is
 * turned off never hides another. */
#define PD_SYNTAX_FINDINGS_MAX 20
void pd_gate_syntax(const pd_migration *migration, const pd_script *script, bool companion,
                    pd_findings *findings);

/* False, with PD_ERROR_USAGE, when sql-transaction-control was lowered and stands among the
 * findings from the index `from` on, those about the text of `name` that is to run: the ledger's
 * rows are written in the transaction that the text would end. */
bool pd_gate_runs(const pd_settings *settings, const pd_findings *findings, size_t from,
                  const char *name, pd_error *err) PD_CHECKED;

#endif
