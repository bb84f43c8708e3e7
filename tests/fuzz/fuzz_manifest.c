/* Any bytes as a SHA256SUMS: every line is usable or told, and what is written back is read back
 * as it was. */
#include <string.h>

#include "fuzz.h"
#include "layout/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_set first = {0};
    pd_set second = {0};
    pd_findings findings = {.arena = arena};
    pd_findings none = {.arena = arena};
    pd_record record;
    pd_manifest_parse(arena, "SHA256SUMS", (const char *)data, size, &first, &findings);
    for (size_t i = 0; i < first.sums_count; i++) {
        FUZZ_CHECK(pd_is_sha256_hex(first.sums[i].hash, strlen(first.sums[i].hash)));
        FUZZ_CHECK(first.sums[i].entry[0] != '/' && first.sums[i].entry[0] != '\0');
    }
    /* As the base of an empty tree, every line is refused to go, and so written as it is. */
    pd_record_make(arena, &second, &first, &record);
    FUZZ_CHECK(record.refused == first.sums_count);
    pd_manifest_parse(arena, "SHA256SUMS", record.text, strlen(record.text), &second, &none);
    FUZZ_CHECK(none.count == 0 && second.sums_count == first.sums_count);
    return 0;
}
