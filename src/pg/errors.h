/* libpq's and the server's errors, made errors of predeploy. Private to pg/. */
#ifndef PD_PG_ERRORS_H
#define PD_PG_ERRORS_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/error.h"
#include "pg/conn.h"

/* What the user can do about a SQLSTATE, NULL when nothing general is known. */
const char *pd_pg_hint(const char *sqlstate);

/* The kind of error that a SQLSTATE is: locks are PD_ERROR_LOCKED, everything else is `kind`. */
pd_error_kind pd_pg_kind(const char *sqlstate, pd_error_kind kind);

/* Fails with PD_ERROR_UNREACHABLE from PQerrorMessage of a connection that could not be made
 * with verbosity PQERRORS_VERBOSE: takes the SQLSTATE out of the text and hints by cause. */
bool pd_pg_fail_connect(pd_error *err, const char *text);

/* Fails with request->what for any reply but PD_REPLY_DONE. */
bool pd_pg_fail(pd_error *err, const pd_conn *conn, const pd_request *request, pd_reply reply,
                const PGresult *result);

/* Field of a result's error (PG_DIAG_…), "" when there is none. */
const char *pd_pg_field(const PGresult *result, int field);

#endif
