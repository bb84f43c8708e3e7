/* Golden files: what a renderer writes is compared with tests/golden/render/NAME, byte by byte.
 * Include after cmocka.h. */
#ifndef PD_TEST_GOLDEN_H
#define PD_TEST_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/strbuf.h"

static inline void golden_compare(const char *name, const pd_strbuf *got)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *path = pd_arena_printf(arena, "%s/tests/golden/render/%s", PD_SOURCE_DIR, name);
    const char *update = getenv("PREDEPLOY_UPDATE_GOLDEN");
    pd_error err = {0};
    if (update != NULL && *update == '1') {
        if (!pd_file_write(path, got->data, got->len, 0644, &err))
            fail_msg("%s: %s", path, err.detail);
        return;
    }
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        fail_msg("%s cannot be read; PREDEPLOY_UPDATE_GOLDEN=1 writes it", path);
    pd_bytes want = {0};
    bool read = pd_file_slurp(stream, path, PD_STRBUF_MAX, arena, &want, &err);
    fclose(stream);
    assert_true(read);
    if (want.len != got->len || memcmp(want.data, got->data, want.len) != 0)
        fail_msg("%s differs; got:\n%s", path, got->data);
}

#endif
