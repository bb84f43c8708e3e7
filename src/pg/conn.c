#include "pg/conn.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "pg/errors.h"

/* How long one question may take, and what may end it early. */
typedef struct pd_patience {
    int64_t deadline_ms; /* < 0: none */
    int64_t tick_at_ms;  /* < 0: none */
    pd_interrupt *interrupt;
} pd_patience;

void pd_result_cleanup(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}

static void on_notice(void *ctx, const char *message)
{
    size_t len = strlen(message);
    while (len > 0 && message[len - 1] == '\n') {
        len--;
    }
    pd_progress_detail(ctx, "%.*s", len > 4096 ? 4096 : (int)len, message);
}

bool pd_conn_usable(const pd_conn *conn)
{
    return conn->pg != NULL && PQstatus(conn->pg) == CONNECTION_OK;
}

void pd_conn_close(pd_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->late = false;
}

static PGconn *connect_start(const char *conninfo, const char *name)
{
    bool given = conninfo != NULL && *conninfo != '\0';
    /* What stands behind dbname overrides what the string says. */
    const char *keywords[] = {given ? "dbname" : "fallback_application_name",
                              "application_name",
                              "client_encoding",
                              "keepalives_idle",
                              "keepalives_interval",
                              "keepalives_count",
                              "tcp_user_timeout",
                              NULL};
    const char *values[] = {given ? conninfo : name, name, "UTF8", "10", "5", "4", "30000", NULL};
    PGconn *pg = PQconnectStartParams(keywords, values, 1);
    if (pg == NULL) {
        abort(); /* out of memory */
    }
    /* SQLSTATE is part of the text only so, and there is no other way to it before a result. */
    PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
    return pg;
}

static bool connect_poll(pd_conn *conn, int64_t timeout_ms, pd_error *err)
{
    int64_t deadline_ms = pd_now_ms() + timeout_ms;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(conn->pg) != CONNECTION_BAD) {
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        pd_wait wait = pd_wait_fd(conn->interrupt, PQsocket(conn->pg), events, deadline_ms);
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
        state = PQconnectPoll(conn->pg);
        if (state == PGRES_POLLING_OK) {
            return true;
        }
        if (state == PGRES_POLLING_FAILED) {
            break;
        }
    }
    return pd_pg_fail_connect(err, PQerrorMessage(conn->pg));
}

bool pd_conn_open(pd_conn *conn, const char *conninfo, const char *name, int64_t timeout_ms,
                  pd_error *err)
{
    if (!pd_conninfo_usable(conninfo)) {
        (void)pd_fail(err, PD_ERROR_USAGE, "the connection string is not valid");
        return pd_error_hint(err, "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE and "
                                  "percent-encode special characters ('/' is %%2F, '@' is %%40, "
                                  "'%%' is %%25, '#' is %%23).");
    }
    conn->pg = connect_start(conninfo, name);
    if (!connect_poll(conn, timeout_ms, err)) {
        pd_conn_close(conn);
        return false;
    }
    PQsetErrorVerbosity(conn->pg, PQERRORS_DEFAULT);
    PQsetNoticeProcessor(conn->pg, on_notice, conn->progress);
    if (PQsetnonblocking(conn->pg, 1) != 0) {
        (void)pd_pg_fail_connect(err, PQerrorMessage(conn->pg));
        pd_conn_close(conn);
        return false;
    }
    return true;
}

/* PQcancel connects and waits without a deadline, so it runs in a child of its own; it is
 * async-signal-safe. -1 when there is nothing to cancel. */
static pid_t cancel_start(PGconn *pg)
{
    PGcancel *cancel = PQgetCancel(pg);
    if (cancel == NULL) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        char text[256];
        _exit(PQcancel(cancel, text, (int)sizeof text) != 0 ? 0 : 1);
    }
    PQfreeCancel(cancel);
    return child;
}

/* A request that comes too late would hit the statement after: so it is waited for. */
static void cancel_end(pid_t child, int64_t deadline_ms)
{
    if (child <= 0) {
        return;
    }
    while (waitpid(child, NULL, WNOHANG) == 0) {
        if (pd_remaining_ms(deadline_ms) == 0) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, NULL, 0);
            return;
        }
        (void)pd_wait_fd(NULL, -1, 0, pd_now_ms() + 5);
    }
}

