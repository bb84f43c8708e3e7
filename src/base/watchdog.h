/* A limit on the time that the whole process may take, for work that somebody else pays for: a
 * push that waits for its hook. It ends the process wherever it stands, so it is only for runs that
 * write nothing. */
#ifndef PD_BASE_WATCHDOG_H
#define PD_BASE_WATCHDOG_H

#include <stdint.h>

#define PD_WATCHDOG_STATUS 3 /* as of PD_ERROR_UNREACHABLE */

/* From now on the process has `ms` milliseconds (more than 0). Then it says on stderr that the time
 * is over, and ends with PD_WATCHDOG_STATUS. A second call sets a new limit. Children have none. */
void pd_watchdog_start(int64_t ms);

/* Takes the limit away. */
void pd_watchdog_stop(void);

#endif
