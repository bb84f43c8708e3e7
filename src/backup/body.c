#include "backup/body.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"

static json_t *checked(json_t *value)
{
    return pd_memory_checked(value);
}

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, checked(value)) != 0)
        pd_out_of_memory();
}

static json_t *database(const pd_target *target)
{
    if (target == NULL)
        return json_null();
    json_t *object = checked(json_object());
    put(object, "host", pd_json_text(target->host));
    put(object, "port", pd_json_text(target->port));
    put(object, "name", pd_json_text(target->dbname));
    return object;
}

const char *pd_backup_body(pd_arena *arena, const pd_backup_request *request, int64_t requested_at,
                           size_t *len)
{
    PD_AUTO_JSON body = checked(json_object());
    put(body, "event", json_string("predeploy.backup"));
    put(body, "action", pd_json_text(request->event));
    put(body, "deployment_id", pd_json_text(request->deployment));
    put(body, "commit", pd_json_text(request->commit));
    put(body, "database", database(request->target));
    json_t *migrations = checked(json_array());
    put(body, "migrations", migrations);
    for (size_t i = 0; i < request->migration_count; i++)
        if (json_array_append_new(migrations, checked(pd_json_text(request->migrations[i]))) != 0)
            pd_out_of_memory();
    put(body, "requested_at", pd_json_text(pd_timestamp(arena, requested_at)));
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_json_write(&text, body, false);
    *len = text.len;
    return pd_strbuf_keep(&text, arena);
}
