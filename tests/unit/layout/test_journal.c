/* The quick reader of journals against the one that reads all of JSON: where it says anything, both
 * say the same. */
#include "world.h"

#include "layout/journal.h"

static const char journal[] =
    "{\n  \"version\": \"7\",\n  \"dialect\": \"postgresql\",\n  \"entries\": [\n    {\n"
    "      \"idx\": 0,\n      \"version\": \"7\",\n      \"when\": 1795379225633,\n"
    "      \"tag\": \"0000_init\",\n      \"breakpoints\": true\n    },\n    {\"tag\":\"0001_a "
    "b.c\","
    "\"when\":0, \"breakpoints\" : false}\n  ]\n}\n";

static void assert_same_spots(pd_spot a, pd_spot b)
{
    assert_int_equal(a.line, b.line);
    assert_int_equal(a.line_start, b.line_start);
    assert_int_equal(a.offset, b.offset);
}

/* Whether the quick reader takes the text; what it says is what the other one says. */
static bool is_quick(pd_arena *arena, const char *text, size_t len)
{
    pd_findings findings = {.arena = arena};
    pd_journal quick;
    pd_journal slow;
    if (!pd_journal_read_quick(arena, text, len, &quick))
        return false;
    if (!pd_journal_read_json(arena, "j", text, len, &findings, &slow) || findings.count > 0)
        fail_msg("taken, and wrong: %s", text);
    assert_true(quick.complete && slow.complete);
    assert_int_equal(quick.count, slow.count);
    for (size_t i = 0; i < slow.count; i++) {
        const pd_journal_entry *a = &quick.entries[i];
        const pd_journal_entry *b = &slow.entries[i];
        assert_string_equal(a->tag, b->tag);
        assert_int_equal(a->index, b->index);
        assert_true(a->has_when && b->has_when);
        assert_true(a->when == b->when);
        assert_same_spots(a->tag_spot, b->tag_spot);
        assert_same_spots(a->when_spot, b->when_spot);
    }
    return true;
}

static void what_drizzle_writes_is_quick(void **state)
{
    static const char *const texts[] = {
        journal,
        "{\"entries\":[],\"dialect\":\"pg\",\"version\":\"5\"}",
        " { \"version\" : \"6\" ,\r\n\t\"dialect\":\"postgresql\",\"entries\" : [ ] } ",
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_true(is_quick(arena, texts[i], strlen(texts[i])));
    size_t len = 0;
    const char *real =
        snapshot_read_file(arena, PD_FIXTURES "/drizzle/stable/drizzle/meta/_journal.json", &len);
    assert_true(is_quick(arena, real, len));
}

#define WITH(entry)                                                                                \
    "{\"version\":\"7\",\"dialect\":\"postgresql\",\"entries\":[{\"tag\":\"a\",\"when\":1}," entry \
    "]}"

/* All that has something to be said about it, and what JSON can say in more ways than one. */
static void the_rest_is_left_alone(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        WITH(""),
        WITH("{}"),
        WITH("{\"tag\":\"b\"}"),
        WITH("{\"when\":2}"),
        WITH("{\"tag\":\"\",\"when\":2}"),
        WITH("{\"tag\":\".\",\"when\":2}"),
        WITH("{\"tag\":\"..\",\"when\":2}"),
        WITH("{\"tag\":\"a/b\",\"when\":2}"),
        WITH("{\"tag\":\"b\",\"when\":-2}"),
        WITH("{\"tag\":\"b\",\"when\":02}"),
        WITH("{\"tag\":\"b\",\"when\":2.0}"),
        WITH("{\"tag\":\"b\",\"when\":2e1}"),
        WITH("{\"tag\":\"b\",\"when\":null}"),
        WITH("{\"tag\":\"b\",\"when\":\"2\"}"),
        WITH("{\"tag\":\"b\",\"when\":1234567890123456}"),
        WITH("{\"tag\":\"b\",\"when\":99999999999999999999999999}"),
        WITH("{\"tag\":\"b\",\"when\":2,\"when\":2}"),
        WITH("{\"tag\":\"b\",\"when\":2,\"tag\":\"b\"}"),
        WITH("{\"tag\":\"b\",\"when\":2,\"idx\":1,\"idx\":1}"),
        WITH("{\"tag\":\"b\",\"when\":2,\"version\":\"7\",\"version\":\"7\"}"),
        WITH("{\"tag\":\"b\",\"when\":2,\"breakpoints\":true,\"breakpoints\":true}"),
        WITH("{\"tag\":\"b\",\"when\":2,\"breakpoints\":truer}"),
        WITH("{\"tag\":\"b\",\"when\":2,\"more\":1}"),
        WITH("{\"tag\":\"b\",\"when\":2,}"),
        WITH("{\"tag\":\"\\u0062\",\"when\":2}"),
        WITH("{\"tag\":\"b\xc3\xa4\",\"when\":2}"),
        WITH("{\"tag\":\"b\x7f\",\"when\":2}"),
        WITH("{\"tag\":\"b\n\",\"when\":2}"),
        WITH("{\"tag\":\"b\",\"when\":2}") "x",
        WITH("{\"tag\":\"b\",\"when\":2}") "{}",
        "{\"version\":\"7\",\"dialect\":\"postgresql\"}",
        "{\"version\":\"7\",\"entries\":[]}",
        "{\"dialect\":\"pg\",\"entries\":[]}",
        "{\"version\":\"8\",\"dialect\":\"pg\",\"entries\":[]}",
        "{\"version\":7,\"dialect\":\"pg\",\"entries\":[]}",
        "{\"version\":\"7\",\"dialect\":\"mysql\",\"entries\":[]}",
        "{\"version\":\"7\",\"dialect\":\"pg\",\"entries\":{}}",
        "{\"version\":\"7\",\"dialect\":\"pg\",\"entries\":[],\"entries\":[]}",
        "{\"version\":\"7\",\"dialect\":\"pg\",\"entries\":[],\"more\":1}",
        "{\"version\":\"7\",\"dialect\":\"pg\",\"entries\":[]",
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_journal out;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (pd_journal_read_quick(arena, texts[i], strlen(texts[i]), &out))
            fail_msg("taken: %s", texts[i]);
    assert_false(pd_journal_read_quick(arena, journal, sizeof journal, &out)); /* and its NUL */
}

/* A journal that ends early, lacks a byte, or has another one in its place or in front of it. */
static void whatever_is_changed_both_agree(void **state)
{
    static const char bytes[] = "\"\\{}[],: \n0917.-eE+tx/\x01\x7f\x80\xff";
    size_t len = sizeof journal - 1;
    size_t taken = 0;
    (void)state;
    for (size_t at = 0; at < len; at++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        char *text = pd_arena_alloc(arena, len + 2);
        taken += is_quick(arena, journal, at);
        memcpy(text, journal, at);
        memcpy(text + at, journal + at + 1, len - at);
        taken += is_quick(arena, text, len - 1);
        for (size_t i = 0; i < sizeof bytes; i++) { /* its NUL, too */
            memcpy(text, journal, len + 1);
            text[at] = bytes[i];
            taken += is_quick(arena, text, len);
            memcpy(text + at + 1, journal + at, len - at + 1);
            taken += is_quick(arena, text, len + 1);
        }
    }
    assert_true(taken > len); /* a digit, a letter of a tag, a blank more or less */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_drizzle_writes_is_quick),
        cmocka_unit_test(the_rest_is_left_alone),
        cmocka_unit_test(whatever_is_changed_both_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
