#include "pg/conn.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/str.h"
#include "pg/conn_parts.h"
#include "pg/errors.h"

void pd_result_cleanup(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}

bool pd_conn_usable(const pd_conn *conn)
{
    return conn->pg != NULL && !conn->opening && !conn->lost && PQstatus(conn->pg) == CONNECTION_OK;
}

void pd_conn_close(pd_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->opening = false;
    conn->late = false;
    conn->lost = false;
}

/* PQcancel connects and waits without a deadline, so it runs in a child of its own; it is
 * async-signal-safe. */
pid_t pd_cancel_start(PGconn *pg)
{
    PGcancel *cancel = PQgetCancel(pg);
    if (cancel == NULL) {
        return -1;
    }
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        char text[256];
        /* It holds the connections open as long as it lives. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
            _exit(1);
        }
        _exit(PQcancel(cancel, text, (int)sizeof text) != 0 ? 0 : 1);
    }
    PQfreeCancel(cancel);
    return child;
}

bool pd_cancel_end(pid_t child, int64_t deadline_ms)
{
    if (child <= 0) {
        return true;
    }
    while (waitpid(child, NULL, WNOHANG) == 0) {
        if (pd_remaining_ms(deadline_ms) == 0) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, NULL, 0);
            return false;
        }
        (void)pd_wait_fd(NULL, -1, 0, pd_now_ms() + 5);
    }
    return true;
}

/* Whether what came ends the wait. */
static bool heed(pd_patience *patience)
{
    if (!patience->undisturbed) {
        return true;
    }
    int64_t until_ms = pd_now_ms() + pd_interrupt_grace_ms(patience->interrupt, PD_LIMIT_MAX_MS);
    if ((patience->interrupt->signal != 0 || patience->interrupt->late) &&
        (patience->deadline_ms < 0 || until_ms < patience->deadline_ms)) {
        patience->deadline_ms = until_ms;
    }
    return false;
}

pd_reply pd_conn_wait(pd_conn *conn, short events, pd_patience *patience)
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
        pd_conn_nudge(conn->beside, false);
        struct pollfd fds[2] = {{.fd = socket, .events = events}, pd_conn_wanted(conn->beside)};
        switch (pd_wait_either(patience->interrupt, fds, until_ms)) {
        case PD_WAIT_READY:
            if (fds[0].revents != 0) {
                return PD_REPLY_DONE;
            }
            break;
        case PD_WAIT_SIGNAL:
            if (heed(patience)) {
                return PD_REPLY_INTERRUPTED;
            }
            break;
        case PD_WAIT_TIMEOUT:
            if (!tick) {
                return PD_REPLY_TIMEOUT;
            }
            conn->tick(conn->tick_ctx);
            patience->tick_at_ms = pd_now_ms() + conn->tick_ms;
            if (events == POLLIN && conn->alive != NULL && !conn->alive(conn->alive_ctx)) {
                return PD_REPLY_LOST;
            }
            /* A signal that the tick has seen is not seen again by a wait. */
            if (pd_interrupted(patience->interrupt) && heed(patience)) {
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
        pd_reply reply = pd_conn_wait(conn, events, patience);
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
        pd_reply reply = pd_conn_wait(conn, POLLIN, patience);
        if (reply != PD_REPLY_DONE) {
            return reply;
        }
        if (PQconsumeInput(conn->pg) == 0) {
            return PD_REPLY_LOST;
        }
    }
}

bool pd_result_is_error(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* Keeps the first error, else the last rows, else the last result. */
static void keep(PGresult **kept, PGresult *result)
{
    bool replaces = *kept == NULL;
    if (!replaces && !pd_result_is_error(*kept)) {
        replaces = pd_result_is_error(result) || PQresultStatus(*kept) != PGRES_TUPLES_OK ||
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

bool pd_result_is_last_word(const PGresult *result)
{
    if (pd_result_is_error(result) && *pd_pg_field(result, PG_DIAG_SQLSTATE) == '\0') {
        return true;
    }
    const char *severity =
        result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity != NULL && (pd_streq(severity, "FATAL") || pd_streq(severity, "PANIC"));
}

static pd_reply settle(pd_conn *conn, const PGresult *kept)
{
    if (PQstatus(conn->pg) != CONNECTION_OK || pd_result_is_last_word(kept)) {
        return PD_REPLY_LOST;
    }
    /* libpq before 15 gives no result where it has no memory for one. */
    if (kept == NULL) {
        return PD_REPLY_LOST;
    }
    return pd_result_is_error(kept) ? PD_REPLY_ERROR : PD_REPLY_DONE;
}

pd_patience pd_cancel_patience(const pd_conn *conn)
{
    int64_t ms = pd_interrupt_grace_ms(conn->interrupt, PD_CANCEL_MS);
    if (ms < PD_CANCEL_MS) {
        ms = ms > PD_RECORD_MS + PD_GRACE_MIN_MS ? ms - PD_RECORD_MS : PD_GRACE_MIN_MS;
    }
    pd_patience patience = {pd_now_ms() + ms, -1, conn->interrupt, false};
    return patience;
}

/* Cancels, and gives the statement some time to end. */
static void cancel(pd_conn *conn, PGresult **kept)
{
    pd_patience patience = pd_cancel_patience(conn);
    pid_t child = pd_cancel_start(conn->pg);
    pd_reply reply = drain(conn, &patience, kept);
    if (reply == PD_REPLY_INTERRUPTED) { /* while a deadline's cancel was under way */
        patience = pd_cancel_patience(conn);
        reply = drain(conn, &patience, kept);
    }
    bool arrived = pd_cancel_end(child, patience.deadline_ms);
    conn->late = false;
    if (reply != PD_REPLY_DONE || settle(conn, *kept) == PD_REPLY_LOST) {
        PQclear(*kept);
        *kept = NULL;
        pd_conn_close(conn);
    } else if (!arrived) {
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

pd_reply pd_conn_drop_late(pd_conn *conn, pd_patience *patience)
{
    PD_AUTO_RESULT ignored = NULL;
    pd_reply reply = conn->late ? drain(conn, patience, &ignored) : PD_REPLY_DONE;
    if (reply == PD_REPLY_DONE) {
        conn->late = false;
    }
    return reply;
}

pd_patience pd_patience_of(const pd_conn *conn, int64_t limit_ms, bool undisturbed)
{
    int64_t now_ms = pd_now_ms();
    pd_patience patience = {limit_ms > 0 ? now_ms + limit_ms : -1,
                            conn->tick != NULL ? now_ms + conn->tick_ms : -1, conn->interrupt,
                            undisturbed};
    return patience;
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
    if (pd_conn_begins(conn)) {
        return pd_locals_ask(conn, request, result);
    }
    pd_patience patience = pd_patience_of(conn, request->limit_ms, request->undisturbed);
    pd_reply reply = pd_conn_drop_late(conn, &patience);
    if (reply == PD_REPLY_DONE) {
        reply = send_request(conn, request) ? drain(conn, &patience, result) : PD_REPLY_LOST;
    }
    if (reply == PD_REPLY_INTERRUPTED || reply == PD_REPLY_TIMEOUT) {
        cancel(conn, result);
        return reply;
    }
    reply = reply == PD_REPLY_DONE ? settle(conn, *result) : PD_REPLY_LOST;
    conn->lost = reply == PD_REPLY_LOST;
    return reply;
}

pd_reply pd_conn_try(pd_conn *conn, const pd_request *request, PGresult **result)
{
    pd_patience patience = {pd_now_ms() + (conn->late ? 0 : request->limit_ms), -1, conn->interrupt,
                            request->undisturbed};
    *result = NULL;
    if (!pd_conn_usable(conn)) {
        return PD_REPLY_LOST;
    }
    if (pd_conn_begins(conn)) {
        return pd_locals_ask(conn, request, result);
    }
    pd_reply reply = pd_conn_drop_late(conn, &patience);
    if (reply != PD_REPLY_DONE) {
        return reply;
    }
    if (!send_request(conn, request)) {
        return PD_REPLY_LOST;
    }
    patience.deadline_ms = pd_now_ms() + request->limit_ms;
    reply = drain(conn, &patience, result);
    conn->late = reply != PD_REPLY_DONE;
    conn->late_since_ms = conn->late ? pd_now_ms() : 0;
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
