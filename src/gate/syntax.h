/* The syntax gate: can a pending migration be run, and as a whole? Pure. */
#ifndef PD_GATE_SYNTAX_H
#define PD_GATE_SYNTAX_H

#include <stdbool.h>

#include "domain/finding.h"
#include "domain/migration.h"
#include "domain/script.h"

/* Judges one text of the migration, `script` as sql/ has parsed it: the migration's own, or, when
 * `companion` is true, its rollback companion's (down.data is then not NULL). Each finding points
 * at the statement it is about. A file with many of one rule gets PD_SYNTAX_FINDINGS_MAX, the last
 * of which says how many more there are; each rule has a count of its own, so that one that is
 * turned off never hides another. */
#define PD_SYNTAX_FINDINGS_MAX 20
void pd_gate_syntax(const pd_migration *migration, const pd_script *script, bool companion,
                    pd_findings *findings);

#endif
