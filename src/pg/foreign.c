#include "pg/foreign.h"

#include <string.h>

#include "base/str.h"
#include "pg/query.h"
#include "pg_statements.h"

#define FOREIGN_ROWS_MAX 100000

/* Which tables are a tool's that do not have the name that it gives its own. */
typedef enum renamed {
    RENAMED_NAMED, /* the one that somebody says is: its columns are anybody's */
    RENAMED_ALONE, /* those that have its columns and no other ones */
    RENAMED_ANY,   /* those that have its columns */
} renamed;

/* What a tool's table looks like. Names alone say little: three tools use one of them. */
typedef struct shape {
    pd_layout_kind tool;
    const char *table;
    const char *columns[6]; /* that it has, "name CATEGORY" */
    bool alone;             /* and no other ones */
    renamed renamed;
    const char *sql;
} shape;

static const shape shapes[] = {
    {PD_LAYOUT_GOLANG_MIGRATE,
     "schema_migrations",
     {"version N", "dirty B"},
     false,
     RENAMED_ALONE,
     pd_query_foreign_golang_migrate},
    {PD_LAYOUT_DBMATE,
     "schema_migrations",
     {"version S"},
     true,
     RENAMED_NAMED,
     pd_query_foreign_versions},
    {PD_LAYOUT_GOOSE,
     "goose_db_version",
     {"id N", "version_id N", "is_applied B"},
     false,
     RENAMED_ANY,
     pd_query_foreign_goose},
    {PD_LAYOUT_SQLX,
     "_sqlx_migrations",
     {"version N", "success B", "checksum U"},
     false,
     RENAMED_NAMED,
     pd_query_foreign_sqlx},
    {PD_LAYOUT_DIESEL,
     "__diesel_schema_migrations",
     {"version S", "run_on D"},
     false,
     RENAMED_ALONE,
     pd_query_foreign_versions},
    {PD_LAYOUT_PRISMA,
     "_prisma_migrations",
     {"migration_name S", "checksum S", "started_at D", "finished_at D", "rolled_back_at D"},
     false,
     RENAMED_ANY,
     pd_query_foreign_prisma},
    {PD_LAYOUT_FLYWAY,
     "flyway_schema_history",
     {"installed_rank N", "version S", "type S", "script S", "checksum N", "success B"},
     false,
     RENAMED_ANY,
     pd_query_foreign_flyway},
    {PD_LAYOUT_FLYWAY, /* before Flyway 5 */
     "schema_version",
     {"installed_rank N", "version S", "type S", "script S", "checksum N", "success B"},
     false,
     RENAMED_ANY,
     pd_query_foreign_flyway},
};

#define SHAPE_COUNT (sizeof shapes / sizeof *shapes)

/* Who reads: the control connection for a plan, the worker in a batch. */
typedef struct reader {
    pd_db *db;
    pd_conn *conn;
    pd_arena *arena;
    pd_error_kind kind; /* of what fails */
} reader;

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

static bool has_columns(const shape *self, bool alone, const char *columns)
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
    return !alone || lines == count;
}

/* The tool whose table it is, NULL when it is none's. */
static const shape *find_shape(const char *table, const char *columns, bool named)
{
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        const shape *as = &shapes[i];
        if (pd_streq(as->table, table) && has_columns(as, as->alone, columns)) {
            return as;
        }
    }
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        const shape *as = &shapes[i];
        bool alone = as->alone || (as->renamed == RENAMED_ALONE && !named);
        if ((named || as->renamed != RENAMED_NAMED) && has_columns(as, alone, columns)) {
            return as;
        }
    }
    return NULL;
}

static bool is_usual_name(const char *table)
{
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        if (pd_streq(shapes[i].table, table)) {
            return true;
        }
    }
    return false;
}

