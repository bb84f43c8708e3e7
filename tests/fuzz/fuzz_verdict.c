/* Any bytes as a verdict that the ledger keeps: what was read is what the text says. */
#include <string.h>

#include "base/str.h"
#include "domain/recall.h"
#include "domain/settings.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *text = pd_arena_strndup(arena, (const char *)data, size);
    pd_recall recall = {0};
    if (!pd_recall_parse(arena, text, &recall))
        return 0;
    FUZZ_CHECK(strspn(text, "0123456789abcdefABCDEF") == 64 && text[64] == ' ');
    FUZZ_CHECK(recall.deployment == NULL && recall.count <= 999999999);
    const char *head =
        pd_arena_printf(arena, "%s %s ", recall.given_at, pd_layout_name(recall.layout));
    FUZZ_CHECK(pd_starts_with(text + 65, head));
    const char *count = text + 65 + strlen(head);
    FUZZ_CHECK(strtoul(count, NULL, 10) == recall.count);
    FUZZ_CHECK(pd_streq(recall.folder, strchr(count, ' ') + 1));
    return 0;
}
