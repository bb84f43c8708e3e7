/* Connections through a pooler: what holds there, and what does not. Private to pg/.
 *
 * A pooler that gives a session to one client until it leaves is no different from the server. One
 * that gives it out for a transaction at a time is: settings, advisory locks and temporary tables
 * of the session would be somebody else's, or lost. There every transaction begins with the
 * settings, and the deployment lock is one of a transaction that stays open on a connection of its
 * own.
 */
#ifndef PD_PG_POOLER_H
#define PD_PG_POOLER_H

#include <stdbool.h>

#include "pg/internal.h"
#include "pg/session.h"

/* Finds out which of the two stands before the control connection, and sets that up. The worker is
 * opened for it, unless nothing is to be written. A pooler that knows no transactions is refused.
 */
bool pd_pooler_settle(pd_db *db, const pd_session_answer *answer, pd_error *err) PD_CHECKED;

/* Sets up a further connection like the first. */
bool pd_pooler_follow(pd_db *db, pd_conn *conn, const pd_session *session,
                      const pd_session_answer *answer, pd_error *err) PD_CHECKED;

/* A further connection is not like the first. Always false. */
bool pd_pooler_fail_mixed(pd_error *err);

/* Tries to take the deployment lock in a transaction that stays open. */
bool pd_pooler_try_lock(pd_db *db, bool *locked, pd_error *err) PD_CHECKED;

/* Fails with PD_ERROR_UNREACHABLE where a session lasts for one transaction. */
bool pd_pooler_refuse_alone(const pd_db *db, pd_error *err) PD_CHECKED;

/* Before a connection is closed: nothing of ours stays in the session. */
void pd_pooler_leave(pd_db *db, pd_conn *conn);

#endif
