#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/progress.h"
#include "base/str.h"

typedef struct screen {
    char *text;
    size_t len;
    pd_arena *arena;
    pd_progress progress;
} screen;

static int open_screen(void **state)
{
    screen *self = calloc(1, sizeof *self);
    self->arena = pd_arena_new();
    self->progress.stream = open_memstream(&self->text, &self->len);
    self->progress.width = 80;
    self->progress.started_ms = pd_now_ms();
    *state = self;
    return 0;
}

static int close_screen(void **state)
{
    screen *self = *state;
    if (self->progress.stream != NULL)
        fclose(self->progress.stream);
    pd_arena_free(self->arena);
    free(self->text);
    free(self);
    return 0;
}

static const char *shown(screen *self)
{
    fflush(self->progress.stream);
    return self->text;
}

static void quiet_says_nothing(void **state)
{
    (void)state;
    pd_progress quiet = {.live = true, .verbose = true, .width = 80};
    pd_progress_say(&quiet, "working");
    pd_progress_note(&quiet, "note");
    pd_progress_detail(&quiet, "detail");
    pd_progress_end(&quiet);
    assert_false(quiet.drawn);
}

static void notes_stay_and_details_need_verbose(void **state)
{
    screen *self = *state;
    pd_progress_note(&self->progress, "note %d", 1);
    pd_progress_detail(&self->progress, "detail");
    self->progress.verbose = true;
    pd_progress_detail(&self->progress, "detail %s", "shown");
    pd_progress_end(&self->progress);
    assert_string_equal(shown(self), "note 1\ndetail shown\n");
}

static void a_terminal_has_one_live_line(void **state)
{
    screen *self = *state;
    self->progress.live = true;
    pd_progress_say(&self->progress, "migration %d of %d", 1, 2);
    assert_true(self->progress.drawn);
    assert_string_equal(shown(self), "\r\033[Kmigration 1 of 2");
    pd_progress_note(&self->progress, "note");
    assert_false(self->progress.drawn);
    assert_string_equal(shown(self), "\r\033[Kmigration 1 of 2\r\033[Knote\n");
    self->progress.last_ms -= 1000;
    pd_progress_say(&self->progress, "again");
    pd_progress_end(&self->progress);
    pd_progress_end(&self->progress);
    assert_true(pd_ends_with(shown(self), "note\n\r\033[Kagain\r\033[K"));
}

static void a_terminal_is_not_redrawn_at_once(void **state)
{
    screen *self = *state;
    self->progress.live = true;
    assert_true(pd_progress_due(&self->progress));
    pd_progress_say(&self->progress, "first");
    self->progress.last_ms += 1000000; /* as if it were drawn just now */
    assert_false(pd_progress_due(&self->progress));
    pd_progress_say(&self->progress, "second");
    pd_progress_say_fitting(&self->progress, (const char *const[]){"second", NULL});
    assert_null(strstr(shown(self), "second"));
}

/* The line must not wrap: a wrapped line cannot be redrawn in place. */
static void a_long_line_is_cut_to_the_width(void **state)
{
    screen *self = *state;
    static const int widths[] = {200, 80, 40, 20, 13};
    static const char *const letters[] = {"\u00e4", "\u6771", "e\u0301"};
    self->progress.live = true;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        for (size_t j = 0; j < sizeof letters / sizeof *letters; j++) {
            PD_AUTO_STRBUF text = pd_strbuf_new(10000);
            for (int k = 0; k < 300; k++)
                pd_strbuf_adds(&text, letters[j]);
            size_t before = strlen(shown(self));
            self->progress.width = widths[i];
            self->progress.last_ms = 0;
            self->progress.since_ms = pd_now_ms() - 5000;
            pd_progress_say(&self->progress, "%s", text.data);
            const char *line = shown(self) + before + strlen("\r\033[K");
            assert_int_equal(pd_utf8_invalid_at(line, strlen(line)), strlen(line));
            assert_non_null(strstr(line, "\u2026, "));
            assert_true(pd_ends_with(line, " s"));
            assert_in_range(pd_text_columns(line, strlen(line)), widths[i] - 4, widths[i] - 3);
        }
    }
}

static void an_unknown_width_is_narrow(void **state)
{
    static const int widths[] = {0, 1, -1, -2147483647, 5};
    screen *self = *state;
    self->progress.live = true;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        self->progress.width = widths[i];
        self->progress.last_ms = 0;
        pd_progress_say(&self->progress, "working");
        assert_true(pd_ends_with(shown(self), "\r\033[Kwo\u2026"));
    }
}

static void the_first_wording_that_fits_is_shown(void **state)
{
    static const char *const wordings[] = {"a very long wording of it", "a shorter one", "short",
                                           NULL};
    static const struct {
        int width;
        const char *line;
    } cases[] = {
        {80, "\r\033[Ka very long wording of it"},
        {28, "\r\033[Ka very long wording of it"},
        {27, "\r\033[Ka shorter one"},
        {10, "\r\033[Kshort"},
        {7, "\r\033[Ksho\u2026"},
    };
    screen *self = *state;
    self->progress.live = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        self->progress.width = cases[i].width;
        self->progress.last_ms = 0;
        pd_progress_say_fitting(&self->progress, wordings);
        assert_true(pd_ends_with(shown(self), cases[i].line));
    }
    self->progress.live = false;
    self->progress.last_ms = 0;
    self->progress.started_ms -= 2000;
    pd_progress_say_fitting(&self->progress, wordings);
    assert_non_null(strstr(shown(self), "a very long wording of it, "));
}

