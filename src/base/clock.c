#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

int64_t pd_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t pd_unix_seconds(void)
{
    return (int64_t)time(NULL);
}

char *pd_timestamp(pd_arena *arena, int64_t unix_seconds)
{
    time_t when = (time_t)unix_seconds;
    struct tm parts;
    /* RFC 3339, section 5.6: a year has four digits. */
    if (gmtime_r(&when, &parts) == NULL || parts.tm_year < -1900 || parts.tm_year > 9999 - 1900)
        return pd_arena_strdup(arena, "?");
    return pd_arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                           parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                           parts.tm_sec);
}

int64_t pd_remaining_ms(int64_t deadline_ms)
{
    if (deadline_ms < 0)
        return -1;
    int64_t left = deadline_ms - pd_now_ms();
    return left > 0 ? left : 0;
}

bool pd_parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {"", 1}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 10)
        return false;
    char number[11] = {0};
    memcpy(number, text, digits);
    const char *unit = text + digits + strspn(text + digits, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        uint64_t value = 0;
        if (strcmp(unit, units[i].unit) != 0)
            continue;
        if (!pd_parse_uint(number, INT32_MAX / units[i].ms, &value))
            return false;
        *ms = (int64_t)(value * units[i].ms);
        return true;
    }
    return false;
}

char *pd_format_duration(pd_arena *arena, int64_t ms)
{
    if (ms < 1000)
        return pd_arena_printf(arena, "%lld ms", (long long)ms);
    if (ms < 60000)
        return pd_arena_printf(arena, "%d.%d s", (int)(ms / 1000), (int)(ms % 1000 / 100));
    return pd_arena_printf(arena, "%lld min %02lld s", (long long)(ms / 60000),
                           (long long)(ms / 1000 % 60));
}
