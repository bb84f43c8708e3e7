/* Whether somebody is still there to answer. A statement without a time limit may run for hours,
 * and a firewall that has forgotten a connection says nothing. Private to pg/.
 */
#ifndef PD_PG_ALIVE_H
#define PD_PG_ALIVE_H

#include <stdbool.h>

#include "pg/internal.h"

/* pd_conn.alive of the worker: false when the server has not answered the control connection for
 * long, or is long done with what the worker waits for. Its backend is ended in that case. */
bool pd_worker_alive(void *db);

#endif