static bool fail_unsafe(const reader *self, const pd_foreign_ledger *table, const shape *as,
                        const char *why, pd_error *err)
{
    (void)pd_fail(err, self->kind, "cannot read %s.%s, which looks like %s's ledger", table->schema,
                  table->table, pd_layout_name(as->tool));
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
static bool read_limited(const reader *self, const char *sql, const char *what, PGresult **result,
                         pd_error *err)
{
    const char *limit[] = {pd_query_number(self->arena, FOREIGN_ROWS_MAX + 1)};
    pd_request request = pd_db_request(self->db, sql, what);
    request.kind = self->kind;
    request.values = limit;
    request.count = 1;
    if (!pd_conn_get(self->conn, &request, result, err)) {
        return false;
    }
    if (PQntuples(*result) <= FOREIGN_ROWS_MAX) {
        return true;
    }
    (void)pd_fail(err, self->kind, "%s: there are more than %d rows", what, FOREIGN_ROWS_MAX);
    return pd_error_hint(err, "That is no ledger of migrations: see what that table is.");
}

static const char *quoted_name(const reader *self, const pd_foreign_ledger *table)
{
    PGconn *pg = self->conn->pg;
    return pd_arena_printf(self->arena, "%s.%s",
                           pd_query_identifier(self->arena, pg, table->schema),
                           pd_query_identifier(self->arena, pg, table->table));
}

static bool read_ledger(const reader *self, const shape *as, pd_foreign_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_arena *arena = self->arena;
    const char *pairs[] = {"ledger", quoted_name(self, out), NULL};
    const char *what = pd_arena_printf(arena, "cannot read %s.%s, the ledger of %s", out->schema,
                                       out->table, pd_layout_name(as->tool));
    if (!read_limited(self, pd_query_fill(arena, as->sql, pairs), what, &result, err)) {
        return false;
    }
    out->tool = as->tool;
    out->count = (size_t)PQntuples(result);
    out->rows = pd_arena_array(arena, out->count + 1, sizeof *out->rows);
    bool scripts = PQnfields(result) > 3;
    for (int i = 0; i < (int)out->count; i++) {
        out->rows[i] = (pd_foreign_row){
            .version = pd_value_text(arena, result, i, 0),
            .checksum = pd_value_text(arena, result, i, 1),
            .script = scripts ? pd_value_text(arena, result, i, 3) : NULL,
            .program = scripts && pd_value_bool(result, i, 4),
            .state = state_of(PQgetvalue(result, i, 2)),
        };
    }
    return true;
}

/* Where the tool's own is, one of another name is a copy. */
static bool has_ledger_of(const pd_ledger *ledger, pd_layout_kind tool)
{
    for (size_t i = 0; i < ledger->foreign_count; i++) {
        if (ledger->foreign[i].tool == tool && is_usual_name(ledger->foreign[i].table)) {
            return true;
        }
    }
    return false;
}

/* One table that was found: a tool's, somebody else's, or one that cannot be trusted. */
static bool read_found(const reader *self, const PGresult *found, int row, pd_ledger *out,
                       pd_error *err)
{
    pd_foreign_ledger table = {.schema = pd_value_text(self->arena, found, row, 0),
                               .table = pd_value_text(self->arena, found, row, 1)};
    const char *columns = PQgetvalue(found, row, 2);
    const char *name = pd_arena_printf(self->arena, "%s.%s", table.schema, table.table);
    bool named = pd_streq(name, self->db->options.foreign_table);
    const shape *as = find_shape(table.table, columns, named);
    bool guessed = !named && !is_usual_name(table.table);
    if (as == NULL || (guessed && has_ledger_of(out, as->tool))) {
        return true;
    }
    const char *unsafe = pd_value_text(self->arena, found, row, 3);
    if (unsafe == NULL && !pd_value_bool(found, row, 4)) {
        unsafe = "this role may not SELECT from it";
    }
    if (unsafe != NULL) {
        return guessed || is_lowered(self->db) || fail_unsafe(self, &table, as, unsafe, err);
    }
    pd_foreign_ledger *ledger = &out->foreign[out->foreign_count++];
    *ledger = table;
    return read_ledger(self, as, ledger, err);
}

static bool read_taken_out(const reader *self, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    if (!out->present || out->foreign_count == 0) {
        return true;
    }
    if (!read_limited(self, pd_query_foreign_taken_out, "cannot read the ledger", &result, err)) {
        return false;
    }
    out->taken_out_count = (size_t)PQntuples(result);
    out->taken_out = pd_arena_array(self->arena, out->taken_out_count + 1, sizeof *out->taken_out);
    for (int i = 0; i < (int)out->taken_out_count; i++) {
        out->taken_out[i] = pd_value_text(self->arena, result, i, 0);
    }
    return true;
}

pd_request pd_foreign_request(const pd_db *db, const char *schema, const char **values)
{
    pd_request request =
        pd_db_request(db, pd_query_foreign_find, "cannot look for other tools' ledgers");
    values[0] = schema;
    values[1] = pd_foreign_names(db->arena);
    values[2] = db->options.foreign_table;
    request.values = values;
    request.count = PD_FOREIGN_VALUES;
    return request;
}

/* In that schema, too. */
static bool find_tables(const reader *self, const char *schema, PGresult **result, pd_error *err)
{
    const char *values[PD_FOREIGN_VALUES];
    pd_request request = pd_foreign_request(self->db, schema, values);
    request.kind = self->kind;
    return pd_conn_get(self->conn, &request, result, err);
}

bool pd_foreign_read(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    reader self = {.db = db, .conn = &db->control, .arena = arena, .kind = PD_ERROR_UNREACHABLE};
    if (!pd_foreign_wanted(db)) {
        return true;
    }
    if (!find_tables(&self, db->options.settings->verify_schema, &result, err)) {
        return false;
    }
    int found = PQntuples(result);
    out->foreign = pd_arena_array(arena, PD_FOREIGN_LEDGERS_MAX, sizeof *out->foreign);
    for (int row = 0; row < found && out->foreign_count < PD_FOREIGN_LEDGERS_MAX; row++) {
        if (!read_found(&self, result, row, out, err)) {
            return false;
        }
    }
    return read_taken_out(&self, out, err);
}

/* PostgreSQL asks for more than SELECT where others are kept from writing. */
static bool lock_out(const reader *self, const pd_foreign_ledger *table, bool *gone, pd_error *err)
{
    const char *pairs[] = {"ledger", quoted_name(self, table), NULL};
    const char *what = pd_arena_printf(self->arena, "cannot lock %s.%s, the ledger of %s",
                                       table->schema, table->table, pd_layout_name(table->tool));
    pd_request request =
        pd_db_request(self->db, pd_query_fill(self->arena, pd_query_fence_foreign, pairs), what);
    request.kind = self->kind;
    bool ok = pd_conn_get(self->conn, &request, NULL, err);
    *gone = !ok && (pd_streq(err->code, "42P01") || pd_streq(err->code, "3F000"));
    if (!ok && pd_streq(err->code, "42501")) {
        return pd_error_hint(err,
                             "To keep %s from writing meanwhile, the role that predeploy "
                             "connects with needs UPDATE on that table: GRANT it, and REVOKE "
                             "it afterwards.",
                             pd_layout_name(table->tool));
    }
    return ok || *gone;
}

/* No ledger in `out` when the table is not a tool's any more. */
static bool read_again(const reader *self, const pd_foreign_ledger *table, pd_ledger *out,
                       pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    if (!find_tables(self, table->schema, &result, err)) {
        return false;
    }
    out->foreign = pd_arena_array(self->arena, 1, sizeof *out->foreign);
    for (int row = 0; row < PQntuples(result); row++) {
        if (pd_streq(PQgetvalue(result, row, 0), table->schema) &&
            pd_streq(PQgetvalue(result, row, 1), table->table)) {
            return read_found(self, result, row, out, err);
        }
    }
    return true;
}

static bool says_the_same(const pd_foreign_ledger *a, const pd_foreign_ledger *b)
{
    bool same = a->tool == b->tool && a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        const pd_foreign_row *x = &a->rows[i];
        const pd_foreign_row *y = &b->rows[i];
        same = pd_streq(x->version, y->version) && pd_streq(x->checksum, y->checksum) &&
               pd_streq(x->script, y->script) && x->program == y->program && x->state == y->state;
    }
    return same;
}

bool pd_foreign_fence(pd_apply *apply, bool *changed, pd_error *err)
{
    pd_ledger now = {0};
    const pd_foreign_ledger *before = apply->batch->taken_from;
    reader self = {
        .db = apply->db, .conn = &apply->db->worker, .arena = apply->arena, .kind = PD_ERROR_APPLY};
    *changed = false;
    if (before == NULL) {
        return true;
    }
    if (!lock_out(&self, before, changed, err)) {
        return false;
    }
    if (*changed) {
        return true;
    }
    if (!read_again(&self, before, &now, err)) {
        return false;
    }
    *changed = now.foreign_count == 0 || !says_the_same(before, &now.foreign[0]);
    return true;
}
