#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/progress.h"
#include "base/str.h"

typedef struct screen {
    char *text;
    size_t len;
    char *normal;
    pd_progress progress;
} screen;

static int open_screen(void **state)
{
    screen *self = calloc(1, sizeof *self);
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
    free(self->text);
    free(self->normal);
    free(self);
    return 0;
}

/* What stands on the screen, with N for each number of seconds: the machine may be slow. */
static const char *shown(screen *self)
{
    fflush(self->progress.stream);
    free(self->normal);
    self->normal = calloc(1, self->len + 1);
    char *to = self->normal;
    for (const char *from = self->text; *from != '\0';) {
        size_t digits = strspn(from, "0123456789");
        bool seconds = digits > 0 && from[digits] == 's';
        size_t copied = seconds ? 1 : digits > 0 ? digits : 1;
        memcpy(to, seconds ? "N" : from, copied);
        to += copied;
        from += digits > 0 ? digits : 1;
    }
    return self->normal;
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
    assert_string_equal(shown(self), "\r\033[Kmigration 1 of 2 Ns");
    pd_progress_note(&self->progress, "note");
    assert_false(self->progress.drawn);
    assert_string_equal(shown(self), "\r\033[Kmigration 1 of 2 Ns\r\033[Knote\n");
    self->progress.last_ms -= 1000;
    self->progress.started_ms -= 61000;
    pd_progress_say(&self->progress, "again");
    pd_progress_end(&self->progress);
    pd_progress_end(&self->progress);
    assert_true(pd_ends_with(shown(self), "note\n\r\033[Kagain Ns\r\033[K"));
}

static void a_terminal_is_not_redrawn_at_once(void **state)
{
    screen *self = *state;
    self->progress.live = true;
    pd_progress_say(&self->progress, "first");
    self->progress.last_ms += 1000000; /* as if it were drawn just now */
    pd_progress_say(&self->progress, "second");
    assert_null(strstr(shown(self), "second"));
}

/* The line must not wrap: a wrapped line cannot be redrawn in place. */
static void a_long_line_is_cut_to_the_width(void **state)
{
    screen *self = *state;
    static const int widths[] = {200, 80, 40, 20, 13};
    char text[1000];
    for (size_t i = 0; i < 998; i += 2)
        memcpy(text + i, "\u00e4", 2);
    text[998] = '\0';
    self->progress.live = true;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        size_t before = strlen(shown(self));
        self->progress.width = widths[i];
        self->progress.last_ms = 0;
        pd_progress_say(&self->progress, "%s", text);
        const char *line = shown(self) + before + strlen("\r\033[K");
        assert_int_equal(pd_utf8_invalid_at(line, strlen(line)), strlen(line));
        assert_non_null(strstr(line, "\u2026 Ns"));
        int column = 0;
        int unused = 0;
        pd_line_column(line, strlen(line), strlen(line), &unused, &column);
        assert_in_range(column - 1, 5, widths[i] - 1);
    }
}

static void an_unknown_width_is_narrow(void **state)
{
    static const int widths[] = {0, 1, -1, -2147483647, 12};
    screen *self = *state;
    self->progress.live = true;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        self->progress.width = widths[i];
        self->progress.last_ms = 0;
        pd_progress_say(&self->progress, "working");
        assert_true(pd_ends_with(shown(self), "\r\033[Kwo\u2026 Ns"));
    }
}

static void seconds_are_counted(void **state)
{
    screen *self = *state;
    self->progress.started_ms -= 61000;
    pd_progress_say(&self->progress, "working");
    (void)shown(self);
    assert_true(pd_starts_with(self->text, "working ("));
    assert_in_range(strtol(self->text + strlen("working ("), NULL, 10), 61, 600);
}

static void a_log_gets_few_lines(void **state)
{
    screen *self = *state;
    self->progress.started_ms += 1000000;
    pd_progress_say(&self->progress, "too early");
    assert_string_equal(shown(self), "");
    self->progress.started_ms -= 1005000;
    pd_progress_say(&self->progress, "one");
    self->progress.last_ms += 1000000; /* as if it were just now */
    pd_progress_say(&self->progress, "two");
    assert_string_equal(shown(self), "one (Ns)\n");
    self->progress.last_ms -= 1010000;
    pd_progress_say(&self->progress, "three");
    pd_progress_end(&self->progress);
    assert_string_equal(shown(self), "one (Ns)\nthree (Ns)\n");
}

static void foreign_text_is_redacted_and_made_printable(void **state)
{
    screen *self = *state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add(&secrets, "S3cr3t\x1b");
    self->progress.secrets = &secrets;
    self->progress.live = true;
    pd_progress_say(&self->progress, "%s", "S3cr3t\x1b \x1b[2J\n::x");
    assert_string_equal(shown(self), "\r\033[K*** \\x1B[2J\\x0A::x Ns");
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
        ON_A_SCREEN(seconds_are_counted),
        ON_A_SCREEN(a_log_gets_few_lines),
        ON_A_SCREEN(foreign_text_is_redacted_and_made_printable),
        ON_A_SCREEN(a_secret_is_not_cut_in_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
