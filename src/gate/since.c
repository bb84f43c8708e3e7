/* The way out for companions that do nothing, in files that may not be edited any more. */
#include "base/printable.h"
#include "base/str.h"
#include "gate/gate.h"
#include "gate/names.h"

typedef struct offer {
    const pd_set *set;
    const pd_witnesses *witnesses;
    pd_names names[PD_WITNESSES_MAX]; /* by witness */
} offer;

static bool asks_for_companion(const pd_finding *finding)
{
    return finding->rule == PD_RULE_ROLLBACK_EMPTY || finding->rule == PD_RULE_ROLLBACK_NO_REASON ||
           finding->rule == PD_RULE_ROLLBACK_MISSING;
}

static bool is_about(const pd_finding *finding, const pd_migration *migration)
{
    bool missing = finding->rule == PD_RULE_ROLLBACK_MISSING;
    const char *path = missing ? migration->up.path : migration->down.path;
    return path != NULL && pd_streq(finding->place.path, path);
}

/* A companion that is a file of its own may still be added. */
static bool is_as_it_was(const pd_finding *finding, const pd_migration *is, const pd_migration *was)
{
    if (is->one_file)
        return pd_streq(is->up.hash, was->up.hash);
    return finding->rule != PD_RULE_ROLLBACK_MISSING && was->down.data != NULL &&
           pd_streq(is->down.hash, was->down.hash);
}

static bool is_published(const offer *self, const pd_finding *finding, const pd_migration *is)
{
    for (size_t i = 0; i < self->witnesses->count; i++) {
        const pd_witness *witness = &self->witnesses->items[i];
        ptrdiff_t at = pd_names_find(&self->names[i], is->name);
        if (witness->kind != PD_WITNESS_DEPLOYED && at >= 0 &&
            is_as_it_was(finding, is, &witness->set->migrations[at]))
            return true;
    }
    return false;
}

/* The migration, from *at on, that the finding is about, when it is published; else NULL. Findings
 * and migrations stand in one order. */
static const pd_migration *find_published(const offer *self, const pd_finding *finding, size_t *at)
{
    size_t i = *at;
    if (!asks_for_companion(finding))
        return NULL;
    while (i < self->set->count && !is_about(finding, &self->set->migrations[i]))
        i++;
    if (i == self->set->count)
        return NULL;
    *at = i;
    const pd_migration *migration = &self->set->migrations[i];
    return is_published(self, finding, migration) ? migration : NULL;
}

void pd_gate_offer_since(const pd_set *set, const pd_witnesses *witnesses, pd_findings *findings,
                         size_t from)
{
    offer self = {.set = set, .witnesses = witnesses};
    const pd_migration *newest = NULL;
    size_t at = 0;
    if (from == findings->count)
        return;
    for (size_t i = 0; i < witnesses->count; i++)
        self.names[i] = pd_names_of_set(findings->arena, witnesses->items[i].set);
    for (size_t i = from; i < findings->count; i++) {
        const pd_migration *found = find_published(&self, &findings->items[i], &at);
        newest = found != NULL ? found : newest;
    }
    at = 0;
    for (size_t i = from; newest != NULL && i < findings->count; i++)
        if (find_published(&self, &findings->items[i], &at) != NULL)
            pd_finding_hint(findings, &findings->items[i],
                            "It is published and stays as it is: say that companions are asked for "
                            "behind it only, and commit that: git config -f " PD_SETTINGS_FILE
                            " migrations.rollbackSince %s",
                            pd_shell_word(findings->arena, newest->name));
}
