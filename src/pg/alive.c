#include "pg/alive.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "pg/query.h"
#include "pg_statements.h"

#define ASK_MS 500
#define SILENCE 2 /* times the patience */

/* What the network has not taken yet keeps the server waiting, not us. */
static bool all_sent(const pd_conn *conn)
{
    int bytes = 0;
    return ioctl(PQsocket(conn->pg), SIOCOUTQ, &bytes) != 0 || bytes == 0;
}

static pd_reply try_about(pd_db *db, const char *sql, const char *second, PGresult **result)
{
    const char *values[] = {pd_query_number(db->arena, db->worker_pid), second};
    pd_request request = pd_db_request(db, sql, "");
    request.values = values;
    request.count = 2;
    request.limit_ms = ASK_MS;
    return pd_conn_try(&db->control, &request, result);
}

/* The backend has said its last word long ago, and it has not come here. */
static bool is_done(pd_db *db)
{
    PD_AUTO_RESULT result = NULL;
    PD_AUTO_RESULT ended = NULL;
    const char *since = pd_query_number(db->arena, pd_db_patience_ms(db));
    if (try_about(db, pd_query_alive, since, &result) != PD_REPLY_DONE) {
        return false;
    }
    if (PQntuples(result) == 0) {
        return true;
    }
    if (PQgetisnull(result, 0, 0) != 0 || pd_value_bool(result, 0, 0)) {
        return false;
    }
    (void)try_about(db, pd_query_alive_end, db->application, &ended);
    return true;
}

bool pd_worker_alive(void *ctx)
{
    pd_db *db = ctx;
    int64_t now_ms = pd_now_ms();
    if (!pd_conn_usable(&db->control) || db->pooling == PD_POOLING_TRANSACTION) {
        return true;
    }
    if (db->control.late) {
        return now_ms - db->control.late_since_ms < SILENCE * pd_db_patience_ms(db);
    }
    if (now_ms - db->alive_asked_ms < pd_db_patience_ms(db)) {
        return true;
    }
    db->alive_asked_ms = now_ms;
    return !all_sent(&db->worker) || !is_done(db);
}
