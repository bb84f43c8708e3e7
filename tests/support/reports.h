/* Reports as runs make them, for the tests of the renderers. */
#ifndef PD_TEST_REPORTS_H
#define PD_TEST_REPORTS_H

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "domain/report.h"

#define REPORT_HASH "354b7196c9ba5fb4b21cf615bb6ec4cd5c07503c34229feef033fc081a8c03f4"
#define REPORT_DEPLOYMENT "6f1c2d3e-8a4b-4c5d-9e6f-0a1b2c3d4e5f"
#define REPORT_NOW 1795379225 /* 2026-11-22T20:27:05Z */

static inline pd_revision *report_revision(pd_arena *arena, const char *oid, const char *subject)
{
    pd_revision *revision = pd_arena_alloc(arena, sizeof *revision);
    revision->spec = "main";
    snprintf(revision->oid, sizeof revision->oid, "%s", oid);
    revision->ref = "refs/heads/main";
    revision->subject = subject;
    revision->author = "Ada Gräfin";
    revision->time = REPORT_NOW;
    return revision;
}

static inline pd_set *report_set(pd_arena *arena, const char *const *names, size_t count)
{
    pd_set *set = pd_arena_alloc(arena, sizeof *set);
    set->folder = "packages/db/drizzle";
    set->layout = PD_LAYOUT_DRIZZLE;
    for (size_t i = 0; i < count; i++) {
        pd_migration *migration = PD_PUSH(arena, set->migrations, set->count, set->capacity);
        migration->name = names[i];
    }
    return set;
}

static inline pd_target *report_target(pd_arena *arena)
{
    pd_target *target = pd_arena_alloc(arena, sizeof *target);
    *target = (pd_target){.host = "db.internal",
                          .port = "5432",
                          .dbname = "shop",
                          .user = "deployer",
                          .server_version = 150020};
    return target;
}

static inline void report_gate(pd_report *report, pd_gate gate, pd_gate_state state,
                               const char *note)
{
    report->gates[report->gate_count++] =
        (pd_gate_result){.gate = gate, .state = state, .note = note};
}

/* A revision of four migrations in front of a database whose gates are all open. */
static inline pd_report *report_of(pd_arena *arena, const char *command)
{
    static const char *const names[] = {"0000_customers", "0001_products", "0002_orders",
                                        "0003_order_items"};
    pd_report *report = pd_arena_alloc(arena, sizeof *report);
    report->command = command;
    report->revision = report_revision(arena, "3f2a9c1d0b4e5f60718293a4b5c6d7e8f9012345",
                                       "Add orders and their items");
    report->set = report_set(arena, names, 4);
    report->findings = pd_arena_alloc(arena, sizeof *report->findings);
    report->findings->arena = arena;
    report->tables_before = -1;
    report->tables_after = -1;
    report->elapsed_ms = 1234;
    return report;
}

static inline void report_open_gates(pd_report *report)
{
    report_gate(report, PD_GATE_REVISION, PD_GATE_OPEN, "4 migrations");
    report_gate(report, PD_GATE_INTEGRITY, PD_GATE_OPEN, "8 files");
    report_gate(report, PD_GATE_ROLLBACK, PD_GATE_OPEN, "4 companions");
    report_gate(report, PD_GATE_HISTORY, PD_GATE_OPEN, "");
    report_gate(report, PD_GATE_SYNTAX, PD_GATE_OPEN, NULL);
}

static inline pd_report *report_check(pd_arena *arena)
{
    pd_report *report = report_of(arena, "check");
    report->base = report_revision(arena, "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678",
                                   "Release 1.4 – größere Körbe");
    report_open_gates(report);
    report_gate(report, PD_GATE_LEDGER, PD_GATE_SKIPPED, "no database was given");
    return report;
}

