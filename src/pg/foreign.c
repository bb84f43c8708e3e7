#include "pg/foreign.h"

#include <string.h>

#include "base/str.h"
#include "pg/query.h"
#include "pg_statements.h"

#define FOREIGN_ROWS_MAX 100000

/* What a tool's table looks like. Names alone say little: three tools use one of them. */
typedef struct shape {
    pd_layout_kind tool;
    const char *table;
    const char *columns[6]; /* that it has, "name CATEGORY" */
    bool alone;             /* and no other ones */
    const char *sql;
} shape;

static const shape shapes[] = {
    {PD_LAYOUT_GOLANG_MIGRATE,
     "schema_migrations",
     {"version N", "dirty B"},
     false,
     pd_query_foreign_golang_migrate},
    {PD_LAYOUT_DBMATE, "schema_migrations", {"version S"}, true, pd_query_foreign_versions},
    {PD_LAYOUT_GOOSE,
     "goose_db_version",
     {"id N", "version_id N", "is_applied B"},
     false,
     pd_query_foreign_goose},
    {PD_LAYOUT_SQLX,
     "_sqlx_migrations",
     {"version N", "success B", "checksum U"},
     false,
     pd_query_foreign_sqlx},
    {PD_LAYOUT_DIESEL,
     "__diesel_schema_migrations",
     {"version S", "run_on D"},
     false,
     pd_query_foreign_versions},
    {PD_LAYOUT_PRISMA,
     "_prisma_migrations",
     {"migration_name S", "checksum S", "started_at D", "finished_at D", "rolled_back_at D"},
     false,
     pd_query_foreign_prisma},
    {PD_LAYOUT_FLYWAY,
     "flyway_schema_history",
     {"installed_rank N", "version S", "type S", "checksum N", "success B"},
     false,
     pd_query_foreign_flyway},
    {PD_LAYOUT_FLYWAY, /* before Flyway 5 */
     "schema_version",
     {"installed_rank N", "version S", "type S", "checksum N", "success B"},
     false,
     pd_query_foreign_flyway},
};

#define SHAPE_COUNT (sizeof shapes / sizeof *shapes)

bool pd_foreign_wanted(const pd_db *db)
{
    return !pd_layout_is_drizzle(db->options.layout);
}

/* Somebody has said that such tables say nothing about this application. */
static bool is_lowered(const pd_db *db)
{
    return db->options.settings->severity_of_rule[PD_RULE_LEDGER_FOREIGN] == PD_SEVERITY_WARNING;
}

const char *pd_foreign_names(pd_arena *arena)
{
    const char *names[SHAPE_COUNT];
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        names[i] = shapes[i].table;
    }
    return pd_query_array(arena, names, SHAPE_COUNT);
}

static bool has_line(const char *columns, const char *line)
{
    size_t len = strlen(line);
    while (*columns != '\0') {
        size_t end = strcspn(columns, "\n");
        if (end == len && memcmp(columns, line, len) == 0) {
            return true;
        }
        columns += end;
        columns += *columns == '\n' ? 1 : 0;
    }
    return false;
}

static bool has_columns(const shape *self, const char *columns)
{
    size_t count = 0;
    for (; count < sizeof self->columns / sizeof *self->columns; count++) {
        if (self->columns[count] == NULL) {
            break;
        }
        if (!has_line(columns, self->columns[count])) {
            return false;
        }
    }
    size_t lines = 1;
    for (const char *at = columns; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    return !self->alone || lines == count;
}

/* The tool whose table it is, NULL when it is none's. */
static const shape *find_shape(const char *table, const char *columns)
{
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        if (pd_streq(shapes[i].table, table) && has_columns(&shapes[i], columns)) {
            return &shapes[i];
        }
    }
    return NULL;
}

static bool fail_unsafe(const char *schema, const char *table, const shape *as, const char *why,
                        pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s.%s, which looks like %s's ledger",
                  schema, table, pd_layout_name(as->tool));
    (void)pd_error_detail(err, "%s", why);
    return pd_error_hint(err,
                         "Whether %s has applied migrations of this revision cannot be told. Mend "
                         "that, or, when the table is not this application's: git config -f "
                         ".predeploy rule.ledger-foreign.severity warning",
                         pd_layout_name(as->tool));
}

static pd_foreign_state state_of(const char *word)
{
    static const struct {
        const char *word;
        pd_foreign_state state;
    } words[] = {
        {"applied", PD_FOREIGN_APPLIED},
        {"up to", PD_FOREIGN_UP_TO},
        {"baseline", PD_FOREIGN_BASELINE},
        {"reverted", PD_FOREIGN_REVERTED},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (pd_streq(words[i].word, word)) {
            return words[i].state;
        }
    }
    return PD_FOREIGN_UNFINISHED;
}

