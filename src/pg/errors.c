#include "pg/errors.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

#define SQLSTATE_LEN 5
#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct pd_cause {
    const char *key;
    const char *hint;
} pd_cause;

static const pd_cause by_sqlstate[] = {
    {"25006", "This server or role takes no writes: connect to the primary, with a role whose "
              "default_transaction_read_only is off."},
    {"25P03", "idle_in_transaction_session_timeout ended the session: raise it for this role."},
    {"28000", "Check user, database and pg_hba.conf: the server refuses this combination, or "
              "asks for TLS (sslmode=require)."},
    {"28P01", "Check user and password of the connection string, or ~/.pgpass."},
    {"3D000", "Create the database (createdb NAME), or correct its name in the connection string."},
    {"40P01", "Two sessions waited for each other. Run predeploy again."},
    {"42501", "Grant what is missing to the role that it ran as: the one that predeploy connects "
              "with, or, for migrations, [deploy] role."},
    {"53100", "The server's disk is full: free some space, then run predeploy again."},
    {"53200", "The server ran out of memory or of room for locks: set [deploy] transaction = each, "
              "or raise max_locks_per_transaction."},
    {"53300", "All connections are taken: end idle ones, raise max_connections, or connect with a "
              "role that may use the reserved ones."},
    {"55P04",
     "A value of an enum can be used when the transaction that adds it has ended: put what "
     "uses it into a migration of its own and set [deploy] transaction = each, or begin "
     "this one with the line -- predeploy: no-transaction."},
    {"55P03", "Somebody holds a lock on what the migration changes: end the session that does, or "
              "raise [deploy] lockTimeout."},
    {"57014", "It ran longer than statement_timeout allows: raise [deploy] statementTimeout, or "
              "split the statement."},
    {"57P01", "The server ended the session, as in a restart. Run predeploy again."},
    {"57P02", "The server crashed. Look into its log, then run predeploy again."},
    {"57P03", "The server is starting up or shutting down. Try again in a moment."},
};

/* libpq's own texts: there is no code behind them. */
static const pd_cause by_text[] = {
    {"Connection refused", "Nothing listens there: check host and port, and that the server runs "
                           "(pg_isready)."},
    {"No such file or directory", "No server listens on that socket: check that it runs "
                                  "(pg_isready), or name a host."},
    {"could not translate host name", "The host's name is not known: check its spelling and DNS."},
    {"server does not support SSL", "The server has no TLS: use sslmode=prefer if that is meant."},
    {"certificate", "Check sslrootcert and the host's name: the server's certificate is not "
                    "trusted."},
    {"no password supplied", "Put the password into the connection string, PGPASSWORD or "
                             "~/.pgpass."},
    {"Permission denied", "The socket may not be used by this user: name a host instead, or run "
                          "predeploy as another user."},
    {"unreachable", "There is no way to the host: check the network."},
    {"timeout expired", "The host does not answer: check host, port and firewall."},
    {"closed the connection unexpectedly", "Whatever listens there is no PostgreSQL, or it went "
                                           "down: check host and port."},
};

/* What stands behind 28000, which is all that a server says in its code. */
static const pd_cause by_refusal[] = {
    {"\" does not exist",
     "Create the role (createuser NAME), or correct the user in the connection "
     "string."},
    {", no encryption", "pg_hba.conf lets nobody in like this without TLS: try sslmode=require, or "
                        "add a line there."},
};

const char *pd_pg_hint(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof by_sqlstate / sizeof *by_sqlstate; i++) {
        if (pd_streq(by_sqlstate[i].key, sqlstate)) {
            return by_sqlstate[i].hint;
        }
    }
    return NULL;
}

pd_error_kind pd_pg_kind(const char *sqlstate, pd_error_kind kind)
{
    return pd_streq(sqlstate, "55P03") || pd_streq(sqlstate, "40P01") ? PD_ERROR_LOCKED : kind;
}

const char *pd_pg_field(const PGresult *result, int field)
{
    const char *text = result == NULL ? NULL : PQresultErrorField(result, field);
    return text == NULL ? "" : text;
}

/* In verbose form the severity is followed by ":  SQLSTATE: ". */
static const char *find_sqlstate(const char *text)
{
    for (const char *at = strstr(text, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
        const char *state = at + 3;
        size_t len = 0;
        while (len < SQLSTATE_LEN && (isdigit((unsigned char)state[len]) != 0 ||
                                      isupper((unsigned char)state[len]) != 0)) {
            len++;
        }
        if (len == SQLSTATE_LEN && state[len] == ':' && state[len + 1] == ' ') {
            return state;
        }
    }
    return NULL;
}

/* What PQERRORS_VERBOSE added goes again: SQLSTATE and the server's source line. */
static void add_plain(pd_strbuf *out, const char *text, const char *sqlstate)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        bool location = pd_starts_with(text, "LOCATION:  ");
        if (!location && out->len > 0 && len > 0) {
            pd_strbuf_addc(out, '\n');
        }
        if (!location && sqlstate != NULL && sqlstate >= text && sqlstate < text + len) {
            pd_strbuf_add(out, text, (size_t)(sqlstate - text));
            const char *rest = sqlstate + SQLSTATE_LEN + 2;
            pd_strbuf_add(out, rest, (size_t)(text + len - rest));
        } else if (!location) {
            pd_strbuf_add(out, text, len);
        }
        text += len;
        text += *text == '\n' ? 1 : 0;
    }
}

