/* SQL texts: lexis, companions, parsing and classification in this process, and the way back from
 * the child. The first byte says whether the text is split at breakpoints. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "sql/analyse.h"
#include "sql/companion.h"
#include "sql/wire.h"

#include "fuzz.h"

/* Deeper texts overflow the parser's stack, which is why it runs in a child. */
#define TEXT_MAX 4096

/* Every statement lies in the text, in order, and begins with a token. */
static void check(const pd_script *script, const pd_sql_input *input)
{
    size_t end = 0;
    FUZZ_CHECK(script->error_offset <= input->len);
    FUZZ_CHECK(script->state == PD_SCRIPT_OK || script->count == 0);
    for (size_t i = 0; i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        FUZZ_CHECK(statement->offset >= end && statement->len > 0);
        end = statement->offset + statement->len;
        FUZZ_CHECK(end <= input->len);
        FUZZ_CHECK(strchr(" \t\r\n;", input->text[statement->offset]) == NULL);
        FUZZ_CHECK(*statement->verb != '\0' && statement->object != NULL);
    }
}

static void read_companion(pd_arena *arena, const pd_sql_input *input, const pd_script *script)
{
    pd_companion companion;
    pd_companion_read(arena, input->text, input->len, &companion);
    FUZZ_CHECK(companion.empty || !companion.irreversible);
    if (!input->breakpoints && script->state == PD_SCRIPT_OK)
        FUZZ_CHECK(companion.empty == (script->count == 0));
}

static void send_back(pd_arena *arena, const pd_sql_input *input, const pd_script *script)
{
    PD_AUTO_STRBUF frame = pd_strbuf_new(PD_STRBUF_MAX);
    FUZZ_CHECK(pd_sql_wire_put(&frame, 0, script));
    pd_script out;
    FUZZ_CHECK(pd_sql_wire_get(arena, frame.data + PD_SQL_FRAME_HEADER,
                               frame.len - PD_SQL_FRAME_HEADER, input->text, input->len, &out));
    FUZZ_CHECK(out.count == script->count && out.state == script->state);
    for (size_t i = 0; i < out.count; i++) {
        int line = 0;
        int column = 0;
        pd_line_column(input->text, input->len, out.statements[i].offset, &line, &column);
        FUZZ_CHECK(out.statements[i].line == line && out.statements[i].column == column);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > TEXT_MAX)
        return 0;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input input = {.len = size - 1, .breakpoints = (data[0] & 1) != 0};
    input.text = pd_arena_strndup(arena, (const char *)data + 1, input.len);
    pd_script script;
    pd_script garbage;
    pd_sql_analyse(arena, pd_sql_tables_new(arena, "public", true), &input, &script);
    check(&script, &input);
    if (pd_utf8_invalid_at(input.text, input.len) == input.len)
        send_back(arena, &input, &script);
    read_companion(arena, &input, &script);
    if (pd_sql_wire_get(arena, input.text, input.len, input.text, input.len, &garbage))
        check(&garbage, &input);
    return 0;
}
