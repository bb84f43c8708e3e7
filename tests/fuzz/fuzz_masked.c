/* Another session's query, on its way to people: nothing of a literal is left. */
#include <string.h>

#include "base/masked.h"
#include "fuzz.h"

static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (c & 0x80) != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_masked_sql(&out, (const char *)data, size);
    FUZZ_CHECK(out.len <= size + 1);
    for (size_t at = 0; at < out.len; at++) {
        if (out.data[at] == '"') {
            const char *end = strchr(out.data + at + 1, '"');
            at = end == NULL ? out.len : (size_t)(end - out.data);
            continue;
        }
        bool begins = at == 0 || !is_of_name(out.data[at - 1]);
        FUZZ_CHECK(out.data[at] != '\'');
        FUZZ_CHECK(!begins || out.data[at] < '0' || out.data[at] > '9');
    }
    return 0;
}