static const char *hint_in(const char *text, const pd_cause *causes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strstr(text, causes[i].key) != NULL) {
            return causes[i].hint;
        }
    }
    return NULL;
}

bool pd_pg_fail_connect(pd_error *err, const char *text)
{
    PD_AUTO_STRBUF plain = pd_strbuf_new(sizeof err->detail);
    const char *sqlstate = find_sqlstate(text);
    const char *hint = NULL;
    add_plain(&plain, text, sqlstate);
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot connect to the database");
    (void)pd_error_detail(err, "%s", plain.data);
    if (sqlstate != NULL) {
        char code[SQLSTATE_LEN + 1] = "";
        memcpy(code, sqlstate, SQLSTATE_LEN);
        pd_error_code(err, code);
        hint = pd_streq(code, "28000") ? hint_in(text, by_refusal, COUNT(by_refusal)) : NULL;
        hint = hint == NULL ? pd_pg_hint(code) : hint;
    }
    if (hint == NULL) {
        hint = hint_in(text, by_text, COUNT(by_text));
    }
    return pd_error_hint(err, "%s", hint != NULL ? hint : "Check the connection string.");
}

/* A pooler's own errors have all the same code. */
static const char *pooler_hint(const char *primary)
{
    return strstr(primary, "statement pooling mode") == NULL
               ? NULL
               : "Between predeploy and the database stands a pooler that gives out no "
                 "transactions. "
                 "Name the port of the server itself.";
}

static void add_server_error(pd_error *err, const PGresult *result)
{
    const char *sqlstate = pd_pg_field(result, PG_DIAG_SQLSTATE);
    const char *primary = pd_pg_field(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = pd_pg_field(result, PG_DIAG_MESSAGE_DETAIL);
    const char *known = pd_pg_hint(sqlstate);
    const char *own = known != NULL ? known : pooler_hint(primary);
    const char *hint = own != NULL ? own : pd_pg_field(result, PG_DIAG_MESSAGE_HINT);
    pd_error_code(err, sqlstate);
    (void)pd_error_detail(err, "%s%s%s", primary, *detail == '\0' ? "" : "\n", detail);
    (void)pd_error_hint(err, "%s", hint);
}

static void fail_lost(pd_error *err, const pd_conn *conn, const pd_request *request,
                      const PGresult *result)
{
    const char *said = conn->pg == NULL ? "" : PQerrorMessage(conn->pg);
    size_t len = strlen(said);
    while (len > 0 && said[len - 1] == '\n') {
        len--;
    }
    (void)pd_fail(err, request->kind, "%s: the connection to the database was lost", request->what);
    if (*pd_pg_field(result, PG_DIAG_SQLSTATE) != '\0') {
        add_server_error(err, result);
    } else {
        (void)pd_error_detail(err, "%.*s", len > 1024 ? 1024 : (int)len, said);
    }
    if (err->hint[0] == '\0') {
        (void)pd_error_hint(err, "The server rolls back what was not committed. Look into its log, "
                                 "then run predeploy again.");
    }
}

bool pd_pg_fail(pd_error *err, const pd_conn *conn, const pd_request *request, pd_reply reply,
                const PGresult *result)
{
    const char *sqlstate = pd_pg_field(result, PG_DIAG_SQLSTATE);
    switch (reply) {
    case PD_REPLY_INTERRUPTED:
        return pd_fail_interrupted(err, conn->interrupt);
    case PD_REPLY_TIMEOUT:
        (void)pd_fail(err, request->kind, "%s: no answer within %lld ms", request->what,
                      (long long)request->limit_ms);
        return pd_error_hint(err, "The statement was cancelled. Check the server and the network.");
    case PD_REPLY_LOST:
        fail_lost(err, conn, request, result);
        return false;
    case PD_REPLY_ERROR:
    case PD_REPLY_DONE:
        break;
    }
    (void)pd_fail(err, pd_pg_kind(sqlstate, request->kind), "%s", request->what);
    add_server_error(err, result);
    if (err->hint[0] == '\0') {
        (void)pd_error_hint(
            err, "%s",
            request->kind == PD_ERROR_APPLY
                ? "Mend the migration, record and commit it, then run predeploy again."
                : "Look into the server's log, then run predeploy again.");
    }
    return false;
}