/* Four statements in two migrations, two migrations to adopt. */
static inline pd_plan *report_plan(pd_arena *arena, pd_step_kind kind)
{
    static pd_statement const orders[] = {
        {.line = 1, .column = 1, .verb = "CREATE TABLE", .object = "public.orders"},
        {.line = 9, .column = 1, .verb = "CREATE INDEX", .object = "orders_customer_idx"},
    };
    static const pd_statement items[] = {
        {.line = 3, .column = 5, .verb = "CREATE TABLE", .object = "public.order_items"},
        {.line = 12, .column = 1, .verb = "INSERT", .object = ""},
    };
    static const char *const names[] = {"0000_customers", "0001_products", "0002_orders",
                                        "0003_order_items"};
    pd_plan *plan = pd_arena_alloc(arena, sizeof *plan);
    plan->tables_known = true;
    plan->tables_delta = 2;
    plan->pending = 2;
    for (size_t i = 0; i < 4; i++) {
        pd_script *script = pd_arena_alloc(arena, sizeof *script);
        script->statements = pd_arena_array(arena, 2, sizeof *script->statements);
        script->count = i < 2 ? 0 : 2;
        for (size_t k = 0; k < script->count; k++)
            script->statements[k] = i == 2 ? orders[k] : items[k];
        pd_step *step = PD_PUSH(arena, plan->steps, plan->count, plan->capacity);
        step->kind = i < 2 ? PD_STEP_ADOPT : kind;
        step->name = names[i];
        step->path = pd_arena_printf(arena, "packages/db/drizzle/%s.sql", names[i]);
        step->hash = REPORT_HASH;
        step->script = i < 2 ? NULL : script;
    }
    return plan;
}

static inline void report_ran(pd_arena *arena, pd_report *report, pd_step_state third,
                              pd_step_state fourth)
{
    report->plan = report_plan(arena, PD_STEP_APPLY);
    report->steps = pd_arena_array(arena, 4, sizeof *report->steps);
    const pd_step_state states[] = {PD_STEP_DONE, PD_STEP_DONE, third, fourth};
    for (size_t i = 0; i < 4; i++) {
        pd_step_result *step = &report->steps[i];
        *step = (pd_step_result){.step = &report->plan->steps[i],
                                 .state = states[i],
                                 .ms = i < 2 ? 0 : (int64_t)(i - 1) * 600};
        if (i < 2)
            continue;
        step->statement_count = 2;
        step->statements = pd_arena_array(arena, 2, sizeof *step->statements);
        bool failed = states[i] == PD_STEP_FAILED;
        step->statements[0] = (pd_statement_result){PD_STEP_DONE, step->ms - 12};
        step->statements[1] = (pd_statement_result){failed ? PD_STEP_FAILED : PD_STEP_DONE, 8};
    }
}

static inline pd_deployment *report_deployment(pd_arena *arena, const char *outcome)
{
    pd_deployment *deployment = pd_arena_alloc(arena, sizeof *deployment);
    *deployment = (pd_deployment){
        .id = REPORT_DEPLOYMENT,
        .kind = "deploy",
        .commit = "3f2a9c1d0b4e5f60718293a4b5c6d7e8f9012345",
        .ref = "refs/heads/main",
        .actor = "ci@runner-7",
        .tool_version = "0.1.0",
        .started_at = "2026-11-22T20:27:05Z",
        .finished_at = "2026-11-22T20:27:06Z",
        .outcome = outcome,
        .tables_before = 9,
        .tables_after = 11,
    };
    return deployment;
}

static inline pd_report *report_deploy(pd_arena *arena)
{
    pd_report *report = report_of(arena, "deploy");
    report->target = report_target(arena);
    report_open_gates(report);
    report_gate(report, PD_GATE_LEDGER, PD_GATE_OPEN, "2 applied, 2 pending");
    report_gate(report, PD_GATE_VERIFY, PD_GATE_OPEN, "");
    report_ran(arena, report, PD_STEP_DONE, PD_STEP_DONE);
    pd_deployment *deployment = report_deployment(arena, "succeeded");
    deployment->backup_reference = "s3://backups/shop/2026-11-22T20-27.dump";
    report->deployment = deployment;
    report->tables_before = 9;
    report->tables_after = 11;
    return report;
}

