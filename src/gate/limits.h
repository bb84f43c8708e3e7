/* What a pending migration does to the time limits of its session. Pure. */
#ifndef PD_GATE_LIMITS_H
#define PD_GATE_LIMITS_H

#include "domain/finding.h"
#include "domain/migration.h"
#include "domain/script.h"

/* Finds the first SET lock_timeout of the file that lets others wait longer than `limit_ms`, which
 * is [deploy] lockTimeout (0: no limit, nothing is found), and how many more there are. What stands
 * behind it counts: CONCURRENTLY keeps nobody waiting. */
void pd_gate_lock_limits(const pd_sql_file *file, const pd_script *script, int64_t limit_ms,
                         pd_findings *findings);

#endif
