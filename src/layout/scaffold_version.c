/* The version that comes next, in the form that the newest one has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "layout/pairs.h"
#include "layout/scaffold_parts.h"

#define DIGITS "0123456789"
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* The forms of a time, told by the number of their digits. */
typedef struct form {
    const char *format; /* of strftime; NULL: a count of `step_ms` since the epoch */
    size_t digits;
    int64_t step_ms; /* the smallest difference that it can tell */
} form;

static const form forms[] = {
    {"%Y%m%d", 8, DAY_MS}, {NULL, 10, 1000},           {"%Y%m%d%H%M", 12, 60000},
    {NULL, 13, 1},         {"%Y%m%d%H%M%S", 14, 1000},
};

static const form dashed = {"%Y-%m-%d-%H%M%S", 14, 1000};

static int pair(const char *digits)
{
    return (digits[0] - '0') * 10 + digits[1] - '0';
}

/* The time that digits tell, -1 when they are no time of this form. */
static int64_t time_of(const form *kind, const char *digits)
{
    if (kind->format == NULL) {
        int64_t value = strtoll(digits, NULL, 10) * kind->step_ms;
        bool likely = value >= INT64_C(1000000000000) && value < INT64_C(4000000000000);
        return likely ? value : -1;
    }
    struct tm parts = {.tm_mday = pair(digits + 6), .tm_mon = pair(digits + 4) - 1};
    parts.tm_year = pair(digits) * 100 + pair(digits + 2) - 1900;
    parts.tm_hour = kind->digits >= 10 ? pair(digits + 8) : 0;
    parts.tm_min = kind->digits >= 12 ? pair(digits + 10) : 0;
    parts.tm_sec = kind->digits >= 14 ? pair(digits + 12) : 0;
    if (pair(digits) < 19 || pair(digits) > 21 || parts.tm_mon < 0 || parts.tm_mon > 11 ||
        parts.tm_mday < 1 || parts.tm_mday > 31)
        return -1;
    return (int64_t)timegm(&parts) * 1000;
}

static const char *format_time(pd_arena *arena, const form *kind, int64_t ms)
{
    if (kind->format == NULL)
        return pd_arena_printf(arena, "%lld", (long long)(ms / kind->step_ms));
    struct tm parts = {0};
    time_t seconds = (time_t)(ms / 1000);
    char text[32] = "";
    if (gmtime_r(&seconds, &parts) == NULL)
        return NULL;
        /* The formats are those of the table above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    size_t len = strftime(text, sizeof text, kind->format, &parts);
#pragma GCC diagnostic pop
    return len == 0 ? NULL : pd_arena_strdup(arena, text);
}

/* Whether dashes stand where diesel has them. */
static bool has_dashed_form(const char *version)
{
    static const char example[] = PD_FIRST_DASHED;
    size_t len = strlen(example);
    bool same = strlen(version) == len;
    for (size_t i = 0; same && i < len; i++)
        same = (version[i] == '-') == (example[i] == '-');
    return same;
}

/* The form of a version that is all digits, or diesel's with dashes; *when is its time. */
static const form *form_of(pd_arena *arena, const char *version, int64_t *when)
{
    char *digits = pd_arena_strdup(arena, version);
    size_t count = 0;
    for (const char *at = version; *at != '\0'; at++)
        if (*at != '-')
            digits[count++] = *at;
    digits[count] = '\0';
    bool has_dashes = count < strlen(version);
    if (strspn(digits, DIGITS) != count)
        return NULL;
    if (has_dashes) {
        bool fits = count == dashed.digits && has_dashed_form(version);
        *when = fits ? time_of(&dashed, digits) : -1;
        return *when < 0 ? NULL : &dashed;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        *when = forms[i].digits == count ? time_of(&forms[i], digits) : -1;
        if (*when >= 0)
            return &forms[i];
    }
    return NULL;
}

bool pd_version_is_time(pd_arena *arena, const char *version)
{
    int64_t when = -1;
    return form_of(arena, version, &when) != NULL;
}

/* One more than the last group of digits, which keeps its width. */
static const char *count_on(pd_arena *arena, const char *version)
{
    size_t len = strlen(version);
    size_t start = len;
    uint64_t value = 0;
    while (start > 0 && strchr(DIGITS, version[start - 1]) != NULL)
        start--;
    if (start == len || !pd_parse_uint(version + start, UINT64_MAX - 1, &value))
        return NULL;
    if (strspn(version, DIGITS "._") != len)
        return NULL;
    return pd_arena_printf(arena, "%.*s%0*llu", (int)start, version, (int)(len - start),
                           (unsigned long long)(value + 1));
}

const char *pd_next_version(pd_arena *arena, const char *newest, const char *first, int64_t now_ms)
{
    int64_t when = -1;
    const form *kind = form_of(arena, newest != NULL ? newest : first, &when);
    if (kind == NULL)
        return newest == NULL ? first : count_on(arena, newest);
    int64_t next = now_ms;
    if (newest != NULL && next / kind->step_ms <= when / kind->step_ms)
        next = when + kind->step_ms;
    return format_time(arena, kind, next);
}