static inline pd_report *report_nothing_to_do(pd_arena *arena)
{
    pd_report *report = report_of(arena, "deploy");
    report->target = report_target(arena);
    report_open_gates(report);
    report_gate(report, PD_GATE_LEDGER, PD_GATE_OPEN, "4 applied");
    report_gate(report, PD_GATE_VERIFY, PD_GATE_OPEN, NULL);
    report->plan = pd_arena_alloc(arena, sizeof *report->plan);
    report->nothing_to_do = true;
    report->tables_before = report->tables_after = 11;
    report->elapsed_ms = 48;
    return report;
}

/* The error stands behind a tab, wide characters and a combining accent. */
static inline pd_report *report_failed(pd_arena *arena)
{
    pd_report *report = report_deploy(arena);
    report->status = 5;
    report->gate_count--;
    report_ran(arena, report, PD_STEP_UNDONE, PD_STEP_FAILED);
    report->tables_after = -1;
    report->uncommitted = "packages/db/drizzle/größe.sql";
    report->uncommitted_count = 2;
    report->deployment = report_deployment(arena, "failed");
    pd_failure *failure = pd_arena_alloc(arena, sizeof *failure);
    *failure = (pd_failure){
        .migration = "0003_order_items",
        .place = {"packages/db/drizzle/0003_order_items.sql", 12, 43},
        .excerpt = "\tINSERT INTO größe VALUES ('東京', 'cafe\xCC\x81', nope);",
        .sqlstate = "42703",
        .message = "column \"nope\" does not exist",
        .detail = "There is a column named \"note\" in table \"größe\", but it cannot be "
                  "referenced from this part of the query.",
        .context = "PL/pgSQL function fill() line 3 at SQL statement\n::error::not a command\n"
                   "SQL statement \"SELECT 1\"",
        .object = "table public.größe",
    };
    report->failure = failure;
    pd_fail(&report->error, PD_ERROR_APPLY, "cannot apply 0003_order_items");
    pd_error_detail(&report->error, "column \"nope\" does not exist");
    pd_error_hint(&report->error, "Everything was rolled back. Mend the migration, commit it, and "
                                  "run `predeploy deploy` again.");
    pd_error_code(&report->error, "42703");
    return report;
}

/* A concurrent build is in, then a lock could not be had. */
static inline pd_report *report_locked(pd_arena *arena)
{
    static const pd_blocker blockers[] = {
        {.pid = 4711,
         .user = "shop",
         .application = "worker::error::\x1b[2J",
         .state = "idle in transaction",
         .age_ms = 187000,
         .query = "UPDATE orders SET paid = ? WHERE id = ?",
         .lock = "relation",
         .relation = "orders",
         .wanted = "AccessExclusiveLock",
         .held = "AccessShareLock, RowExclusiveLock"},
        {.pid = 4712, .age_ms = -1, .lock = "relation", .relation = "orders"},
        {.prepared = "tx-1",
         .user = "bank",
         .age_ms = 86400000,
         .lock = "relation",
         .relation = "orders",
         .held = "RowExclusiveLock"},
    };
    pd_report *report = report_deploy(arena);
    report->status = 6;
    report->gate_count--;
    report_ran(arena, report, PD_STEP_DONE, PD_STEP_FAILED);
    report->plan->steps[2].alone = true;
    report->steps[2].ms = 125000;
    report->steps[2].statements[1].ms = 124000;
    report->tables_after = -1;
    report->deployment = report_deployment(arena, "failed");
    report->blockers = blockers;
    report->blocker_count = sizeof blockers / sizeof blockers[0];
    pd_fail(&report->error, PD_ERROR_PARTIAL, "cannot apply 0003_order_items");
    pd_error_detail(&report->error,
                    "canceling statement due to lock timeout; held up by process 4711 of user "
                    "shop");
    pd_error_code(&report->error, "55P03");
    return report;
}

