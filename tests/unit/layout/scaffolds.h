/* New files for a folder in memory; what each scenario of the scaffold starts from. */
#ifndef PD_TEST_LAYOUT_SCAFFOLDS_H
#define PD_TEST_LAYOUT_SCAFFOLDS_H

#include <stdio.h>
#include <string.h>

#include "layout/scaffold.h"
#include "world.h"

/* 2026-11-23 02:13:20 UTC */
#define STAMP "20261123021320"
#define UUID "11111111-2222-4333-8444-555555555555"

typedef struct made {
    world world;
    const char *rules; /* that the folder breaks, NULL: none */
    pd_scaffold files;
    pd_error err;
    pd_entry raw[8]; /* what the folder's snapshot has no content of */
    size_t raw_count;
} made;

static inline void put_raw(made *self, const char *path, const char *text)
{
    world_put(&self->world, path, text);
    self->raw[self->raw_count++] = (pd_entry){.path = path, .data = text, .size = strlen(text)};
}

static inline const pd_new_file *find_new(const made *self, const char *entry)
{
    for (size_t i = 0; i < self->files.count; i++)
        if (strcmp(self->files.files[i].entry, entry) == 0)
            return &self->files.files[i];
    return NULL;
}

/* The raw bytes are those of the snapshot in these worlds. */
static inline bool scaffold(made *self, pd_settings *settings, const char *title)
{
    world *in = &self->world;
    in->findings.count = 0;
    pd_layout_read(in->arena, &in->snapshot, settings, NOW_MS, &in->set, &in->findings);
    assert_string_equal(world_rules(in), self->rules == NULL ? "" : self->rules);
    in->set.layout = in->set.layout == PD_LAYOUT_DETECT ? settings->layout : in->set.layout;
    pd_scaffold_input input = {.snapshot = &in->snapshot,
                               .set = &in->set,
                               .settings = settings,
                               .now_ms = NOW_MS,
                               .uuid = UUID};
    if (title == NULL)
        return pd_scaffold_companions(in->arena, &input, &self->files, &self->err);
    pd_scaffold_wanted(in->arena, &in->snapshot, in->set.layout, &input.files, &input.file_count);
    for (size_t i = 0; i < input.file_count; i++) {
        input.files[i] = *pd_snapshot_find(&in->snapshot, input.files[i].path);
        for (size_t j = 0; j < self->raw_count; j++)
            if (strcmp(self->raw[j].path, input.files[i].path) == 0)
                input.files[i] = self->raw[j];
    }
    return pd_scaffold_migration(in->arena, &input, title, &self->files, &self->err);
}

static inline void must(made *self, pd_settings *settings, const char *title)
{
    if (!scaffold(self, settings, title))
        fail_msg("%s", self->err.message);
}

static inline pd_settings settings_of(pd_layout_kind layout)
{
    pd_settings settings;
    pd_settings_default(&settings);
    settings.layout = layout;
    return settings;
}

#endif
