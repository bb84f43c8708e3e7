/* Texts parsed, and scripts written out so that they can be compared with what is expected. */
#ifndef PD_TEST_SQL_SCRIPTS_H
#define PD_TEST_SQL_SCRIPTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/strbuf.h"
#include "sql/parse.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static inline pd_script scripts_parse(pd_arena *arena, const char *text, bool breakpoints)
{
    pd_sql_input input = {.text = text, .len = strlen(text), .breakpoints = breakpoints};
    pd_script script = {.state = PD_SCRIPT_TOO_DEEP};
    pd_error err = {0};
    if (!pd_sql_parse(arena, &(pd_sql_batch){&input, 1, "public", true}, &script, &err))
        fail_msg("%s: %s", err.message, err.detail);
    return script;
}

static inline const char *scripts_state(pd_script_state state)
{
    static const char *const names[] = {
        [PD_SCRIPT_OK] = "ok",
        [PD_SCRIPT_SYNTAX] = "syntax",
        [PD_SCRIPT_PSQL] = "psql",
        [PD_SCRIPT_TOO_DEEP] = "too deep",
        [PD_SCRIPT_COPY_DATA] = "copy data",
    };
    return names[state];
}

/* LINE:COLUMN VERB | OBJECT | traits and tables_delta ("?" when unknown), a line a statement; the
 * state, the place and the error of a text that did not parse. */
static inline const char *scripts_dump(pd_arena *arena, const pd_script *script)
{
    static const struct {
        unsigned trait;
        const char *word;
    } words[] = {
        {PD_TRAIT_NO_TRANSACTION, "alone "},
        {PD_TRAIT_TRANSACTION_CONTROL, "transaction "},
        {PD_TRAIT_COPY_STDIN, "copy "},
    };
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    if (script->state != PD_SCRIPT_OK)
        pd_strbuf_addf(&out, "%s @%zu: %s\n", scripts_state(script->state), script->error_offset,
                       script->error);
    for (size_t i = 0; i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        pd_strbuf_addf(&out, "%d:%d %s | %s | ", statement->line, statement->column,
                       statement->verb, statement->object);
        for (size_t k = 0; k < LENGTH(words); k++)
            if ((statement->traits & words[k].trait) != 0)
                pd_strbuf_adds(&out, words[k].word);
        if ((statement->traits & PD_TRAIT_TABLES_UNKNOWN) != 0)
            pd_strbuf_adds(&out, "?\n");
        else
            pd_strbuf_addf(&out, "%+d\n", statement->tables_delta);
    }
    return pd_strbuf_keep(&out, arena);
}

#endif
