/* Any bytes as the lines of pre-push and of pre-receive: read, or refused with the line's number;
 * what was read holds what the hooks rely on. */
#include <string.h>

#include "base/str.h"
#include "fuzz.h"
#include "git/pushes.h"

static void check_oid(const char *oid, bool zero)
{
    size_t len = strlen(oid);
    FUZZ_CHECK(len == 40 || len == 64);
    FUZZ_CHECK(strspn(oid, "0123456789abcdef") == len);
    FUZZ_CHECK((strspn(oid, "0") == len) == zero);
}

static void check_ref(const char *ref)
{
    FUZZ_CHECK(ref[0] != '\0');
    for (size_t i = 0; ref[i] != '\0'; i++)
        FUZZ_CHECK((unsigned char)ref[i] >= 0x20 && ref[i] != 0x7f);
}

static void check_all(const pd_pushes *pushes, size_t max)
{
    FUZZ_CHECK(pushes->count <= max);
    for (size_t i = 0; i < pushes->count; i++) {
        const pd_push *push = &pushes->items[i];
        check_oid(push->local_oid, push->deletes);
        check_oid(push->remote_oid, push->creates);
        FUZZ_CHECK(strlen(push->local_oid) == strlen(push->remote_oid));
        check_ref(push->local_ref);
        check_ref(push->remote_ref);
    }
}

static void check_error(bool parsed, const pd_error *err)
{
    FUZZ_CHECK(parsed || (err->kind == PD_ERROR_USAGE && err->hint[0] != '\0' &&
                          strncmp(err->message, "cannot ", 7) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_pushes pushes = {0};
    pd_error err = {0};
    bool parsed = pd_pushes_parse(arena, (const char *)data, size, &pushes, &err);
    check_error(parsed, &err);
    check_all(&pushes, PD_PUSHES_MAX);
    parsed = pd_received_parse(arena, (const char *)data, size, &pushes, &err);
    check_error(parsed, &err);
    check_all(&pushes, PD_RECEIVED_MAX);
    for (size_t i = 0; i < pushes.count; i++)
        FUZZ_CHECK(pd_starts_with(pushes.items[i].local_ref, "refs/") &&
                   strchr(pushes.items[i].local_ref, ' ') == NULL);
    return 0;
}
