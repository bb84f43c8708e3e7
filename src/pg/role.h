/* [deploy] role: migrations run as it, predeploy's own statements never do. Private to pg/. */
#ifndef PD_PG_ROLE_H
#define PD_PG_ROLE_H

#include "pg/internal.h"

/* SET ROLE of the settings' role, a statement on a line of its own; "" when there is none. Whoever
 * sends it resets the session before anything of predeploy's own. */
const char *pd_role_sql(const pd_db *db, const pd_conn *conn, pd_arena *arena);

/* A request that becomes the role until the transaction ends; values has room for one. With
 * db->options.read_only a role that exists and may not be taken on is left alone. Only to be asked
 * when settings->role is not NULL. */
pd_request pd_role_request(const pd_db *db, const char **values);

/* Adds to the error of pd_role_request what mends it. Always false. */
bool pd_role_explain(const pd_db *db, pd_error *err);

#endif
