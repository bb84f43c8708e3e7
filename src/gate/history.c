#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "gate/evidence.h"
#include "gate/gate.h"
#include "gate/names.h"

/* What was said of a migration of the set already: several witnesses see one edit. */
typedef struct said {
    const pd_sql_file *up; /* what it was held against, NULL: nothing was said */
    const pd_sql_file *down;
    const pd_sql_file *config;
    bool when;
    bool order;
} said;

typedef struct judge {
    const pd_set *set;
    const pd_witnesses *witnesses;
    pd_arrival arrival;
    pd_names names;                       /* of the set */
    pd_names published[PD_WITNESSES_MAX]; /* of each witness */
    pd_names contents;                    /* hashes of what is new in the set */
    said *said;                           /* by migration of the set */
    pd_findings *findings;
} judge;

/* Two versions of one file are equal when their hashes are; a witness that was listed without
 * content is compared by object id. */
static bool same_file(const pd_sql_file *a, const pd_sql_file *b)
{
    if (a->oid[0] != '\0' && b->oid[0] != '\0')
        return strcmp(a->oid, b->oid) == 0;
    return strcmp(a->hash, b->hash) == 0;
}

static bool is_there(const pd_sql_file *file)
{
    return file->data != NULL || file->oid[0] != '\0' || file->hash[0] != '\0';
}

static const char *adjective(pd_witness_kind kind)
{
    return kind == PD_WITNESS_DEPLOYED ? "deployed" : "published";
}

/* `drizzle-kit up` of Drizzle 1.0 turns a journal into folders, with other names, and keeps whole
 * seconds only. */
static bool is_upgrade(const pd_set *was, const pd_set *is)
{
    return was->layout == PD_LAYOUT_DRIZZLE && is->layout == PD_LAYOUT_DRIZZLE_FOLDERS;
}

static pd_names names_at(pd_arena *arena, const pd_set *was, const pd_set *is)
{
    return is_upgrade(was, is) ? pd_names_of_upgraded(arena, was) : pd_names_of_set(arena, was);
}

static const char *name_now(const judge *self, const pd_witness *witness,
                            const pd_migration *published)
{
    bool upgraded = is_upgrade(witness->set, self->set) && published->v1_name != NULL;
    return upgraded ? published->v1_name : published->name;
}

/* Where the set has a migration of a witness. */
static ptrdiff_t find_now(const judge *self, const pd_witness *witness,
                          const pd_migration *published)
{
    return pd_names_find(&self->names, name_now(self, witness, published));
}

static ptrdiff_t find_in(const judge *self, size_t witness, const char *name)
{
    return pd_names_find(&self->published[witness], name);
}

/* Whether a witness that stands in front of this one, or any but the deployed one, has the name. */
static bool is_known(const judge *self, size_t before, const char *name)
{
    for (size_t w = 0; w < before; w++)
        if (self->witnesses->items[w].kind != PD_WITNESS_DEPLOYED && find_in(self, w, name) >= 0)
            return true;
    return false;
}

static bool is_new(const judge *self, const char *name)
{
    return !is_known(self, self->witnesses->count, name);
}

/* Where the content of a migration that is gone stands under a new name, or -1. */
static ptrdiff_t find_renamed(const judge *self, const pd_migration *published)
{
    return published->up.hash[0] == '\0' ? -1 : pd_names_find(&self->contents, published->up.hash);
}

static void report_renamed(judge *self, const pd_witness *witness, const pd_migration *published,
                           size_t at)
{
    const pd_migration *candidate = &self->set->migrations[at];
    pd_arena *arena = self->findings->arena;
    self->said[at].order = true;
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_HISTORY_RENAMED, candidate->up.path,
                "the published migration %s was renamed to %s", published->name, candidate->name);
    pd_finding_hint(self->findings, finding,
                    "Databases know it by its old name. Put it back, its companion too: `git mv %s "
                    "%s`",
                    pd_shell_word(arena, candidate->up.path),
                    pd_shell_word(arena, published->up.path));
    pd_give_evidence(
        self->findings, finding,
        (pd_evidence){.was = &published->up, .is = &candidate->up, .was_at = witness->revision});
}

static void report_gone(judge *self, const pd_witness *witness, const pd_migration *published)
{
    pd_findings *findings = self->findings;
    ptrdiff_t renamed = find_renamed(self, published);
    if (renamed >= 0) {
        report_renamed(self, witness, published, (size_t)renamed);
        return;
    }
    pd_finding *finding = pd_find(findings, PD_RULE_HISTORY_REMOVED, published->up.path,
                                  "the published migration %s was removed", published->name);
    pd_finding_hint(findings, finding,
                    "Bring it back, and undo what it did with a new migration: `git checkout "
                    "%.12s -- %s`",
                    witness->revision->oid,
                    pd_shell_word(self->findings->arena, published->up.path));
    pd_give_evidence(self->findings, finding,
                     (pd_evidence){.was = &published->up, .is = NULL, .was_at = witness->revision});
}

