/* Any bytes as an event file: what is taken from it could stand in a ref's name or is an object id.
 */
#include <string.h>

#include "domain/event.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"push", "pull_request", "pull_request_target",
                                        "merge_group", "deployment"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_event event;
        pd_error err = {0};
        if (!pd_event_parse(arena, names[i], (const char *)data, size, &event, &err)) {
            FUZZ_CHECK(err.kind == PD_ERROR_UNREACHABLE);
            continue;
        }
        size_t len = strlen(event.base);
        FUZZ_CHECK(len == 0 || len == 40 || len == 64);
        FUZZ_CHECK(strspn(event.base, "0123456789abcdef") == len);
        FUZZ_CHECK(event.default_branch == NULL ||
                   (event.default_branch[0] != '-' && event.default_branch[0] != '\0' &&
                    strpbrk(event.default_branch, " \t\r\n~^:?*[\\") == NULL &&
                    strstr(event.default_branch, "..") == NULL));
    }
    return 0;
}
