/* A throwaway PostgreSQL: started from the installed server binaries on a socket in a private
 * temporary folder, gone without trace when it is closed.
 */
#ifndef PD_PG_CLUSTER_H
#define PD_PG_CLUSTER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"

typedef struct pd_cluster pd_cluster;

/* Finds initdb and postgres (PREDEPLOY_PG_BINDIR, PATH, pg_config --bindir, the newest
 * /usr/lib/postgresql/N/bin), makes a cluster, starts it, and gives a conninfo for its superuser
 * and database `postgres`. As root the server runs as another user: the owner of PREDEPLOY_PG_USER,
 * else `postgres`, else `nobody`. Errors are PD_ERROR_UNREACHABLE; nothing is left behind by a
 * failure or a signal. */
bool pd_cluster_start(pd_cluster **out, pd_arena *arena, pd_interrupt *interrupt,
                      pd_progress *progress, const char **conninfo, pd_error *err) PD_CHECKED;
void pd_cluster_stop(pd_cluster **cluster); /* stops the server and removes its folder */
#define PD_AUTO_CLUSTER PD_CLEANUP(pd_cluster_stop) pd_cluster *

#endif