/* Both branches have added a migration of this name since they parted. */
static void report_twin(judge *self, const pd_witness *witness, const pd_migration *published,
                        const pd_migration *now)
{
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_HISTORY_COLLISION, now->up.path,
                "%s was added here and at the base, with other content", now->name);
    pd_finding_hint(self->findings, finding,
                    "Give the one that is not published the next free version: predeploy new");
    pd_give_evidence(
        self->findings, finding,
        (pd_evidence){.was = &published->up, .is = &now->up, .was_at = witness->revision});
}

/* The command that brings the old content back to where it is kept now. */
static const char *restore_command(pd_arena *arena, const char *oid, const char *was,
                                   const char *now)
{
    if (now == NULL || strcmp(was, now) == 0)
        return pd_arena_printf(arena, "`git checkout %.12s -- %s`", oid, pd_shell_word(arena, was));
    const char *object = pd_arena_printf(arena, "%.12s:%s", oid, was);
    return pd_arena_printf(arena, "`git show %s >%s`", pd_shell_word(arena, object),
                           pd_shell_word(arena, now));
}

static void check_up(judge *self, size_t w, const pd_migration *published, const pd_migration *now)
{
    const pd_witness *witness = &self->witnesses->items[w];
    said *told = &self->said[now - self->set->migrations];
    if (same_file(&published->up, &now->up) ||
        (told->up != NULL && same_file(told->up, &published->up)))
        return;
    told->up = &published->up;
    if (witness->kind == PD_WITNESS_TIP && w > 0 && !is_known(self, w, now->name)) {
        report_twin(self, witness, published, now);
        return;
    }
    pd_finding *finding = pd_find(self->findings, PD_RULE_HISTORY_EDITED, now->up.path,
                                  "the %s migration %s is not what it was at %.12s",
                                  adjective(witness->kind), now->name, witness->revision->oid);
    pd_finding_hint(self->findings, finding,
                    "Put that version back and write a new migration for the change: %s",
                    restore_command(self->findings->arena, witness->revision->oid,
                                    published->up.path, now->up.path));
    pd_give_evidence(
        self->findings, finding,
        (pd_evidence){.was = &published->up, .is = &now->up, .was_at = witness->revision});
}

static void check_down(judge *self, const pd_witness *witness, const pd_migration *published,
                       const pd_migration *now)
{
    said *told = &self->said[now - self->set->migrations];
    bool one_file = published->one_file && now->one_file;
    if (one_file || !is_there(&published->down) ||
        (is_there(&now->down) && same_file(&published->down, &now->down)) ||
        (told->down != NULL && same_file(told->down, &published->down)))
        return;
    told->down = &published->down;
    bool edited = is_there(&now->down);
    pd_finding *finding = pd_find(self->findings, PD_RULE_HISTORY_COMPANION, published->down.path,
                                  "the %s companion of %s was %s", adjective(witness->kind),
                                  now->name, edited ? "edited" : "removed");
    pd_finding_hint(self->findings, finding,
                    "Databases that have the migration keep the companion it came with. Put it "
                    "back: %s",
                    restore_command(self->findings->arena, witness->revision->oid,
                                    published->down.path, now->down.path));
    pd_give_evidence(self->findings, finding,
                     (pd_evidence){.was = &published->down,
                                   .is = edited ? &now->down : NULL,
                                   .was_at = witness->revision});
}

/* It is no SQL: an evidence with both sides would be judged as if it were. */
static void report_config(judge *self, const pd_witness *witness, const pd_migration *published,
                          const pd_migration *now)
{
    const pd_sql_file *was = &published->config;
    const char *path = now->config.path != NULL ? now->config.path : was->path;
    const char *what = !is_there(was) ? "added" : is_there(&now->config) ? "edited" : "removed";
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_HISTORY_EDITED, path,
                "what says how the %s migration %s runs was %s since %.12s",
                adjective(witness->kind), now->name, what, witness->revision->oid);
    pd_arena *arena = self->findings->arena;
    if (is_there(was))
        pd_finding_hint(self->findings, finding, "Put that version back: %s",
                        restore_command(arena, witness->revision->oid, was->path, path));
    else
        pd_finding_hint(self->findings, finding,
                        "Databases that have the migration ran it without: `git rm --cached %s`",
                        pd_shell_word(arena, path));
    pd_give_evidence(self->findings, finding,
                     (pd_evidence){.was = was, .was_at = witness->revision});
}

