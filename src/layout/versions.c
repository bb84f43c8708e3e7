/* Numbers that two migrations share, and numbers that bytes sort otherwise. */
#include <stdlib.h>
#include <string.h>

#include "layout/reader.h"
#include "layout/version.h"

typedef struct numbered {
    const char *number;
    size_t index; /* of the migration */
} numbered;

static int compare_numbered(const void *left, const void *right)
{
    const numbered *a = left;
    const numbered *b = right;
    int order = strcmp(a->number, b->number);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static void report_duplicate(pd_reader *reader, const numbered *first, const numbered *second)
{
    const pd_migration *a = &reader->set->migrations[first->index];
    const pd_migration *b = &reader->set->migrations[second->index];
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_DUPLICATE_VERSION, b->up.path,
                "%s has the version %s, as %s has", b->name, second->number, a->name);
    pd_finding_hint(reader->findings, finding,
                    "Two branches often take one number. Rename the one that is not published "
                    "yet, with `git mv`, to the next free number, its companion too, and run "
                    "`predeploy record`.");
}

static void report_order(pd_reader *reader, const numbered *first, const numbered *second)
{
    const pd_migration *a = &reader->set->migrations[first->index];
    const pd_migration *b = &reader->set->migrations[second->index];
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_ORDER_NOT_NUMERIC, b->up.path,
                "%s is applied before %s: names are compared byte by byte, not as numbers", a->name,
                b->name);
    pd_finding_hint(reader->findings, finding,
                    "Give all numbers one width, with zeros in front. Published migrations keep "
                    "their names: go on with numbers that sort behind them.");
}

/* Told once: the items are in the order in which they run. */
static void check_order(pd_reader *reader, const numbered *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        /* dbmate keeps the zeros in front, which this comparison passes over. */
        int order =
            reader->set->layout == PD_LAYOUT_DBMATE
                ? pd_version_order_compare(PD_ORDER_NUMERIC, items[i - 1].number, items[i].number)
                : pd_version_compare(items[i - 1].number, items[i].number);
        if (order > 0) {
            report_order(reader, &items[i - 1], &items[i]);
            return;
        }
    }
}

static void check_duplicates(pd_reader *reader, numbered *items, size_t count)
{
    qsort(items, count, sizeof *items, compare_numbered);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (strcmp(items[first].number, items[i].number) != 0) {
            first = i;
        } else {
            report_duplicate(reader, &items[first], &items[i]);
        }
    }
}

void pd_check_numbers(pd_reader *reader)
{
    const pd_set *set = reader->set;
    numbered *items = pd_arena_array(reader->arena, set->count + 1, sizeof *items);
    size_t count = 0;
    if (pd_set_is_drizzle(set)) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->migrations[i].number != NULL) {
            items[count++] = (numbered){set->migrations[i].number, i};
        }
    }
    /* Where the tool sorts whole names, its users may not know that it does. */
    if (set->layout == PD_LAYOUT_PLAIN || set->layout == PD_LAYOUT_DBMATE) {
        check_order(reader, items, count);
    }
    check_duplicates(reader, items, count);
}
