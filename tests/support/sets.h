/* Migration sets, made by hand: a world that agrees, for tests that break one thing. */
#ifndef PD_TESTS_SETS_H
#define PD_TESTS_SETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/hash.h"
#include "domain/finding.h"
#include "domain/migration.h"

static inline void fill_file(pd_arena *arena, pd_sql_file *file, const char *entry,
                             const char *text)
{
    *file = (pd_sql_file){
        .path = pd_arena_printf(arena, "migrations/%s", entry),
        .entry = pd_arena_strdup(arena, entry),
    };
    if (text == NULL)
        return;
    file->data = pd_arena_strdup(arena, text);
    file->len = strlen(text);
    pd_sha256_hex(text, file->len, file->hash);
}

static inline pd_migration *add_migration(pd_arena *arena, pd_set *set, const char *name,
                                          const char *up, const char *down)
{
    pd_migration *migration = PD_PUSH(arena, set->migrations, set->count, set->capacity);
    migration->name = pd_arena_strdup(arena, name);
    migration->irreversible_reason = "";
    fill_file(arena, &migration->up, pd_arena_printf(arena, "%s.sql", name), up);
    fill_file(arena, &migration->down, pd_arena_printf(arena, "%s-rollback.sql", name), down);
    return migration;
}

static inline void record_file(pd_arena *arena, pd_set *set, const pd_sql_file *file)
{
    if (file->data == NULL)
        return;
    pd_sums_line *line = PD_PUSH(arena, set->sums, set->sums_count, set->sums_capacity);
    memcpy(line->hash, file->hash, sizeof line->hash);
    line->entry = file->entry;
    line->line = (int)set->sums_count;
}

static inline void record_all(pd_arena *arena, pd_set *set)
{
    set->has_sums = true;
    for (size_t i = 0; i < set->count; i++) {
        record_file(arena, set, &set->migrations[i].up);
        record_file(arena, set, &set->migrations[i].down);
    }
}

/* Three migrations with companions, all recorded. On the Drizzle layout their times are 1000,
 * 2000 and 3000. */
static inline pd_set good_set(pd_arena *arena, pd_layout_kind layout)
{
    pd_set set = {.folder = "migrations", .layout = layout};
    const char *const names[] = {"0001_a", "0002_b", "0003_c"};
    for (size_t i = 0; i < 3; i++) {
        pd_migration *migration = add_migration(
            arena, &set, names[i], pd_arena_printf(arena, "create table t%zu (id int);\n", i),
            pd_arena_printf(arena, "drop table t%zu;\n", i));
        if (layout == PD_LAYOUT_PLAIN)
            continue;
        migration->has_when = true;
        migration->when = ((int64_t)i + 1) * 1000;
        migration->v1_name = pd_arena_printf(arena, "1970010100000%zu_%s", i + 1, names[i] + 5);
        migration->journal_line = (int)i + 1;
    }
    record_all(arena, &set);
    return set;
}

static inline void assert_rules(const pd_findings *findings, const pd_rule *rules, size_t count)
{
    if (findings->count != count)
        for (size_t i = 0; i < findings->count; i++)
            print_message("found %s: %s\n", pd_rule_id(findings->items[i].rule),
                          findings->items[i].message);
    assert_int_equal(findings->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(pd_rule_id(findings->items[i].rule), pd_rule_id(rules[i]));
}

#define ASSERT_RULES(findings, ...)                                                                \
    assert_rules((findings), (const pd_rule[]){__VA_ARGS__},                                       \
                 sizeof((const pd_rule[]){__VA_ARGS__}) / sizeof(pd_rule))
#define ASSERT_NO_FINDING(findings) assert_rules((findings), NULL, 0)

#endif