static void check_config(judge *self, size_t w, const pd_migration *published,
                         const pd_migration *now)
{
    const pd_witness *witness = &self->witnesses->items[w];
    said *told = &self->said[now - self->set->migrations];
    bool twin = witness->kind == PD_WITNESS_TIP && w > 0 && !is_known(self, w, now->name) &&
                !same_file(&published->up, &now->up);
    bool same = is_there(&published->config) == is_there(&now->config) &&
                same_file(&published->config, &now->config);
    if (twin || same || (told->config != NULL && same_file(told->config, &published->config)))
        return;
    told->config = &published->config;
    report_config(self, witness, published, now);
}

/* Without its journal the folder reads as plain files. */
static void report_no_time(judge *self, const pd_witness *witness, const pd_migration *published,
                           const pd_migration *now)
{
    pd_arena *arena = self->findings->arena;
    pd_finding *finding = pd_find(self->findings, PD_RULE_HISTORY_RESTAMPED, now->up.path,
                                  "the %s journal entry %s had when = %lld, now no journal has it",
                                  adjective(witness->kind), now->name, (long long)published->when);
    pd_finding_hint(self->findings, finding, "Bring the journal back: `git checkout %.12s -- %s`",
                    witness->revision->oid,
                    pd_shell_word(arena, pd_arena_printf(arena, "%s/%s", witness->set->folder,
                                                         PD_JOURNAL_FILE)));
}

static void check_when(judge *self, const pd_witness *witness, const pd_migration *published,
                       const pd_migration *now)
{
    said *told = &self->said[now - self->set->migrations];
    if (told->when || published->journal_line == 0 || is_upgrade(witness->set, self->set) ||
        (now->has_when && published->when == now->when))
        return;
    told->when = true;
    if (!now->has_when) {
        report_no_time(self, witness, published, now);
        return;
    }
    pd_finding *finding = pd_find(self->findings, PD_RULE_HISTORY_RESTAMPED, now->up.path,
                                  "the %s journal entry %s had when = %lld, now it has %lld",
                                  adjective(witness->kind), now->name, (long long)published->when,
                                  (long long)now->when);
    pd_finding_hint(self->findings, finding,
                    "Put the old value back: by it Drizzle knows that the migration is applied, "
                    "and would run it again or skip others.");
}

static void check_witness(judge *self, size_t w)
{
    const pd_witness *witness = &self->witnesses->items[w];
    for (size_t i = 0; i < witness->set->count; i++) {
        const pd_migration *published = &witness->set->migrations[i];
        ptrdiff_t at = find_now(self, witness, published);
        if (at >= 0) {
            const pd_migration *now = &self->set->migrations[at];
            check_up(self, w, published, now);
            check_down(self, witness, published, now);
            check_config(self, w, published, now);
            check_when(self, witness, published, now);
        } else if (witness->kind == PD_WITNESS_BASE &&
                   !is_known(self, w, name_now(self, witness, published))) {
            report_gone(self, witness, published);
        }
    }
}

static void check_sequence(judge *self, size_t w)
{
    const pd_witness *witness = &self->witnesses->items[w];
    ptrdiff_t highest = -1;
    for (size_t i = 0; i < self->set->count; i++) {
        const pd_migration *migration = &self->set->migrations[i];
        ptrdiff_t at = find_in(self, w, migration->name);
        if (at >= highest) {
            highest = at;
            continue;
        }
        if (at < 0 || self->said[i].order)
            continue;
        self->said[i].order = true;
        pd_finding *finding =
            pd_find(self->findings, PD_RULE_HISTORY_REORDERED, migration->up.path,
                    "the %s migration %s now comes after %s", adjective(witness->kind),
                    migration->name, witness->set->migrations[highest].name);
        pd_finding_hint(self->findings, finding, "Put the published order back.");
    }
}

static void report_late(judge *self, const pd_migration *migration, const char *name,
                        const char *where)
{
    bool drizzle = pd_set_is_drizzle(self->set);
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_HISTORY_INSERTED, migration->up.path,
                "the new migration %s stands in front of %s, which is published%s", migration->name,
                name, where);
    pd_finding_hint(self->findings, finding,
                    "Databases that have the later one may never run it. Make it the last one: %s",
                    drizzle ? "drop it and generate it again with drizzle-kit."
                            : "give it a version that sorts behind. Where the tool runs late "
                              "ones all the same: [check] order = late.");
    if (self->arrival == PD_ARRIVAL_LATE && !drizzle)
        finding->severity = PD_SEVERITY_WARNING;
}

