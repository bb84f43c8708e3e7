/* The reader of settings against git's own: what git lists, and what git refuses. */
#include "repo.h"

#include <ctype.h>

#include "domain/config_text.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])
#define BREAK "\\\n" /* a backslash at the end of a line */

/* Blanks other than U+0020 inside of a value are left out: git kept them as they are only from
 * 2.45 on, as we do. */
static const char *const valid[] = {
    "",
    "\n\n# only comments\n ; and\n",
    "[a]\nb = c\n",
    "[a]b=c",
    "[a] b = c # d\n",
    "[a]\n\tb\n",
    "[a]\nb =\n",
    "[a]\nb=\"\"\n",
    "\xef\xbb\xbf[a]\nb = c\n",
    "[a]\r\nb = c\r\n\r\nd = e\r\n",
    "[a]\r\nb = one\\\r\ntwo\r\n",
    "[A.B]\nCamelCase = Value\n",
    "[A-1 \"Sub Section\"]\nb-2 = c\n",
    "[a \"q\\\"u\\\\o\\te\"]\nb = c\n",
    "[a   \"]#;\"]\nb = c\n",
    "[a \"\"]\nb = c\n",
    "[a.]\nb = c\n",
    "[a]\nb =   spaces  in   between   \n",
    "[a]\nb = \"  kept  \"  # gone\n",
    "[a]\nb = x \"y  \" z\n",
    "[a]\nb = half\" quoted; #\"tail ; comment\n",
    "[a]\nb = x\\ty\\nz\\b\\\\\\\"\n",
    "[a]\nb = one " BREAK "two\n",
    "[a]\nb = one" BREAK "   two " BREAK "\nc = d\n",
    "[a]\nb = \"one " BREAK " two\"\n",
    "[a]\nb = x ; comment " BREAK "c = d\n",
    "[a]\nb = x # \"unclosed\n",
    "[a]\nb = end\\",
    "[a]\nb = a=b=c\n",
    "[a]\nb = [c]\n",
    "[a]\nb = 1\n[d]\n[a]\nb = 2\n",
    "[a]\nb\t \t=\t \tc\n",
    "[a]\nb = \xc3\xa4\xe2\x82\xac\n",
    "[a]\nb = \"\"x\"\"\n",
    "[a]\nb = \"\" \"\"\n",
    "[a] [b] c = d\n",
    "[a.B \"C\"]\nb = c\n",
    "[1]\nb = c\n",
    "[-]\nb = c\n",
};

static const char *const invalid[] = {
    "[a\n",           "[a \"b]\n",          "[a \"b\"\n",     "[a b]\n",
    "[a \"b\" ]\n",   "[a]\n1b = c\n",      "[a]\nb c\n",     "[a]\n= c\n",
    "[a]\nb = \"c\n", "[a]\nb = \\q\n",     "[a]\nb_c = d\n", "[a]\n-b = c\n",
    "[]\nb = c\n",    "[a]\nb ; comment\n", "[a]\nb \r= c\n",
};

/* "section.subsection.key LF value SOH" of every item, as `git config --list -z` has it; NULL
 * when the text is refused. */
static const char *read_ours(pd_arena *arena, const char *text)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_config_text reader;
    pd_config_item item;
    pd_error err;
    bool found = true;
    pd_config_text_open(&reader, arena, "file", text, strlen(text));
    while (found) {
        if (!pd_config_text_next(&reader, &item, &found, &err)) {
            return NULL;
        }
        if (!found || item.key == NULL) {
            continue;
        }
        pd_strbuf_adds(&out, item.section);
        if (item.subsection != NULL) {
            pd_strbuf_addf(&out, ".%s", item.subsection);
        }
        pd_strbuf_addc(&out, '.');
        for (const char *c = item.key; *c != '\0'; c++) {
            pd_strbuf_addc(&out, (char)tolower((unsigned char)*c));
        }
        if (item.value != NULL) {
            pd_strbuf_addf(&out, "\n%s", item.value);
        }
        pd_strbuf_addc(&out, '\001');
    }
    return pd_strbuf_keep(&out, arena);
}

static void write_file(const repo_place *place, const char *text)
{
    FILE *file = fopen(repo_path(place, "file"), "wb");
    assert_non_null(file);
    fwrite(text, 1, strlen(text), file);
    fclose(file);
}

static void test_agreement(void **state)
{
    repo_place *place = *state;
    for (size_t i = 0; i < LENGTH(valid); i++) {
        write_file(place, valid[i]);
        const char *theirs =
            repo_ask(place, "git config -f file --list -z > out; tr '\\000' '\\001' < out");
        const char *ours = read_ours(place->arena, valid[i]);
        if (ours == NULL) {
            fail_msg("refused, but git reads it:\n%s", valid[i]);
        }
        assert_string_equal(ours, theirs);
    }
}

static void test_refusal(void **state)
{
    repo_place *place = *state;
    for (size_t i = 0; i < LENGTH(invalid); i++) {
        const char *out = NULL;
        write_file(place, invalid[i]);
        if (repo_try(place, "git config -f file --list -z 2>&1 >out", &out) == 0) {
            fail_msg("git reads it:\n%s", invalid[i]);
        }
        assert_null(read_ours(place->arena, invalid[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_refusal),
    };
    return cmocka_run_group_tests(tests, repo_setup, repo_teardown);
}
