#include "pg/role.h"

#include "base/str.h"
#include "pg/query.h"
#include "pg_statements.h"

#define SERVER_WITH_SET_OPTION 160000 /* GRANT ... WITH SET: membership alone is not enough */

const char *pd_role_sql(const pd_db *db, const pd_conn *conn, pd_arena *arena)
{
    const char *role = db->options.settings->role;
    if (role == NULL) {
        return "";
    }
    return pd_arena_printf(arena, "SET ROLE %s;\n", pd_query_identifier(arena, conn->pg, role));
}

pd_request pd_role_request(const pd_db *db, const char **values)
{
    bool set_option = PQserverVersion(db->control.pg) >= SERVER_WITH_SET_OPTION;
    const char *pairs[] = {"membership", set_option ? "SET" : "MEMBER", NULL};
    const char *sql = db->options.read_only ? pd_query_fill(db->arena, pd_query_role_try, pairs)
                                            : pd_query_role_set;
    pd_request request = pd_db_request(
        db, sql, pd_arena_printf(db->arena, "cannot work as role %s", db->options.settings->role));
    values[0] = db->options.settings->role;
    request.values = values;
    request.count = 1;
    return request;
}

bool pd_role_explain(const pd_db *db, pd_error *err)
{
    PGconn *pg = db->control.pg;
    const char *login = PQuser(pg);
    const char *role = pd_query_identifier(db->arena, pg, db->options.settings->role);
    const char *user = pd_query_identifier(db->arena, pg, login == NULL ? "" : login);
    if (pd_streq(err->code, "42501")) {
        return pd_error_hint(err,
                             "Migrations run as [deploy] role of .predeploy, and who connects must "
                             "be a member of it: GRANT %s TO %s;",
                             role, user);
    }
    if (pd_streq(err->code, "22023") || pd_streq(err->code, "42704")) {
        return pd_error_hint(err,
                             "[deploy] role of .predeploy names a role that is not there: correct "
                             "it, or CREATE ROLE %s; GRANT %s TO %s;",
                             role, role, user);
    }
    return false;
}