static inline void report_plain_findings(pd_findings *findings)
{
    static const char text[] = "create table orders (id int);\n"
                               "\tcreate index concurrently on orders (id);\n";
    pd_finding *finding =
        pd_find(findings, PD_RULE_HASH_MISMATCH, "packages/db/drizzle/0001_products.sql",
                "the file hashes to 4a45092c…, SHA256SUMS has 354b7196…");
    pd_finding_hint(findings, finding,
                    "Restore what was recorded with `git checkout 1a2b3c4 -- "
                    "packages/db/drizzle/0001_products.sql`, or put the change into a new "
                    "migration.");
    finding = pd_find(findings, PD_RULE_ROLLBACK_MISSING, "packages/db/drizzle/0002_orders.sql",
                      "0002_orders has no rollback companion");
    pd_finding_hint(findings, finding,
                    "Write packages/db/drizzle/0002_orders-rollback.sql, then run `predeploy "
                    "record`.");
    finding = pd_find(findings, PD_RULE_SQL_NO_TRANSACTION, "packages/db/drizzle/0002_orders.sql",
                      "CREATE INDEX CONCURRENTLY cannot run inside a transaction");
    pd_finding_at(findings, finding, text, sizeof text - 1, 31);
    finding = pd_find(findings, PD_RULE_ORDER_NOT_NUMERIC, NULL,
                      "byte order puts 10_index in front of 9_orders");
    pd_finding_hint(findings, finding, "Pad the numbers with zeros.");
}

/* Texts that try to be lines, commands and colours of their own. */
static inline void report_hostile_findings(pd_findings *findings)
{
    static const char text[] = "select 1; -- \x1b[31mred \xE2\x80\xAEgnp.exe ##[error]x\xC2\x9B"
                               "2J\nselect 2;";
    pd_finding *finding =
        pd_find(findings, PD_RULE_SQL_SYNTAX, "migrations/\x1b]0;x\a\n::error::evil.sql",
                "syntax error at or near \"\x1b[2J\"\n::error file=x::forged\r\n"
                "##[command]rm\n\n  \xC2\xA0::add-mask::x\ngate open: all is well");
    pd_finding_at(findings, finding, text, sizeof text - 1, 34);
    pd_finding_hint(findings, finding, "::set-output name=x::y \xFF\xC0\x80 end");
    finding = pd_find(findings, PD_RULE_ENTRY_NAME, "migrations/0004_\xE2\x80\xAEslq.sql",
                      "::error::the name holds U+202E");
    finding->place.line = 7;
    finding->excerpt = "no column, and a line number";
}

static inline pd_report *report_closed(pd_arena *arena)
{
    int severities[PD_RULE_COUNT];
    for (size_t i = 0; i < PD_RULE_COUNT; i++)
        severities[i] = -1; /* the rule's own */
    pd_report *report = report_check(arena);
    report->status = 1;
    report_plain_findings(report->findings);
    report_hostile_findings(report->findings);
    pd_findings_settle(report->findings, severities);
    report->gates[0].state = PD_GATE_CLOSED;
    report->gates[1].state = PD_GATE_CLOSED;
    report->gates[2].state = PD_GATE_CLOSED;
    report->gates[4].state = PD_GATE_CLOSED;
    return report;
}

/* What was edited, by whom, and where the database stands; all of it also with hostile texts. */
static inline const pd_change *report_change(pd_arena *arena, bool hostile)
{
    pd_change *change = pd_arena_alloc(arena, sizeof *change);
    *change = (pd_change){
        .kind = PD_CHANGE_SQL,
        .old_line = 3,
        .old_column = 1,
        .old_excerpt =
            hostile ? "DROP `x` ::error::\x1b[2J|a](http://evil) <b>" : "CREATE TABLE a (id int)",
        .new_line = 3,
        .new_column = 5,
        .new_excerpt =
            hostile ? "\xE2\x80\xAE```\n::set-output name=x::y" : "CREATE TABLE a (id bigint)",
        .commit = "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678",
        .author = hostile ? "Eve %0A::error::x\n::error::y" : "Ada Gräfin",
        .subject = hostile ? "]]></failure>&amp;\x07 [x](javascript:alert(1))" : "Widen the id",
        .time = REPORT_NOW,
    };
    return change;
}

