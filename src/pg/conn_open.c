/* Connecting: at once, or beside the questions that are asked on another connection. */
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/str.h"
#include "pg/conn_parts.h"
#include "pg/errors.h"
#include "pg/resolve.h"

#define LOOKS 2   /* in front of the end stands what the server said last */
#define NEAR_MS 1 /* in which a server that is near answers */

static void on_notice(void *ctx, const PGresult *notice)
{
    const pd_conn *conn = ctx;
    const char *message = PQresultErrorMessage(notice);
    /* SET LOCAL in front of BEGIN, or of a statement by itself, is meant so (pg/session.h). */
    if (conn->locals_text != NULL && pd_streq(pd_pg_field(notice, PG_DIAG_SQLSTATE), "25P01")) {
        return;
    }
    size_t len = strlen(message);
    while (len > 0 && message[len - 1] == '\n') {
        len--;
    }
    pd_progress_detail(conn->progress, "%.*s", len > 4096 ? 4096 : (int)len, message);
}

static PGconn *connect_start(const pd_call *call, const pd_hosts *hosts)
{
    bool given = call->conninfo != NULL && *call->conninfo != '\0';
    /* What stands behind dbname overrides what the string says; NULL does not. */
    const char *keywords[] = {given ? "dbname" : "fallback_application_name",
                              "application_name",
                              "client_encoding",
                              "keepalives_idle",
                              "keepalives_interval",
                              "keepalives_count",
                              "tcp_user_timeout",
                              "host",
                              "hostaddr",
                              "port",
                              "options",
                              NULL};
    const char *values[] = {given ? call->conninfo : call->name,
                            call->name,
                            "UTF8",
                            "10",
                            "5",
                            "4",
                            "30000",
                            hosts->host,
                            hosts->hostaddr,
                            hosts->port,
                            call->options,
                            NULL};
    PGconn *pg = PQconnectStartParams(keywords, values, 1);
    if (pg == NULL) {
        pd_out_of_memory();
    }
    /* SQLSTATE is part of the text only so, and there is no other way to it before a result. */
    PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
    return pg;
}

bool pd_conn_start(pd_conn *conn, const pd_call *call, pd_error *err)
{
    if (!pd_conninfo_usable(call->conninfo)) {
        (void)pd_fail(err, PD_ERROR_USAGE, "the connection string is not valid");
        return pd_conninfo_hint(call->conninfo, err);
    }
    PD_AUTO_ARENA scratch = pd_arena_new();
    pd_resolver resolver = {pd_lookup_system, conn->interrupt, call->timeout_ms};
    pd_hosts hosts = {0};
    if (!pd_resolve(scratch, call->conninfo, &resolver, &hosts, err)) {
        return false;
    }
    conn->pg = connect_start(call, &hosts);
    conn->opening = true;
    conn->polling = PGRES_POLLING_WRITING;
    return true;
}

static bool is_over(const pd_conn *conn)
{
    return conn->polling == PGRES_POLLING_OK || conn->polling == PGRES_POLLING_FAILED ||
           PQstatus(conn->pg) == CONNECTION_BAD || PQsocket(conn->pg) < 0;
}

static short events_of(const pd_conn *conn)
{
    return conn->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
}

struct pollfd pd_conn_wanted(const pd_conn *conn)
{
    struct pollfd none = {.fd = -1};
    if (conn == NULL || !conn->opening || is_over(conn)) {
        return none;
    }
    return (struct pollfd){.fd = PQsocket(conn->pg), .events = events_of(conn)};
}

/* Before the server has answered whether it encrypts, it makes no session; and who goes on with
 * work of its own may keep it from a processor. One that is far away is waited for once, and in
 * vain. */
static int patience_ms(const pd_conn *conn)
{
    ConnStatusType status = PQstatus(conn->pg);
    bool encrypting = status == CONNECTION_SSL_STARTUP || status == CONNECTION_GSS_STARTUP;
    return encrypting && !conn->far ? NEAR_MS : 0;
}

void pd_conn_nudge(pd_conn *conn, bool busy)
{
    for (;;) {
        struct pollfd wanted = pd_conn_wanted(conn);
        if (wanted.fd < 0) {
            return;
        }
        int ms = busy ? patience_ms(conn) : 0;
        if (poll(&wanted, 1, ms) <= 0) {
            conn->far = conn->far || ms > 0;
            return;
        }
        conn->polling = PQconnectPoll(conn->pg);
    }
}

void pd_conn_drop_ended(pd_conn *conn)
{
    for (int i = 0; i < LOOKS && pd_conn_usable(conn); i++) {
        if (PQconsumeInput(conn->pg) == 0) {
            pd_conn_close(conn);
        }
    }
}

static bool wait_open(pd_conn *conn, int64_t deadline_ms, int64_t timeout_ms, pd_error *err)
{
    while (!is_over(conn)) {
        pd_wait wait =
            pd_wait_fd(conn->interrupt, PQsocket(conn->pg), events_of(conn), deadline_ms);
        if (wait == PD_WAIT_SIGNAL) {
            return pd_fail_interrupted(err, conn->interrupt);
        }
        if (wait == PD_WAIT_TIMEOUT) {
            (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot connect to the database");
            (void)pd_error_detail(err, "no answer from %s within %lld ms", PQhost(conn->pg),
                                  (long long)timeout_ms);
            return pd_error_hint(err, "Check host, port and firewall; a slow server may need "
                                      "a longer [deploy] connectTimeout in .predeploy.");
        }
        conn->polling = PQconnectPoll(conn->pg);
    }
    return conn->polling == PGRES_POLLING_OK || pd_pg_fail_connect(err, PQerrorMessage(conn->pg));
}

bool pd_conn_finish(pd_conn *conn, int64_t deadline_ms, int64_t timeout_ms, pd_error *err)
{
    if (!wait_open(conn, deadline_ms, timeout_ms, err)) {
        pd_conn_close(conn);
        return false;
    }
    conn->opening = false;
    PQsetErrorVerbosity(conn->pg, PQERRORS_DEFAULT);
    PQsetNoticeReceiver(conn->pg, on_notice, conn);
    if (PQsetnonblocking(conn->pg, 1) != 0) {
        (void)pd_pg_fail_connect(err, PQerrorMessage(conn->pg));
        pd_conn_close(conn);
        return false;
    }
    return true;
}

bool pd_conn_open(pd_conn *conn, const char *conninfo, const char *name, int64_t timeout_ms,
                  pd_error *err)
{
    int64_t deadline_ms = pd_now_ms() + timeout_ms;
    pd_call call = {.conninfo = conninfo, .name = name, .timeout_ms = timeout_ms};
    return pd_conn_start(conn, &call, err) && pd_conn_finish(conn, deadline_ms, timeout_ms, err);
}
