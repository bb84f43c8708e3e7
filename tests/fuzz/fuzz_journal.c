/* Any bytes as meta/_journal.json of a folder with three files: every file is in the set once,
 * or there is a finding; and what the quick reader takes is what the other one reads. */
#include <string.h>

#include "fuzz.h"
#include "layout/journal.h"
#include "layout/layout.h"

#define JOURNAL 3

static void compare_readers(pd_arena *arena, const char *text, size_t len)
{
    pd_findings findings = {.arena = arena};
    pd_journal quick;
    pd_journal slow;
    if (!pd_journal_read_quick(arena, text, len, &quick))
        return;
    FUZZ_CHECK(pd_journal_read_json(arena, "journal", text, len, &findings, &slow));
    FUZZ_CHECK(findings.count == 0 && slow.complete && slow.count == quick.count);
    for (size_t i = 0; i < slow.count; i++) {
        FUZZ_CHECK(strcmp(slow.entries[i].tag, quick.entries[i].tag) == 0);
        FUZZ_CHECK(slow.entries[i].has_when && slow.entries[i].when == quick.entries[i].when);
        FUZZ_CHECK(slow.entries[i].tag_spot.line == quick.entries[i].tag_spot.line &&
                   slow.entries[i].tag_spot.offset == quick.entries[i].tag_spot.offset);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_entry entries[] = {
        {.path = "0000_init-rollback.sql", .data = "select -1;", .size = 10},
        {.path = "0000_init.sql", .data = "select 1;", .size = 9},
        {.path = "0001_wise_sumo.sql", .data = "select 2;", .size = 9},
        {.path = PD_JOURNAL_FILE, .size = size},
    };
    pd_snapshot snapshot = {.folder = "drizzle", .entries = entries, .count = 4, .capacity = 4};
    pd_findings findings = {.arena = arena};
    pd_set set;
    entries[JOURNAL].data = pd_arena_strndup(arena, (const char *)data, size);
    compare_readers(arena, entries[JOURNAL].data, size);
    pd_settings settings;
    pd_settings_default(&settings);
    pd_layout_read(arena, &snapshot, &settings, INT64_C(1795400000000), &set, &findings);
    FUZZ_CHECK(findings.count > 0 || set.count == 2);
    for (size_t i = 0; i < set.count; i++) {
        FUZZ_CHECK(set.migrations[i].up.data != NULL);
        FUZZ_CHECK(strchr(set.migrations[i].name, '/') == NULL);
        for (size_t k = 0; k < i; k++) {
            FUZZ_CHECK(strcmp(set.migrations[i].name, set.migrations[k].name) != 0);
        }
    }
    for (size_t i = 0; i < findings.count; i++) {
        FUZZ_CHECK(findings.items[i].message[0] != '\0' && findings.items[i].hint[0] != '\0');
    }
    return 0;
}
