#include "base/str.h"
#include "pg/errors.h"
#include "pg/ledger.h"
#include "pg/query.h"
#include "pg_statements.h"

#define COMMIT_SHOWN 12
#define FINISH_MS 10000

/* application_name says which revision is being deployed, to whoever looks at the server. */
void pd_db_name(pd_db *db, const char *commit)
{
    db->application = pd_arena_printf(db->arena, PD_APPLICATION "/%.*s", COMMIT_SHOWN, commit);
}

static void add_name(pd_db *db, const char *commit, pd_group *group)
{
    pd_db_name(db, commit);
    const char *values[] = {db->application};
    (void)pd_group_add_with(
        group, pd_db_request(db, pd_query_name_session, "cannot name the session"), values, 1);
}

static bool is_running(const pd_deployment *deployment)
{
    return deployment->outcome == NULL || pd_streq(deployment->outcome, "running");
}

static void add_row(pd_db *db, const pd_deployment *deployment, pd_request request, pd_group *group)
{
    bool running = is_running(deployment);
    const char *values[] = {
        deployment->id,
        deployment->kind,
        deployment->commit,
        deployment->ref,
        deployment->actor,
        deployment->tool_version,
        deployment->started_at,
        deployment->finished_at,
        running ? "running" : deployment->outcome,
        deployment->detail,
        deployment->backup_reference,
        pd_query_count(db->arena, deployment->tables_before),
        pd_query_count(db->arena, deployment->tables_after),
        /* a running one gets its names from the batches that commit */
        running ? "{}"
                : pd_query_array(db->arena, deployment->migrations, deployment->migration_count),
        pd_query_bool(db->read_altered),
        db->read_digest,
    };
    request.sql = pd_query_deployment_begin;
    (void)pd_group_add_with(group, request, values, 16);
}

static pd_request own(const pd_db *db)
{
    return pd_db_request(db, NULL, "cannot record the deployment");
}

static bool record(pd_db *db, const pd_deployment *deployment, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    add_name(db, deployment->commit, &group);
    add_row(db, deployment, own(db), &group);
    return pd_group_ask(&group, &db->control, err);
}

bool pd_db_begin_deployment(pd_db *db, const pd_deployment *deployment, pd_error *err)
{
    if (is_running(deployment)) {
        pd_db_connect_ahead(db);
    }
    if (is_running(deployment) && db->named && pd_db_connects_ahead(db)) {
        db->unrecorded = deployment;
        return true;
    }
    return record(db, deployment, err);
}

bool pd_deployment_record(pd_db *db, pd_error *err)
{
    const pd_deployment *deployment = db->unrecorded;
    if (deployment == NULL) {
        return true;
    }
    db->unrecorded = NULL;
    return record(db, deployment, err);
}

size_t pd_deployment_add(pd_db *db, const char *pin_sql, pd_group *group)
{
    pd_request request = own(db);
    if (db->unrecorded == NULL) {
        return PD_GROUP_NONE;
    }
    request.sql = pd_query_batch_begin;
    (void)pd_group_add(group, request);
    request.sql = pin_sql;
    (void)pd_group_add(group, request);
    add_row(db, db->unrecorded, request, group);
    request.sql = "COMMIT";
    return pd_group_add(group, request);
}

/* An UPDATE of the deployment's row, which must be there and running. */
static bool update_row(pd_db *db, const pd_request *request, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    if (!pd_conn_get(&db->control, request, &result, err)) {
        return false;
    }
    if (pd_streq(PQcmdTuples(result), "1")) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "%s: it is not running", request->what);
    return pd_error_hint(err, "See how it ended: predeploy status");
}

/* One that was to be recorded later, and is over. False: there is none, or it is there: the answer
 * was lost. */
static bool insert_row(pd_db *db, const pd_deployment *deployment, const pd_request *how)
{
    pd_error ignored = {0};
    PD_AUTO_GROUP group = {.arena = db->arena};
    if (db->unrecorded == NULL) {
        return false;
    }
    db->unrecorded = NULL;
    add_row(db, deployment, *how, &group);
    return pd_group_ask(&group, &db->control, &ignored);
}

bool pd_db_finish_deployment(pd_db *db, const pd_deployment *deployment, pd_error *err)
{
    const char *values[] = {deployment->id, deployment->outcome, deployment->detail,
                            deployment->finished_at};
    pd_request request =
        pd_db_request(db, pd_query_deployment_finish, "cannot record how the deployment ended");
    request.values = values;
    request.count = 4;
    request.undisturbed = true; /* it may be a signal that ended it */
    request.limit_ms = pd_interrupt_grace_ms(db->options.interrupt, FINISH_MS);
    if (!pd_conn_usable(&db->control)) {
        pd_conn_close(&db->control);
        db->locked = false;
        if (!pd_db_connect(db, &db->control, err)) {
            return false;
        }
    }
    return insert_row(db, deployment, &request) || update_row(db, &request, err);
}

bool pd_db_record_backup(pd_db *db, const pd_deployment *deployment, pd_error *err)
{
    const char *values[] = {deployment->id, deployment->backup_reference};
    pd_request request = pd_db_request(db, pd_query_deployment_backup, "cannot record the backup");
    request.values = values;
    request.count = 2;
    return update_row(db, &request, err);
}

bool pd_deployments_close(pd_db *db, pd_error *err)
{
    pd_request request = pd_db_request(db, pd_query_deployments_interrupted,
                                       "cannot close deployments that never finished");
    return pd_conn_get(&db->control, &request, NULL, err);
}
