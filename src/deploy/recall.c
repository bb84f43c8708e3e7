#include "deploy/recall.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"

#define FORM "predeploy-verdict/2"

/* No two lists of texts make the same bytes. */
static void add(pd_sha256 *hash, const char *text)
{
    char length[24];
    size_t len = text == NULL ? 0 : strlen(text);
    int digits = snprintf(length, sizeof length, "%zu%c", len, text == NULL ? '-' : ':');
    pd_sha256_add(hash, length, (size_t)digits);
    pd_sha256_add(hash, text == NULL ? "" : text, len);
}

/* `about`: the rest of the text, without the digest. */
static const char *make_key(pd_arena *arena, const char *terms, const char *about,
                            const pd_recalled *now)
{
    char *key = pd_arena_alloc(arena, PD_SHA256_HEX);
    pd_sha256 hash = pd_sha256_start();
    const char *parts[] = {FORM, terms, about, now->deployment, now->commit, now->marks};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        add(&hash, parts[i]);
    pd_sha256_end(&hash, key);
    return key;
}

static bool is_quiet(const pd_report *report)
{
    return report->findings->count == 0 && report->steering_count == 0 && !report->half &&
           report->revision != NULL;
}

/* Whether the ledger is the set, and nothing else stands beside it. */
static bool is_plain(const pd_set *set, const pd_ledger *ledger)
{
    return set->count > 0 && set->count == ledger->count && set->orphan_count == 0 &&
           ledger->digest != NULL && ledger->altered == NULL && ledger->unfinished_count == 0 &&
           ledger->foreign_count == 0 && pd_set_is_drizzle(set) == (ledger->drizzle_digest != NULL);
}

bool pd_recall_wanted(const pd_run *run, const pd_ledger *ledger)
{
    return run->terms != NULL && is_quiet(run->report) && is_plain(run->set, ledger);
}

/* A text that is there in both, or in neither. */
static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : pd_streq(a, b);
}

const char *pd_recall_make(const pd_run *run, const pd_ledger *ledger, const pd_recalled *now)
{
    const pd_set *set = run->set;
    pd_arena *arena = run->arena;
    if (now->marks == NULL || now->deployment == NULL || now->count != ledger->count ||
        !same(now->digest, ledger->digest) || !same(now->drizzle, ledger->drizzle_digest))
        return NULL;
    const char *about =
        pd_arena_printf(arena, "%s %s %zu %s", pd_timestamp(arena, pd_unix_seconds()),
                        pd_layout_name(set->layout), set->count, set->folder);
    return pd_arena_printf(arena, "%s %s", make_key(arena, run->terms, about, now), about);
}

bool pd_recall_holds(pd_arena *arena, const char *terms, const pd_recalled *now, pd_recall *out)
{
    if (now->verdict == NULL || now->deployment == NULL || now->commit == NULL ||
        now->marks == NULL || !pd_recall_parse(arena, now->verdict, out))
        return false;
    const char *about = now->verdict + PD_SHA256_HEX;
    const char *key = make_key(arena, terms, about, now);
    out->deployment = now->deployment;
    return out->count == now->count && strncmp(now->verdict, key, PD_SHA256_HEX - 1) == 0;
}

void pd_recall_report(pd_arena *arena, const pd_recall *recall, const pd_recalled *now,
                      const pd_settings *settings, pd_report *report)
{
    static const pd_gate gates[] = {PD_GATE_INTEGRITY, PD_GATE_ROLLBACK, PD_GATE_HISTORY,
                                    PD_GATE_SYNTAX};
    pd_set *set = pd_arena_alloc(arena, sizeof *set);
    *set = (pd_set){.folder = recall->folder, .layout = recall->layout, .count = recall->count};
    report->set = set;
    report->relies_on = recall;
    report->standing = (pd_standing){.relation = PD_RELATION_EQUAL, .commit = now->commit};
    report->tables_before = now->tables;
    report->tables_after = now->tables;
    report->nothing_to_do = true;
    pd_report_answer(
        report, PD_GATE_REVISION,
        pd_arena_printf(arena, "%zu migration%s", recall->count, recall->count == 1 ? "" : "s"));
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
        pd_report_answer(report, gates[i], "as before");
    if (settings->rollback == PD_ROLLBACK_OFF)
        pd_report_ask(report, PD_GATE_ROLLBACK, "off: [migrations] rollback in .predeploy");
    pd_report_answer(report, PD_GATE_LEDGER,
                     pd_arena_printf(arena, "%zu applied, 0 pending", recall->count));
    pd_report_settle(report, settings);
}
