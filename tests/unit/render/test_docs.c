/* Every rule has its page, and the pages say what rules.def says. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "domain/finding.h"

#define PAGE_LINES_MAX 64

/* NULL when the file is not there. */
static const char *slurp(pd_arena *arena, const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return NULL;
    pd_bytes bytes = {0};
    pd_error err = {0};
    bool read = pd_file_slurp(stream, path, PD_STRBUF_MAX, arena, &bytes, &err);
    fclose(stream);
    return read ? bytes.data : NULL;
}

static void assert_says(const char *path, const char *text, const char *what)
{
    if (strstr(text, what) == NULL)
        fail_msg("%s does not say: %s", path, what);
}

static void every_rule_has_its_page(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (int i = 0; i < PD_RULE_COUNT; i++) {
        pd_rule rule = (pd_rule)i;
        const char *id = pd_rule_id(rule);
        const char *path = pd_arena_printf(arena, "%s/docs/rules/%s.md", PD_SOURCE_DIR, id);
        const char *text = slurp(arena, path);
        if (text == NULL)
            fail_msg("%s is missing", path);
        assert_true(pd_starts_with(text, pd_arena_printf(arena, "# %s\n", id)));
        assert_says(path, text,
                    pd_arena_printf(arena, "Default severity: %s. Gate: %s.\n",
                                    pd_severity_name(pd_rule_severity(rule)),
                                    pd_gate_name(pd_rule_gate(rule))));
        assert_says(path, text, "**Why it matters.**");
        assert_says(path, text, "**Example**");
        assert_says(path, text, "**How to mend it.**");
        assert_says(path, text, pd_arena_printf(arena, "[rule \"%s\"]\n", id));
        size_t lines = 0;
        for (const char *c = text; *c != '\0'; c++)
            lines += *c == '\n';
        assert_in_range(lines, 10, PAGE_LINES_MAX);
    }
}

static void the_index_lists_every_rule(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *path = PD_SOURCE_DIR "/docs/rules/README.md";
    const char *text = slurp(arena, path);
    assert_non_null(text);
    for (int i = 0; i < PD_RULE_COUNT; i++) {
        const char *id = pd_rule_id((pd_rule)i);
        assert_says(path, text,
                    pd_arena_printf(arena, "| [%s](%s.md) | %s | %s |\n", id, id,
                                    pd_severity_name(pd_rule_severity((pd_rule)i)),
                                    pd_rule_summary((pd_rule)i)));
    }
}

static void every_page_has_its_rule(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    DIR *folder = opendir(PD_SOURCE_DIR "/docs/rules");
    assert_non_null(folder);
    size_t pages = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        size_t len = strlen(entry->d_name);
        if (!pd_ends_with(entry->d_name, ".md") || strcmp(entry->d_name, "README.md") == 0)
            continue;
        pd_rule rule = PD_RULE_COUNT;
        pages++;
        if (!pd_rule_find(pd_arena_strndup(arena, entry->d_name, len - 3), &rule))
            fail_msg("docs/rules/%s is about no rule", entry->d_name);
    }
    closedir(folder);
    assert_int_equal(pages, PD_RULE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_its_page),
        cmocka_unit_test(the_index_lists_every_rule),
        cmocka_unit_test(every_page_has_its_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
