/* Any bytes as a file with both directions, by both readers: each byte is one direction's, or a
 * blank in both; line feeds stay; or there is a fault that lies in the file. */
#include <string.h>

#include "fuzz.h"
#include "layout/sections.h"

static void check_text(const char *part, const char *text, size_t size)
{
    FUZZ_CHECK(part[size] == '\0');
    for (size_t i = 0; i < size; i++) {
        FUZZ_CHECK(part[i] == text[i] || (part[i] == ' ' && text[i] != '\n'));
    }
}

static void check(const pd_sections *found, const char *text, size_t size)
{
    if (found->fault != NULL) {
        FUZZ_CHECK(found->up == NULL && found->down == NULL && found->fault_at <= size);
        return;
    }
    FUZZ_CHECK(found->up != NULL);
    check_text(found->up, text, size);
    FUZZ_CHECK(found->needs_tool_at <= size);
    if (found->down == NULL) {
        return;
    }
    check_text(found->down, text, size);
    bool down = false;
    for (size_t i = 0; i < size; i++) {
        FUZZ_CHECK(text[i] == ' ' || text[i] == '\n' || found->up[i] == ' ' ||
                   found->down[i] == ' ');
        down = down || (found->down[i] != ' ' && found->down[i] != '\n');
        /* The way up stands in front of the way down. */
        FUZZ_CHECK(!down || found->up[i] == ' ' || found->up[i] == '\n');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *text = pd_arena_strndup(arena, (const char *)data, size);
    pd_sections found;
    pd_sections_dbmate(arena, text, size, &found);
    check(&found, text, size);
    pd_sections_goose(arena, text, size, &found);
    check(&found, text, size);
    const char *tool = pd_sections_tool(text, size);
    FUZZ_CHECK(found.fault != NULL || tool != NULL);
    return 0;
}
