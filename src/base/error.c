#include "base/error.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts a text that snprintf cut in the middle of a UTF-8 sequence back to the sequence's start. */
static void trim_partial_character(char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (need > 1 && len - (start - 1) < need)
        text[start - 1] = '\0';
}

static void format(char *out, size_t size, const char *fmt, va_list args) PD_PRINTF(3, 0);

static void format(char *out, size_t size, const char *fmt, va_list args)
{
    int written = vsnprintf(out, size, fmt, args);
    if (written < 0)
        out[0] = '\0';
    else if ((size_t)written >= size)
        trim_partial_character(out, size - 1);
}

bool pd_fail(pd_error *err, pd_error_kind kind, const char *fmt, ...)
{
    memset(err, 0, sizeof *err);
    err->kind = kind;
    va_list args;
    va_start(args, fmt);
    format(err->message, sizeof err->message, fmt, args);
    va_end(args);
    return false;
}

bool pd_error_detail(pd_error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    format(err->detail, sizeof err->detail, fmt, args);
    va_end(args);
    size_t len = strlen(err->detail);
    while (len > 0 && (err->detail[len - 1] == '\n' || err->detail[len - 1] == ' '))
        err->detail[--len] = '\0';
    return false;
}

bool pd_error_hint(pd_error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    format(err->hint, sizeof err->hint, fmt, args);
    va_end(args);
    return false;
}

void pd_error_code(pd_error *err, const char *code)
{
    snprintf(err->code, sizeof err->code, "%s", code);
}

void pd_error_prefix(pd_error *err, const char *fmt, ...)
{
    char rest[sizeof err->message];
    memcpy(rest, err->message, sizeof rest);
    va_list args;
    va_start(args, fmt);
    format(err->message, sizeof err->message, fmt, args);
    va_end(args);
    size_t len = strlen(err->message);
    int written = snprintf(err->message + len, sizeof err->message - len, ": %s", rest);
    if (written >= 0 && (size_t)written >= sizeof err->message - len)
        trim_partial_character(err->message, sizeof err->message - 1);
}

int pd_error_status(const pd_error *err)
{
    switch (err->kind) {
    case PD_ERROR_NONE:
        return 0;
    case PD_ERROR_USAGE:
        return 2;
    case PD_ERROR_UNREACHABLE:
        return 3;
    case PD_ERROR_BACKUP:
        return 4;
    case PD_ERROR_APPLY:
        return 5;
    case PD_ERROR_PARTIAL:
        return 6;
    case PD_ERROR_VERIFY:
        return 7;
    case PD_ERROR_LOCKED:
        return 8;
    case PD_ERROR_UNKNOWN:
        return 9;
    case PD_ERROR_INTERRUPTED:
        return err->signal == SIGTERM ? 143 : 130;
    }
    return 3;
}