static pd_reply wait_for(pd_conn *conn, short events, pd_patience *patience)
{
    for (;;) {
        int64_t until_ms = patience->deadline_ms;
        bool tick = patience->tick_at_ms >= 0 && (until_ms < 0 || patience->tick_at_ms < until_ms);
        if (tick) {
            until_ms = patience->tick_at_ms;
        }
        int socket = PQsocket(conn->pg);
        if (socket < 0) {
            return PD_REPLY_LOST;
        }
        switch (pd_wait_fd(patience->interrupt, socket, events, until_ms)) {
        case PD_WAIT_READY:
            return PD_REPLY_DONE;
        case PD_WAIT_SIGNAL:
            return PD_REPLY_INTERRUPTED;
        case PD_WAIT_TIMEOUT:
            if (!tick) {
                return PD_REPLY_TIMEOUT;
            }
            conn->tick(conn->tick_ctx);
            patience->tick_at_ms = pd_now_ms() + conn->tick_ms;
            /* A signal that the tick has seen is not seen again by a wait. */
            if (pd_interrupted(patience->interrupt)) {
                return PD_REPLY_INTERRUPTED;
            }
            break;
        }
    }
}

/* Sends what is left and reads until a result can be had. */
static pd_reply pump(pd_conn *conn, pd_patience *patience)
{
    for (;;) {
        int unsent = PQflush(conn->pg);
        if (unsent < 0) {
            return PD_REPLY_LOST;
        }
        if (unsent == 0 && PQisBusy(conn->pg) == 0) {
            return PD_REPLY_DONE;
        }
        short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
        pd_reply reply = wait_for(conn, events, patience);
        if (reply != PD_REPLY_DONE) {
            return reply;
        }
        if (PQconsumeInput(conn->pg) == 0) {
            return PD_REPLY_LOST;
        }
    }
}

static pd_reply drop_copy_out(pd_conn *conn, pd_patience *patience)
{
    for (;;) {
        char *row = NULL;
        int len = PQgetCopyData(conn->pg, &row, 1);
        PQfreemem(row);
        if (len < 0) {
            return PD_REPLY_DONE; /* the end, or an error that the next result tells */
        }
        if (len > 0) {
            continue;
        }
        pd_reply reply = wait_for(conn, POLLIN, patience);
        if (reply != PD_REPLY_DONE) {
            return reply;
        }
        if (PQconsumeInput(conn->pg) == 0) {
            return PD_REPLY_LOST;
        }
    }
}

static bool is_error(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* Keeps the first error, else the last rows, else the last result. */
static void keep(PGresult **kept, PGresult *result)
{
    bool replaces = *kept == NULL;
    if (!replaces && !is_error(*kept)) {
        replaces = is_error(result) || PQresultStatus(*kept) != PGRES_TUPLES_OK ||
                   PQresultStatus(result) == PGRES_TUPLES_OK;
    }
    if (replaces) {
        PQclear(*kept);
        *kept = result;
    } else {
        PQclear(result);
    }
}

static pd_reply drain(pd_conn *conn, pd_patience *patience, PGresult **kept)
{
    for (;;) {
        pd_reply reply = pump(conn, patience);
        if (reply != PD_REPLY_DONE) {
            return reply;
        }
        PGresult *result = PQgetResult(conn->pg);
        if (result == NULL) {
            return PD_REPLY_DONE;
        }
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_SINGLE_TUPLE) {
            PQclear(result);
        } else if (status == PGRES_COPY_OUT) {
            PQclear(result);
            conn->copied = true;
            reply = drop_copy_out(conn, patience);
        } else if (status == PGRES_COPY_IN || status == PGRES_COPY_BOTH) {
            PQclear(result);
            conn->copied = true;
            int ended = PQputCopyEnd(conn->pg, "there is no data to copy from");
            reply = ended < 0 ? PD_REPLY_LOST : PD_REPLY_DONE;
        } else {
            keep(kept, result);
        }
        if (reply != PD_REPLY_DONE) {
            return reply;
        }
    }
}

/* A FATAL ends the connection, though libpq may not have seen the end yet. */
static bool is_last_word(const PGresult *result)
{
    const char *severity =
        result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity != NULL && (pd_streq(severity, "FATAL") || pd_streq(severity, "PANIC"));
}

