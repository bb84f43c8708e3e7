/* What a connection is told when it is new. Private to pg/. */
#ifndef PD_PG_SESSION_H
#define PD_PG_SESSION_H

#include <stdbool.h>

#include "pg/internal.h"

/* Pins search_path and sets the timeouts, in one round trip. Behind a pooler nothing of it outlasts
 * the statement. */
bool pd_session_setup(pd_db *db, pd_conn *conn, const pd_session *session,
                      pd_session_answer *answer, pd_error *err) PD_CHECKED;

/* The same for who asks it with other things, in a transaction of its own: servers of its version
 * know the text, though some may refuse it. The answer is then to be taken. */
const char *pd_session_sql(pd_db *db, const pd_conn *conn, const pd_session *session);
const char *pd_session_local_sql(pd_db *db, const pd_conn *conn); /* {local} of such texts */
void pd_session_presume(pd_conn *conn); /* before it is told anything: that it takes all of it */
void pd_session_take(pd_conn *conn, const PGresult *result, pd_session_answer *answer);

/* The same for a session behind a pooler that nobody else gets while it is ours. */
bool pd_session_keep(pd_db *db, pd_conn *conn, const pd_session *session, pd_error *err) PD_CHECKED;

/* The same where each transaction may get another session: from now on it begins with it. */
void pd_session_each_time(pd_db *db, pd_conn *conn, const pd_session *session);

#endif