/* Runs a query whose only parameter is how many rows are wanted; more are an error. */
static bool read_limited(pd_db *db, const char *sql, const char *what, PGresult **result,
                         pd_error *err)
{
    const char *limit[] = {pd_query_number(db->arena, FOREIGN_ROWS_MAX + 1)};
    pd_request request = pd_db_request(db, sql, what);
    request.values = limit;
    request.count = 1;
    if (!pd_conn_get(&db->control, &request, result, err)) {
        return false;
    }
    if (PQntuples(*result) <= FOREIGN_ROWS_MAX) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "%s: there are more than %d rows", what,
                  FOREIGN_ROWS_MAX);
    return pd_error_hint(err, "That is no ledger of migrations: see what that table is.");
}

static bool read_ledger(pd_db *db, pd_arena *arena, const shape *as, pd_foreign_ledger *out,
                        pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    PGconn *pg = db->control.pg;
    const char *name = pd_arena_printf(arena, "%s.%s", pd_query_identifier(arena, pg, out->schema),
                                       pd_query_identifier(arena, pg, out->table));
    const char *pairs[] = {"ledger", name, NULL};
    const char *what = pd_arena_printf(arena, "cannot read %s.%s, the ledger of %s", out->schema,
                                       out->table, pd_layout_name(as->tool));
    if (!read_limited(db, pd_query_fill(arena, as->sql, pairs), what, &result, err)) {
        return false;
    }
    out->tool = as->tool;
    out->count = (size_t)PQntuples(result);
    out->rows = pd_arena_array(arena, out->count + 1, sizeof *out->rows);
    for (int i = 0; i < (int)out->count; i++) {
        out->rows[i] = (pd_foreign_row){
            .version = pd_value_text(arena, result, i, 0),
            .checksum = pd_value_text(arena, result, i, 1),
            .state = state_of(PQgetvalue(result, i, 2)),
        };
    }
    return true;
}

/* One table that was found: a tool's, somebody else's, or one that cannot be trusted. */
static bool read_found(pd_db *db, pd_arena *arena, const PGresult *found, int row, pd_ledger *out,
                       pd_error *err)
{
    const char *schema = pd_value_text(arena, found, row, 0);
    const char *table = pd_value_text(arena, found, row, 1);
    const char *columns = PQgetvalue(found, row, 2);
    const shape *as = find_shape(table, columns);
    if (as == NULL) {
        return true;
    }
    const char *unsafe = pd_value_text(arena, found, row, 3);
    if (unsafe == NULL && !pd_value_bool(found, row, 4)) {
        unsafe = "this role may not SELECT from it";
    }
    if (unsafe != NULL) {
        return is_lowered(db) || fail_unsafe(schema, table, as, unsafe, err);
    }
    pd_foreign_ledger *ledger = &out->foreign[out->foreign_count++];
    *ledger = (pd_foreign_ledger){.schema = schema, .table = table};
    return read_ledger(db, arena, as, ledger, err);
}

static bool read_taken_out(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    if (!out->present || out->foreign_count == 0) {
        return true;
    }
    if (!read_limited(db, pd_query_foreign_taken_out, "cannot read the ledger", &result, err)) {
        return false;
    }
    out->taken_out_count = (size_t)PQntuples(result);
    out->taken_out = pd_arena_array(arena, out->taken_out_count + 1, sizeof *out->taken_out);
    for (int i = 0; i < (int)out->taken_out_count; i++) {
        out->taken_out[i] = pd_value_text(arena, result, i, 0);
    }
    return true;
}

bool pd_foreign_read(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {db->options.settings->verify_schema, pd_foreign_names(arena)};
    pd_request request =
        pd_db_request(db, pd_query_foreign_find, "cannot look for other tools' ledgers");
    request.values = values;
    request.count = 2;
    if (!pd_foreign_wanted(db)) {
        return true;
    }
    if (!pd_conn_get(&db->control, &request, &result, err)) {
        return false;
    }
    int found = PQntuples(result);
    out->foreign = pd_arena_array(arena, PD_FOREIGN_LEDGERS_MAX, sizeof *out->foreign);
    for (int row = 0; row < found && row < PD_FOREIGN_LEDGERS_MAX; row++) {
        if (!read_found(db, arena, result, row, out, err)) {
            return false;
        }
    }
    return read_taken_out(db, arena, out, err);
}