static pd_reply settle(pd_conn *conn, const PGresult *kept)
{
    if (PQstatus(conn->pg) != CONNECTION_OK || is_last_word(kept)) {
        return PD_REPLY_LOST;
    }
    return kept != NULL && is_error(kept) ? PD_REPLY_ERROR : PD_REPLY_DONE;
}

/* Cancels, and gives the statement PD_CANCEL_MS to end. */
static void cancel(pd_conn *conn, PGresult **kept)
{
    pd_patience patience = {pd_now_ms() + PD_CANCEL_MS, -1, NULL};
    pid_t child = cancel_start(conn->pg);
    pd_reply reply = drain(conn, &patience, kept);
    cancel_end(child, patience.deadline_ms);
    conn->late = false;
    if (reply != PD_REPLY_DONE || settle(conn, *kept) == PD_REPLY_LOST) {
        PQclear(*kept);
        *kept = NULL;
        pd_conn_close(conn);
    }
}

static bool send_request(pd_conn *conn, const pd_request *request)
{
    int sent = request->simple ? PQsendQuery(conn->pg, request->sql)
                               : PQsendQueryParams(conn->pg, request->sql, request->count, NULL,
                                                   request->values, NULL, NULL, 0);
    if (sent != 0 && request->discard) {
        (void)PQsetSingleRowMode(conn->pg);
    }
    return sent != 0;
}

/* Throws away the answer that pd_conn_try did not wait for. */
static pd_reply drop_late(pd_conn *conn, pd_patience *patience)
{
    PD_AUTO_RESULT ignored = NULL;
    pd_reply reply = conn->late ? drain(conn, patience, &ignored) : PD_REPLY_DONE;
    if (reply == PD_REPLY_DONE) {
        conn->late = false;
    }
    return reply;
}

pd_reply pd_conn_ask(pd_conn *conn, const pd_request *request, PGresult **result)
{
    *result = NULL;
    conn->copied = false;
    if (!request->undisturbed && pd_interrupted(conn->interrupt)) {
        return PD_REPLY_INTERRUPTED;
    }
    if (!pd_conn_usable(conn)) {
        return PD_REPLY_LOST;
    }
    int64_t now_ms = pd_now_ms();
    pd_patience patience = {request->limit_ms > 0 ? now_ms + request->limit_ms : -1,
                            conn->tick != NULL ? now_ms + conn->tick_ms : -1,
                            request->undisturbed ? NULL : conn->interrupt};
    pd_reply reply = drop_late(conn, &patience);
    if (reply == PD_REPLY_DONE) {
        reply = send_request(conn, request) ? drain(conn, &patience, result) : PD_REPLY_LOST;
    }
    if (reply == PD_REPLY_INTERRUPTED || reply == PD_REPLY_TIMEOUT) {
        cancel(conn, result);
        return reply;
    }
    return reply == PD_REPLY_DONE ? settle(conn, *result) : PD_REPLY_LOST;
}

pd_reply pd_conn_try(pd_conn *conn, const pd_request *request, PGresult **result)
{
    pd_patience patience = {pd_now_ms() + (conn->late ? 0 : request->limit_ms), -1,
                            request->undisturbed ? NULL : conn->interrupt};
    *result = NULL;
    if (!pd_conn_usable(conn)) {
        return PD_REPLY_LOST;
    }
    pd_reply reply = drop_late(conn, &patience);
    if (reply != PD_REPLY_DONE) {
        return reply;
    }
    if (!send_request(conn, request)) {
        return PD_REPLY_LOST;
    }
    patience.deadline_ms = pd_now_ms() + request->limit_ms;
    reply = drain(conn, &patience, result);
    conn->late = reply != PD_REPLY_DONE;
    if (conn->late) {
        pd_result_cleanup(result);
        return reply;
    }
    return settle(conn, *result);
}

bool pd_conn_get(pd_conn *conn, const pd_request *request, PGresult **result, pd_error *err)
{
    PD_AUTO_RESULT answer = NULL;
    pd_reply reply = pd_conn_ask(conn, request, &answer);
    if (reply != PD_REPLY_DONE) {
        return pd_pg_fail(err, conn, request, reply, answer);
    }
    if (result != NULL) {
        *result = answer;
        answer = NULL;
    }
    return true;
}