static inline void report_edited_findings(pd_arena *arena, pd_findings *findings)
{
    pd_finding *finding =
        pd_find(findings, PD_RULE_HISTORY_EDITED, "packages/db/drizzle/0001_products.sql",
                "0001_products was published and has changed");
    finding->change = report_change(arena, false);
    finding->place.line = 3;
    finding->place.column = 5;
    finding->excerpt = "    CREATE TABLE a (id bigint)";
    pd_finding_hint(findings, finding, "Put it back: git checkout 1a2b3c4 -- 0001_products.sql");
    finding = pd_find(findings, PD_RULE_APPLIED_EDITED, "packages/db/drizzle/0000_customers.sql",
                      "0000_customers was applied: only line endings differ");
    pd_change *cosmetic = pd_arena_alloc(arena, sizeof *cosmetic);
    cosmetic->kind = PD_CHANGE_LINE_ENDINGS;
    finding->change = cosmetic;
    finding->severity = PD_SEVERITY_WARNING;
    finding = pd_find(findings, PD_RULE_HISTORY_EDITED, "packages/::error,x=100%\n::y/<&\"'>.sql",
                      "]]> & <script>alert(1)</script> `a` ``b`` | c | ![x](http://evil) @user "
                      "#1\n::error::forged\r\n##[error]%%0A%%25");
    finding->change = report_change(arena, true);
    pd_finding_hint(findings, finding, "\n\n</system-out> \xFF\xFE ￾ \x01 \x7F");
}

static inline pd_report *report_edited(pd_arena *arena)
{
    static pd_steering const steering[] = {
        {".predeploy", "changed", "deploy.transaction: all, was each\n::error::x: <b>, was |"},
        {"packages/db/drizzle/SHA256SUMS", "changed", ""},
        {"::error file=x::\n`a`|[b](c)<i>", "added", NULL},
    };
    pd_report *report = report_check(arena);
    report->status = 1;
    report->base_tip = report_revision(arena, "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
                                       "| a | `b` ](http://evil) <script> ::error::tip");
    report->target = report_target(arena);
    report->standing = (pd_standing){.relation = PD_RELATION_BEHIND,
                                     .commit = "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678"};
    report->steering = pd_arena_array(arena, 3, sizeof *report->steering);
    memcpy(report->steering, steering, sizeof steering);
    report->steering_count = 3;
    report_edited_findings(arena, report->findings);
    report->gates[3].state = PD_GATE_CLOSED;
    report->gates[3].note = "a | b `c` \\| ``d``";
    return report;
}

static inline pd_report *report_planned(pd_arena *arena)
{
    pd_report *report = report_of(arena, "plan");
    report->target = report_target(arena);
    report_open_gates(report);
    report->gates[2].state = PD_GATE_WARNED;
    pd_find(report->findings, PD_RULE_ROLLBACK_IRREVERSIBLE,
            "packages/db/drizzle/0003_order_items-rollback.sql",
            "0003_order_items is declared irreversible: the old prices are gone");
    report_gate(report, PD_GATE_LEDGER, PD_GATE_OPEN, "2 applied, 2 pending");
    report->plan = report_plan(arena, PD_STEP_APPLY);
    return report;
}