/* Behind the text stands how long it has been going on; to half a second, the machine is slow. */
static void time_is_counted_from_the_beginning(void **state)
{
    static const struct {
        int64_t ms;
        const char *line;
    } cases[] = {
        {0, "\nworking"},
        {12500, "\nworking, 12 s"},
        {60500, "\nworking, 1 min 00 s"},
        {3599500, "\nworking, 59 min 59 s"},
        {3600500, "\nworking, 1 h 00 min"},
        {90061500, "\nworking, 25 h 01 min"},
    };
    screen *self = *state;
    self->progress.started_ms -= 2000;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pd_progress_note(&self->progress, "%s", "");
        self->progress.last_ms = 0;
        pd_progress_begin(&self->progress);
        self->progress.since_ms -= cases[i].ms;
        pd_progress_say(&self->progress, "working");
        assert_true(pd_ends_with(shown(self), pd_arena_printf(self->arena, "%s\n", cases[i].line)));
    }
}

static void a_log_gets_few_lines(void **state)
{
    screen *self = *state;
    self->progress.started_ms += 1000000;
    assert_false(pd_progress_due(&self->progress));
    pd_progress_say(&self->progress, "too early");
    assert_string_equal(shown(self), "");
    self->progress.started_ms -= 1005000;
    self->progress.since_ms = pd_now_ms();
    pd_progress_say(&self->progress, "one");
    self->progress.last_ms += 1000000; /* as if it were just now */
    pd_progress_say(&self->progress, "two");
    assert_string_equal(shown(self), "one\n");
    self->progress.last_ms -= 1010000;
    pd_progress_begin(&self->progress);
    pd_progress_say(&self->progress, "three");
    pd_progress_end(&self->progress);
    assert_string_equal(shown(self), "one\nthree\n");
}

/* Ten thousand statements a second are said; next to nothing may be done for what nobody sees. */
static void what_is_not_seen_is_not_put_together(void **state)
{
    screen *self = *state;
    PD_AUTO_ARENA arena = pd_arena_new();
    char *huge = pd_arena_alloc(arena, ((size_t)1 << 20) + 1);
    memset(huge, 'x', (size_t)1 << 20);
    self->progress.live = true;
    pd_progress_say(&self->progress, "first");
    self->progress.last_ms += 1000000;
    int64_t begun_ms = pd_now_ms();
    for (int i = 0; i < 100000 && pd_now_ms() - begun_ms < 5000; i++)
        pd_progress_say(&self->progress, "%s", huge); /* 100 GB, were it copied */
    assert_true(pd_now_ms() - begun_ms < 5000);
}

static void foreign_text_is_redacted_and_made_printable(void **state)
{
    screen *self = *state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add(&secrets, "S3cr3t\x1b");
    self->progress.secrets = &secrets;
    self->progress.live = true;
    pd_progress_say(&self->progress, "%s", "S3cr3t\x1b \x1b[2J\n::x\ty");
    assert_string_equal(shown(self), "\r\033[K*** \\x1B[2J\\x0A::x y");
    pd_progress_end(&self->progress);
    pd_progress_note(&self->progress, "%s", "S3cr3t\x1b \r##[error]");
    assert_true(pd_ends_with(shown(self), "*** \\x0D#\\x23[error]\n"));
}

static void a_secret_is_not_cut_in_half(void **state)
{
    screen *self = *state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add(&secrets, "S3cr3tPassword");
    self->progress.secrets = &secrets;
    for (size_t len = ((size_t)64 << 10) - 20; len < ((size_t)64 << 10) + 2; len += 7) {
        pd_progress_note(&self->progress, "%*s%s", (int)len, "", "S3cr3tPassword");
        assert_null(strstr(shown(self), "S3cr"));
    }
}

#define ON_A_SCREEN(test) cmocka_unit_test_setup_teardown(test, open_screen, close_screen)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_says_nothing),
        ON_A_SCREEN(notes_stay_and_details_need_verbose),
        ON_A_SCREEN(a_terminal_has_one_live_line),
        ON_A_SCREEN(a_terminal_is_not_redrawn_at_once),
        ON_A_SCREEN(a_long_line_is_cut_to_the_width),
        ON_A_SCREEN(an_unknown_width_is_narrow),
        ON_A_SCREEN(the_first_wording_that_fits_is_shown),
        ON_A_SCREEN(time_is_counted_from_the_beginning),
        ON_A_SCREEN(a_log_gets_few_lines),
        ON_A_SCREEN(what_is_not_seen_is_not_put_together),
        ON_A_SCREEN(foreign_text_is_redacted_and_made_printable),
        ON_A_SCREEN(a_secret_is_not_cut_in_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
