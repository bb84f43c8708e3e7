/* A migrations folder in memory, read as a set; what each scenario of this folder starts from. */
#ifndef PD_TEST_LAYOUT_WORLD_H
#define PD_TEST_LAYOUT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "layout/layout.h"
#include "snapshot.h"

#define NOW_MS INT64_C(1795400000000)
#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

typedef struct world {
    pd_arena *arena;
    pd_snapshot snapshot;
    pd_set set;
    pd_findings findings;
} world;

static inline world world_new(void)
{
    world self = {.arena = pd_arena_new(), .snapshot = {.folder = "drizzle"}};
    self.findings.arena = self.arena;
    return self;
}

static inline void world_free(world *self)
{
    pd_arena_free(self->arena);
}

static inline void world_put(world *self, const char *path, const char *text)
{
    snapshot_put(self->arena, &self->snapshot, path, text);
}

static inline void world_read(world *self, pd_layout_kind wanted)
{
    self->findings.count = 0;
    pd_settings settings;
    pd_settings_default(&settings);
    settings.layout = wanted;
    pd_layout_read(self->arena, &self->snapshot, &settings, NOW_MS, &self->set, &self->findings);
}

/* The rules of all findings, in the order in which they were found, joined by blanks. */
static inline const char *world_rules(const world *self)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < self->findings.count; i++) {
        pd_strbuf_addf(&text, "%s%s", i > 0 ? " " : "", pd_rule_id(self->findings.items[i].rule));
    }
    return pd_strbuf_keep(&text, self->arena);
}

/* The names of all migrations in order, joined by blanks. */
static inline const char *world_names(const world *self)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < self->set.count; i++) {
        pd_strbuf_addf(&text, "%s%s", i > 0 ? " " : "", self->set.migrations[i].name);
    }
    return pd_strbuf_keep(&text, self->arena);
}

/* One finding of that rule, whose message or hint has the text in it. */
static inline void expect_one(const world *self, const char *rule, const char *text)
{
    assert_string_equal(world_rules(self), rule);
    const pd_finding *finding = &self->findings.items[0];
    if (strstr(finding->message, text) == NULL && strstr(finding->hint, text) == NULL) {
        fail_msg("neither message nor hint has \"%s\":\n%s\n%s", text, finding->message,
                 finding->hint);
    }
    assert_true(finding->hint[0] != '\0');
}

#endif
