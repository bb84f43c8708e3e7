#include "gate/preflight.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "gate/names.h"

#define OLD_MS 5000 /* when locks are waited for without a limit */

/* PostgreSQL 15, "13.3.1 Table-Level Locks": what a statement asks for, the strongest that its verb
 * may mean. A verb that takes no lock worth a warning, or makes what it names, has none. */
static const char *mode_of(const pd_statement *statement)
{
    static const struct {
        const char *begin;
        const char *mode;
    } modes[] = {
        {"INSERT", "RowExclusiveLock"},
        {"UPDATE", "RowExclusiveLock"},
        {"DELETE", "RowExclusiveLock"},
        {"MERGE", "RowExclusiveLock"},
        {"COPY", "RowExclusiveLock"},
        {"CREATE INDEX", "ShareLock"},
        {"CREATE UNIQUE INDEX", "ShareLock"},
        {"CREATE TRIGGER", "ShareRowExclusiveLock"},
        {"CREATE RULE", "AccessExclusiveLock"},
        {"CREATE POLICY", "AccessExclusiveLock"},
        {"ALTER", "AccessExclusiveLock"},
        {"DROP", "AccessExclusiveLock"},
        {"TRUNCATE", "AccessExclusiveLock"},
        {"LOCK", "AccessExclusiveLock"},
        {"CLUSTER", "AccessExclusiveLock"},
        {"REFRESH", "AccessExclusiveLock"},
        {"REINDEX", "ShareLock"},
        {"VACUUM", "ShareUpdateExclusiveLock"},
        {"ANALYZE", "ShareUpdateExclusiveLock"},
    };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (pd_starts_with(statement->verb, modes[i].begin))
            return modes[i].mode;
    return NULL;
}

static const char *relation_of(const pd_statement *statement)
{
    return pd_blank(statement->table) ? statement->object : statement->table;
}

/* Builds that end by waiting until no older snapshot is left (PostgreSQL 15, CREATE INDEX,
 * "Building Indexes Concurrently"). */
static bool waits_for_all(const pd_statement *statement)
{
    return statement->outside == PD_OUTSIDE_CREATE_INDEX ||
           statement->outside == PD_OUTSIDE_REINDEX;
}

/* Sent without lock_timeout, under which they would fail for ever. */
static bool waits_without_limit(const pd_statement *statement)
{
    bool waits = waits_for_all(statement) || statement->outside == PD_OUTSIDE_DROP_INDEX ||
                 statement->outside == PD_OUTSIDE_DETACH;
    return waits && (statement->traits & PD_TRAIT_NO_TRANSACTION) != 0;
}

static bool is_text(const pd_step *step)
{
    return step->kind != PD_STEP_ADOPT && step->script != NULL;
}

/* Tables that the plan makes: nobody else can hold them. */
static pd_names made_by(pd_arena *arena, const pd_plan *plan)
{
    pd_names made = {0};
    for (size_t i = 0; i < plan->count; i++) {
        const pd_step *step = &plan->steps[i];
        for (size_t k = 0; is_text(step) && k < step->script->count; k++) {
            const pd_statement *statement = &step->script->statements[k];
            if (pd_streq(statement->verb, "CREATE TABLE") && !pd_blank(statement->object))
                pd_names_add(arena, &made, statement->object, i);
        }
    }
    pd_names_sort(&made);
    return made;
}

/* `there`: what it locks is not made by the plan. */
static void add_statement(pd_arena *arena, const pd_step *step, const pd_statement *statement,
                          bool there, pd_preflight *out)
{
    const char *mode = statement->verb == NULL ? NULL : mode_of(statement);
    pd_lock_wish wish = {
        .relation = relation_of(statement), .mode = mode, .step = step, .statement = statement};
    bool concurrent =
        waits_for_all(statement) && (statement->traits & PD_TRAIT_NO_TRANSACTION) != 0;
    if (concurrent && out->concurrent == NULL) {
        pd_lock_wish *kept = pd_arena_alloc(arena, sizeof *kept);
        *kept = wish;
        out->concurrent = kept;
    }
    if (mode != NULL && there)
        *PD_PUSH(arena, out->wishes, out->count, out->capacity) = wish;
}

void pd_preflight_of(pd_arena *arena, const pd_plan *plan, const pd_settings *settings,
                     pd_preflight *out)
{
    *out = (pd_preflight){.old_ms =
                              settings->lock_timeout_ms > 0 ? settings->lock_timeout_ms : OLD_MS};
    pd_names made = made_by(arena, plan);
    for (size_t i = 0; i < plan->count; i++) {
        const pd_step *step = &plan->steps[i];
        for (size_t k = 0; is_text(step) && k < step->script->count; k++) {
            const pd_statement *statement = &step->script->statements[k];
            const char *relation = relation_of(statement);
            bool there = !pd_blank(relation) && pd_names_find(&made, relation) < 0;
            add_statement(arena, step, statement, there, out);
        }
    }
}

/* What its hint says can be done about it. */
static const char *remedy(pd_arena *arena, const pd_blocker *who)
{
    if (who->prepared != NULL)
        return pd_arena_printf(arena,
                               "end it by COMMIT PREPARED or ROLLBACK PREPARED, as whoever "
                               "prepared \"%s\" means it",
                               who->prepared);
    return pd_arena_printf(arena, "SELECT pg_terminate_backend(%" PRId64 "); ends it", who->pid);
}

static void add_finding(const pd_preflight *asked, const pd_obstacle *obstacle,
                        const pd_settings *settings, pd_findings *findings)
{
    pd_arena *arena = findings->arena;
    bool placed = obstacle->wish >= 0 && (size_t)obstacle->wish < asked->count;
    const pd_lock_wish *wish = placed           ? &asked->wishes[obstacle->wish]
                               : obstacle->dump ? NULL
                                                : asked->concurrent;
    pd_blocker who = obstacle->who;
    if (obstacle->relations > 1)
        who.relation = pd_arena_printf(arena, "%s and %" PRId64 " more", who.relation,
                                       obstacle->relations - 1);
    const char *why = placed ? "" : "; a concurrent build of this plan will wait for it";
    pd_finding *finding =
        pd_find(findings, obstacle->dump ? PD_RULE_DUMP_RUNNING : PD_RULE_OLD_TRANSACTION,
                wish == NULL ? NULL : wish->step->path, "%s%s", pd_blocker_text(arena, &who), why);
    if (wish != NULL && wish->step->text != NULL)
        pd_finding_at(findings, finding, wish->step->text, wish->step->len,
                      wish->statement->offset);
    const char *wait = pd_format_duration(arena, settings->lock_timeout_ms);
    const char *bound =
        !placed || wish == NULL || settings->lock_timeout_ms == 0 ||
                waits_without_limit(wish->statement)
            ? "Migrations wait for it without a limit"
            : pd_arena_printf(arena, "Migrations wait for it %s at most, %" PRId64 " times over",
                              wait, settings->retries + 1);
    pd_finding_hint(findings, finding, "%s. Let it end first, or, if it is not needed: %s.", bound,
                    remedy(arena, &obstacle->who));
}

void pd_gate_preflight(const pd_preflight *asked, const pd_obstacles *obstacles,
                       const pd_settings *settings, pd_findings *findings)
{
    for (size_t i = 0; i < obstacles->count; i++)
        add_finding(asked, &obstacles->items[i], settings, findings);
}
