#include "pg/query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

static const char *value_of(const char *const *pairs, const char *key, size_t len)
{
    for (size_t i = 0; pairs[i] != NULL; i += 2) {
        if (strlen(pairs[i]) == len && memcmp(pairs[i], key, len) == 0) {
            return pairs[i + 1];
        }
    }
    return NULL;
}

const char *pd_query_fill(pd_arena *arena, const char *text, const char *const *pairs)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        pd_strbuf_add(&out, text, plain);
        text += plain;
        size_t len = *text == '{' ? strcspn(text + 1, "}") : 0;
        bool closed = *text == '{' && text[len + 1] == '}';
        const char *value = closed ? value_of(pairs, text + 1, len) : NULL;
        if (value != NULL) {
            pd_strbuf_adds(&out, value);
            text += len + 2;
        } else if (*text == '{') {
            pd_strbuf_addc(&out, *text++);
        }
    }
    return pd_strbuf_keep(&out, arena);
}

const char *pd_query_identifier(pd_arena *arena, PGconn *pg, const char *name)
{
    char *quoted = PQescapeIdentifier(pg, name, strlen(name));
    if (quoted == NULL) { /* not valid in the client's encoding: no such name can exist */
        return "\"\"";
    }
    const char *kept = pd_arena_strdup(arena, quoted);
    PQfreemem(quoted);
    return kept;
}

const char *pd_query_number(pd_arena *arena, int64_t value)
{
    return pd_arena_printf(arena, "%" PRId64, value);
}

const char *pd_query_count(pd_arena *arena, int64_t value)
{
    return value < 0 ? NULL : pd_query_number(arena, value);
}

const char *pd_query_bool(bool value)
{
    return value ? "true" : "false";
}

const char *pd_query_array(pd_arena *arena, const char *const *items, size_t count)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addc(&out, '{');
    for (size_t i = 0; i < count; i++) {
        pd_strbuf_adds(&out, i == 0 ? "" : ",");
        if (items[i] == NULL) {
            pd_strbuf_adds(&out, "NULL");
            continue;
        }
        pd_strbuf_addc(&out, '"');
        for (const char *at = items[i]; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\') {
                pd_strbuf_addc(&out, '\\');
            }
            pd_strbuf_addc(&out, *at);
        }
        pd_strbuf_addc(&out, '"');
    }
    pd_strbuf_addc(&out, '}');
    return pd_strbuf_keep(&out, arena);
}

const char *pd_value_text(pd_arena *arena, const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column) != 0) {
        return NULL;
    }
    return pd_arena_strndup(arena, PQgetvalue(result, row, column),
                            (size_t)PQgetlength(result, row, column));
}

const char *pd_value_shown(pd_arena *arena, const PGresult *result, int row, int column)
{
    const char *text = pd_value_text(arena, result, row, column);
    return text == NULL ? "" : text;
}

bool pd_value_bool(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) == 0 && *PQgetvalue(result, row, column) == 't';
}

bool pd_value_number(const PGresult *result, int row, int column, int64_t *out)
{
    if (PQgetisnull(result, row, column) != 0) {
        return false;
    }
    const char *text = PQgetvalue(result, row, column);
    const char *digits = *text == '-' ? text + 1 : text;
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0') {
        return false;
    }
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    *out = value;
    return errno == 0;
}

bool pd_touched_one(const PGresult *result)
{
    return pd_streq(PQcmdTuples((PGresult *)(uintptr_t)result), "1");
}