static inline pd_report *report_rollback(pd_arena *arena)
{
    pd_report *report = report_of(arena, "rollback");
    report->target = report_target(arena);
    report_ran(arena, report, PD_STEP_DONE, PD_STEP_DONE);
    pd_plan *plan = report_plan(arena, PD_STEP_REVERT);
    plan->steps += 2;
    plan->count = 2;
    plan->tables_delta = -1;
    report->plan = plan;
    report->steps += 2;
    pd_deployment *deployment = report_deployment(arena, "succeeded");
    deployment->kind = "rollback";
    deployment->backup_reference = "";
    report->deployment = deployment;
    report->tables_before = 11;
    report->tables_after = 9;
    return report;
}

static inline pd_report *report_status(pd_arena *arena)
{
    static const char *names[] = {"0000_customers", "0001_products", "0002_orders",
                                  "0003_order_items"};
    pd_report *report = report_of(arena, "status");
    report->revision = NULL;
    report->set = NULL;
    report->target = report_target(arena);
    pd_ledger *ledger = pd_arena_alloc(arena, sizeof *ledger);
    ledger->present = true;
    ledger->tables = 11;
    for (size_t i = 0; i < 4; i++) {
        pd_ledger_row *row = PD_PUSH(arena, ledger->rows, ledger->count, ledger->capacity);
        *row = (pd_ledger_row){.seq = (int64_t)i + 1,
                               .name = names[i],
                               .hash = REPORT_HASH,
                               .down_sql = i == 0 ? NULL : "drop table x;",
                               .down_hash = i == 0 ? NULL : REPORT_HASH,
                               .adopted = i < 2,
                               .deployment = REPORT_DEPLOYMENT,
                               .applied_at = "2026-11-22T20:27:05.123456Z"};
    }
    for (size_t i = 0; i < 3; i++) {
        static const char *const outcomes[] = {"interrupted", "succeeded", "succeeded"};
        pd_deployment *row = PD_PUSH(arena, ledger->deployments, ledger->deployment_count,
                                     ledger->deployment_capacity);
        *row = *report_deployment(arena, outcomes[i]);
        row->kind = i == 1 ? "rollback" : "deploy";
        row->actor = i == 0 ? "::error::mallory\x1b[0m" : "ci@runner-7";
        row->migrations = names;
        row->migration_count = i == 0 ? 0 : i == 1 ? 1 : 4;
    }
    ledger->deployments[0].finished_at = NULL;
    ledger->deployments[0].tables_after = -1;
    for (size_t i = 0; i < 3; i++) {
        static const char *const kinds[] = {"CREATE TABLE", "CREATE INDEX CONCURRENTLY", "VACUUM"};
        pd_unfinished *row = PD_PUSH(arena, ledger->unfinished, ledger->unfinished_count,
                                     ledger->unfinished_capacity);
        *row = (pd_unfinished){.migration = "0004_items_idx",
                               .number = (int)i + 1,
                               .digest = REPORT_HASH,
                               .kind = kinds[i],
                               .done = i == 0,
                               .object = i == 1 ? "public.items_sku\x1b[0m" : NULL,
                               .deployment = REPORT_DEPLOYMENT,
                               .started_at = "2026-11-22T20:28:05Z",
                               .error = i == 1 ? "could not create unique index\n::error::\x1b[0m"
                                               : NULL};
    }
    report->ledger = ledger;
    return report;
}

static inline pd_report *report_unreachable(pd_arena *arena)
{
    pd_report *report = report_of(arena, "deploy");
    report->status = 3;
    report_open_gates(report);
    report_gate(report, PD_GATE_LEDGER, PD_GATE_SKIPPED, "the database is out of reach");
    pd_fail(&report->error, PD_ERROR_UNREACHABLE, "cannot connect to the database");
    pd_error_detail(&report->error,
                    "connection to server at \"db.internal\" (10.0.0.7), port 5432 failed: "
                    "Connection refused\n\tIs the server running on that host and accepting TCP/IP "
                    "connections?\n");
    pd_error_hint(&report->error,
                  "Start the server or correct --database; `pg_isready -h db.internal` tells.");
    return report;
}

#endif
