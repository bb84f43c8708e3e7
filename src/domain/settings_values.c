#include "domain/settings_values.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "domain/placeholder.h"

enum { WORDS_MAX = 16, IDENTIFIER_MAX = 63 };

static bool has_control(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool fail_value(pd_error *err, pd_arena *arena, const char *label, const char *value,
                       const char *what)
{
    return pd_fail(err, PD_ERROR_USAGE, "%s: '%s' %s", label, pd_printable(arena, value), what);
}

static bool read_text(const pd_value_spec *spec, const char *label, const char *value,
                      pd_arena *arena, const char **out, pd_error *err)
{
    if (pd_blank(value)) {
        pd_fail(err, PD_ERROR_USAGE, "%s: the value is empty", label);
        return pd_error_hint(err, "Give it a value, or remove the line to get the default.");
    }
    if (has_control(value)) {
        fail_value(err, arena, label, value, "holds a control character");
        return pd_error_hint(err, "Remove it: no name or path of the settings has one.");
    }
    if (spec->type == PD_VALUE_IDENTIFIER && strlen(value) > IDENTIFIER_MAX) {
        fail_value(err, arena, label, value, "is longer than 63 bytes");
        return pd_error_hint(err, "PostgreSQL cuts longer names silently: write the name as the "
                                  "database has it.");
    }
    *out = pd_arena_strdup(arena, value);
    return true;
}

/* "./db//migrations/" is "db/migrations"; what leaves the tree is refused. */
static bool read_path(const char *label, const char *value, pd_arena *arena, const char **out,
                      pd_error *err)
{
    PD_AUTO_STRBUF path = pd_strbuf_new(PD_STRBUF_MAX);
    bool leaves = value[0] == '/';
    for (const char *at = value; *at != '\0' && !leaves;) {
        size_t len = strcspn(at, "/");
        bool dot = len == 1 && at[0] == '.';
        leaves = len == 2 && at[0] == '.' && at[1] == '.';
        if (len > 0 && !dot) {
            pd_strbuf_adds(&path, path.len > 0 ? "/" : "");
            pd_strbuf_add(&path, at, len);
        }
        at += len + (at[len] == '/');
    }
    if (leaves) {
        fail_value(err, arena, label, value, "is no path inside of the repository");
        return pd_error_hint(err, "Write the folder from the root of the repository, such as "
                                  "'db/migrations', without '..'; '.' is the root itself.");
    }
    *out = pd_strbuf_keep(&path, arena);
    return true;
}

static bool read_migration(const char *label, const char *value, pd_arena *arena, const char **out,
                           pd_error *err)
{
    size_t len = strlen(value);
    if (strchr(value, '/') != NULL) {
        fail_value(err, arena, label, value, "is a path, not a migration's name");
        return pd_error_hint(err, "Write the file's name without folder and without '.sql'; for "
                                  "folders of Drizzle 1.0 the folder's name.");
    }
    if (len > 4 && pd_ends_with(value, ".sql")) {
        len -= 4;
    }
    *out = pd_arena_strndup(arena, value, len);
    return true;
}

static bool has_placeholder(const char *text, pd_placeholder which)
{
    return strstr(text, pd_placeholder_text(which)) != NULL;
}

/* Why the text is no pattern, NULL when it is one. */
static const char *pattern_fault(const char *value)
{
    size_t slashes = 0;
    bool part = false; /* the byte in front ended a placeholder */
    for (const char *at = value; *at != '\0';) {
        pd_placeholder which = pd_placeholder_at(at);
        size_t len = pd_placeholder_length(which);
        if (len > 0 && part) {
            return "has two placeholders with nothing between them";
        }
        if (len == 0 && (*at == '{' || *at == '}')) {
            return "has an unknown placeholder";
        }
        if (len > 0 && has_placeholder(at + len, which)) {
            return "has a placeholder twice";
        }
        slashes += *at == '/';
        part = len > 0;
        at += len > 0 ? len : 1;
    }
    if (!has_placeholder(value, PD_PLACEHOLDER_NAME) &&
        !has_placeholder(value, PD_PLACEHOLDER_VERSION)) {
        return "has neither {name} nor {version}";
    }
    if (!pd_ends_with(value, ".sql")) {
        return "does not end in .sql";
    }
    if (*value == '/' || slashes > 1 || pd_starts_with(value, "../")) {
        return "is no path of the migrations folder, or of a folder in it";
    }
    return NULL;
}

static bool read_pattern(const char *label, const char *value, pd_arena *arena, const char **out,
                         pd_error *err)
{
    const char *fault = pattern_fault(value);
    if (fault != NULL) {
        fail_value(err, arena, label, value, fault);
        return pd_error_hint(err, "Write a path from the migrations folder with {name}, or with "
                                  "{version} and {title}, such as '{version}_{title}.up.sql'.");
    }
    *out = value;
    return true;
}

static bool read_word(const pd_value_spec *spec, const char *label, const char *value,
                      pd_arena *arena, int *out, pd_error *err)
{
    const char *candidates[WORDS_MAX + 1] = {NULL};
    PD_AUTO_STRBUF list = pd_strbuf_new(PD_STRBUF_MAX);
    size_t count = 0;
    for (; spec->words[count].word != NULL; count++) {
        assert(count < WORDS_MAX);
        if (strcasecmp(value, spec->words[count].word) == 0) {
            *out = spec->words[count].value;
            return true;
        }
        candidates[count] = spec->words[count].word;
        pd_strbuf_addf(&list, "%s%s", count > 0 ? ", " : "", spec->words[count].word);
    }
    const char *near = pd_did_you_mean(value, candidates);
    fail_value(err, arena, label, value,
               near == NULL
                   ? "is no value of this key"
                   : pd_arena_printf(arena, "is no value of this key (did you mean '%s'?)", near));
    return pd_error_hint(err, "It is one of: %s.", list.data);
}

static bool read_number(const pd_value_spec *spec, const char *label, const char *value,
                        pd_arena *arena, int64_t *out, pd_error *err)
{
    int64_t number = 0;
    bool duration = spec->type == PD_VALUE_DURATION;
    if (duration) {
        if (!pd_parse_duration(value, &number)) {
            fail_value(err, arena, label, value, "is no duration");
            return pd_error_hint(err, "Write a number with ms, s, min, h or d behind it, such as "
                                      "'5s' or '30min'; a bare number is milliseconds.");
        }
    } else {
        uint64_t parsed = 0;
        if (!pd_parse_uint(value, INT64_MAX, &parsed)) {
            fail_value(err, arena, label, value, "is no number");
            return pd_error_hint(err, "Write a whole number from %lld to %lld.",
                                 (long long)spec->min, (long long)spec->max);
        }
        number = (int64_t)parsed;
    }
    if (number < spec->min || number > spec->max) {
        fail_value(err, arena, label, value, "is out of range");
        return pd_error_hint(err, "It is from %lld to %lld%s.", (long long)spec->min,
                             (long long)spec->max, duration ? " ms" : "");
    }
    *out = number;
    return true;
}

static bool read_bool(const char *label, const char *value, pd_arena *arena, bool *out,
                      pd_error *err)
{
    if (value == NULL) {
        *out = true;
        return true;
    }
    if (*value == '\0') { /* git-config(1), "Values": the empty string is false */
        *out = false;
        return true;
    }
    if (pd_parse_bool(value, out)) {
        return true;
    }
    fail_value(err, arena, label, value, "is neither true nor false");
    return pd_error_hint(err, "Write true or false.");
}

bool pd_value_read(const pd_value_spec *spec, const char *label, const char *value, pd_arena *arena,
                   void *field, pd_error *err)
{
    const char *text = "";
    if (spec->type == PD_VALUE_BOOL) {
        return read_bool(label, value, arena, field, err);
    }
    if (value == NULL) {
        pd_fail(err, PD_ERROR_USAGE, "%s: the key has no value", label);
        return pd_error_hint(err, "Only a key that is true or false may stand alone: write "
                                  "'KEY = VALUE'.");
    }
    if (!read_text(spec, label, value, arena, &text, err)) {
        return false;
    }
    switch (spec->type) {
    case PD_VALUE_TEXT:
    case PD_VALUE_IDENTIFIER:
        *(const char **)field = text;
        return true;
    case PD_VALUE_PATH:
        return read_path(label, text, arena, field, err);
    case PD_VALUE_MIGRATION:
        return read_migration(label, text, arena, field, err);
    case PD_VALUE_PATTERN:
        return read_pattern(label, text, arena, field, err);
    case PD_VALUE_WORD:
        return read_word(spec, label, text, arena, field, err);
    case PD_VALUE_COUNT:
    case PD_VALUE_DURATION:
        return read_number(spec, label, text, arena, field, err);
    case PD_VALUE_BOOL:
        break;
    }
    return pd_fail(err, PD_ERROR_USAGE, "%s: unknown type", label);
}