/* What the revision has lost or not merged yet: the last of it in the order of the layout. */
static const pd_migration *last_unmerged(const judge *self)
{
    const pd_migration *last = NULL;
    for (size_t w = 0; w < self->witnesses->count; w++) {
        const pd_witness *witness = &self->witnesses->items[w];
        for (size_t i = 0; witness->kind == PD_WITNESS_TIP && i < witness->set->count; i++) {
            const pd_migration *published = &witness->set->migrations[i];
            bool missing = find_now(self, witness, published) < 0;
            if (missing && (last == NULL || pd_migration_compare(self->set, published, last) > 0))
                last = published;
        }
    }
    return last;
}

static void check_order(judge *self)
{
    ptrdiff_t last = (ptrdiff_t)self->set->count - 1;
    while (last >= 0 && is_new(self, self->set->migrations[last].name))
        last--;
    const pd_migration *unmerged = last_unmerged(self);
    for (size_t i = 0; i < self->set->count; i++) {
        const pd_migration *migration = &self->set->migrations[i];
        if (self->said[i].order || !is_new(self, migration->name))
            continue;
        if ((ptrdiff_t)i < last)
            report_late(self, migration, self->set->migrations[last].name, "");
        else if (unmerged != NULL && pd_migration_compare(self->set, migration, unmerged) < 0)
            report_late(self, migration, unmerged->name, " on the base and not merged here yet");
    }
}

/* A version that the base has given away since the branch began. */
static void check_collisions(judge *self, const pd_witness *witness)
{
    pd_names numbers = {0};
    for (size_t i = 0; i < witness->set->count; i++) {
        const pd_migration *published = &witness->set->migrations[i];
        if (published->number != NULL && find_now(self, witness, published) < 0)
            pd_names_add(self->findings->arena, &numbers, published->number, i);
    }
    pd_names_sort(&numbers);
    for (size_t i = 0; i < self->set->count; i++) {
        const pd_migration *migration = &self->set->migrations[i];
        ptrdiff_t at = migration->number == NULL || !is_new(self, migration->name)
                           ? -1
                           : pd_names_find(&numbers, migration->number);
        if (at < 0)
            continue;
        const pd_migration *other = &witness->set->migrations[at];
        pd_finding *finding = pd_find(self->findings, PD_RULE_HISTORY_COLLISION, migration->up.path,
                                      "%s and %s, which the base has, both have the version %s",
                                      migration->name, other->name, migration->number);
        pd_finding_hint(self->findings, finding,
                        "Merge the base, then give the one that is not published the next free "
                        "version; its companion too.");
        pd_give_evidence(
            self->findings, finding,
            (pd_evidence){.was = &other->up, .is = &migration->up, .was_at = witness->revision});
    }
}

static pd_names new_contents(const judge *self)
{
    pd_names contents = {0};
    for (size_t i = 0; i < self->set->count; i++) {
        const pd_migration *migration = &self->set->migrations[i];
        if (migration->up.hash[0] != '\0' && is_new(self, migration->name))
            pd_names_add(self->findings->arena, &contents, migration->up.hash, i);
    }
    pd_names_sort(&contents);
    return contents;
}

void pd_gate_history(const pd_set *set, const pd_witnesses *witnesses, pd_arrival arrival,
                     pd_findings *findings)
{
    pd_arena *arena = findings->arena;
    judge self = {
        .set = set,
        .witnesses = witnesses,
        .arrival = arrival,
        .names = pd_names_of_set(arena, set),
        .said = pd_arena_array(arena, set->count + 1, sizeof(said)),
        .findings = findings,
    };
    for (size_t w = 0; w < witnesses->count; w++)
        self.published[w] = names_at(arena, witnesses->items[w].set, set);
    self.contents = new_contents(&self);
    bool based = false;
    for (size_t w = 0; w < witnesses->count; w++) {
        const pd_witness *witness = &witnesses->items[w];
        based = based || witness->kind != PD_WITNESS_DEPLOYED;
        check_witness(&self, w);
        if (witness->kind != PD_WITNESS_DEPLOYED)
            check_sequence(&self, w);
        if (witness->kind == PD_WITNESS_TIP)
            check_collisions(&self, witness);
    }
    if (based)
        check_order(&self);
}

void pd_mark_published(pd_arena *arena, const pd_set *set, const pd_witnesses *witnesses,
                       bool *published)
{
    for (size_t w = 0; w < witnesses->count; w++) {
        const pd_witness *witness = &witnesses->items[w];
        if (witness->kind == PD_WITNESS_DEPLOYED)
            continue;
        pd_names names = names_at(arena, witness->set, set);
        for (size_t i = 0; i < set->count; i++)
            published[i] = published[i] || pd_names_find(&names, set->migrations[i].name) >= 0;
    }
}
