/* A good set beside the table of another migration tool. */
#ifndef PD_TEST_FOREIGN_WORLD_H
#define PD_TEST_FOREIGN_WORLD_H

#include "gate/adopt.h"
#include "sets.h"

#define PLAIN PD_LAYOUT_PLAIN
#define GOLANG PD_LAYOUT_GOLANG_MIGRATE
#define GOOSE PD_LAYOUT_GOOSE
#define SQLX PD_LAYOUT_SQLX
#define DIESEL PD_LAYOUT_DIESEL
#define PRISMA PD_LAYOUT_PRISMA
#define FLYWAY PD_LAYOUT_FLYWAY
#define DBMATE PD_LAYOUT_DBMATE

typedef struct world {
    pd_arena *arena;
    pd_set set;
    pd_ledger ledger;
    pd_adopt_terms terms;
    pd_findings findings;
    pd_error err;
    pd_adoption adoption;
} world;

static inline world make(pd_arena *arena, pd_layout_kind layout)
{
    world w = {
        .arena = arena,
        .set = good_set(arena, PD_LAYOUT_PLAIN),
        .terms = {.through = -1},
        .findings = {.arena = arena},
    };
    w.set.layout = layout;
    w.ledger.foreign = pd_arena_array(arena, PD_FOREIGN_LEDGERS_MAX, sizeof *w.ledger.foreign);
    return w;
}

static inline void set_version(world *w, size_t m, const char *version, const char *name)
{
    w->set.migrations[m].version = version;
    if (name != NULL)
        w->set.migrations[m].name = name;
}

/* The table from text: "version[=checksum][!~<^] ...": ! unfinished, ~ reverted, < up to,
 * ^ baseline. */
static inline pd_foreign_ledger *add_table(world *w, pd_layout_kind tool, const char *table,
                                           const char *rows)
{
    pd_foreign_ledger *out = &w->ledger.foreign[w->ledger.foreign_count++];
    *out = (pd_foreign_ledger){.tool = tool, .schema = "public", .table = table};
    out->rows = pd_arena_array(w->arena, strlen(rows) + 1, sizeof *out->rows);
    while (*rows != '\0') {
        size_t len = strcspn(rows, " ");
        char *word = pd_arena_strndup(w->arena, rows, len);
        pd_foreign_row *row = &out->rows[out->count++];
        char *mark = strpbrk(word, "!~<^");
        row->state = mark == NULL   ? PD_FOREIGN_APPLIED
                     : *mark == '!' ? PD_FOREIGN_UNFINISHED
                     : *mark == '~' ? PD_FOREIGN_REVERTED
                     : *mark == '<' ? PD_FOREIGN_UP_TO
                                    : PD_FOREIGN_BASELINE;
        if (mark != NULL)
            *mark = '\0';
        char *sign = strchr(word, '=');
        row->version = word;
        if (sign != NULL) {
            row->checksum = sign + 1;
            *sign = '\0';
        }
        rows += len;
        rows += strspn(rows, " ");
    }
    return out;
}

static inline void add_own(world *w, size_t m)
{
    pd_ledger_row *row = PD_PUSH(w->arena, w->ledger.rows, w->ledger.count, w->ledger.capacity);
    row->seq = (int64_t)w->ledger.count;
    row->name = w->set.migrations[m].name;
    row->hash = w->set.migrations[m].up.hash;
}

#endif
