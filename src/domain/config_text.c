#include "domain/config_text.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

/* git's own idea of these classes, which no locale changes. */
static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_alpha(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_key_char(int c)
{
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '-';
}

static char lower(int c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

void pd_config_text_open(pd_config_text *self, pd_arena *arena, const char *name, const char *text,
                         size_t len)
{
    *self = (pd_config_text){
        .arena = arena, .name = name, .text = text, .len = len, .at = 0, .line = 1};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        self->at = 3;
    }
}

/* CR LF is one line feed, and the end of the text ends its last line. */
static int next_char(pd_config_text *self)
{
    if (self->at >= self->len) {
        self->ended = true;
        return '\n';
    }
    int c = (unsigned char)self->text[self->at++];
    if (c == '\r' && self->at < self->len && self->text[self->at] == '\n') {
        self->at++;
        c = '\n';
    }
    if (c == '\n') {
        self->line++;
    }
    return c;
}

static bool fail_at(const pd_config_text *self, int line, const char *what, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "%s:%d: %s", self->name, line, what);
    return pd_error_hint(err, "The syntax is that of git (git-config(1)): `git config -f "
                              "FILE --list` reads the same and complains of the same line.");
}

static bool check_bytes(const pd_config_text *self, pd_error *err)
{
    const char *nul = memchr(self->text, '\0', self->len);
    size_t bad = pd_utf8_invalid_at(self->text, self->len);
    int line = 0;
    int column = 0;
    if (nul == NULL && bad == self->len) {
        return true;
    }
    if (nul != NULL && (size_t)(nul - self->text) < bad) {
        pd_line_column(self->text, self->len, (size_t)(nul - self->text), &line, &column);
        return fail_at(self, line, "a NUL byte stands in the file", err);
    }
    pd_line_column(self->text, self->len, bad, &line, &column);
    return fail_at(self, line, "the file is not UTF-8", err);
}

/* [section "subsection"]: between the quotes a backslash takes the next character as it is. */
static bool read_subsection(pd_config_text *self, int line, pd_error *err)
{
    int c = ' ';
    while (c == ' ' || c == '\t' || c == '\r') {
        c = next_char(self);
    }
    if (c != '"') {
        return fail_at(self, line, "a subsection must stand in double quotes", err);
    }
    PD_AUTO_STRBUF name = pd_strbuf_new(PD_STRBUF_MAX);
    for (c = next_char(self); c != '"'; c = next_char(self)) {
        if (c == '\\') {
            c = next_char(self);
        }
        if (c == '\n') {
            return fail_at(self, line, "the subsection's name is not closed", err);
        }
        pd_strbuf_addc(&name, (char)c);
    }
    if (next_char(self) != ']') {
        return fail_at(self, line, "the section's ']' is missing", err);
    }
    self->subsection = pd_strbuf_keep(&name, self->arena);
    return true;
}

static bool read_section(pd_config_text *self, int line, pd_error *err)
{
    PD_AUTO_STRBUF name = pd_strbuf_new(PD_STRBUF_MAX);
    int c = next_char(self);
    for (; is_key_char(c) || c == '.'; c = next_char(self)) {
        pd_strbuf_addc(&name, lower(c));
    }
    if (name.len == 0) {
        return fail_at(self, line, "the section has no name", err);
    }
    char *section = pd_strbuf_keep(&name, self->arena);
    char *dot = strchr(section, '.');
    self->section = section;
    self->subsection = NULL;
    if (c == ']') {
        if (dot != NULL) { /* [section.subsection], git's old form */
            *dot = '\0';
            self->subsection = dot + 1;
        }
        return true;
    }
    if (c == '\n' || !is_space(c)) {
        return fail_at(self, line,
                       c == '\n' ? "the section's ']' is missing"
                                 : "a section's name has letters, digits, '-' and '.' only",
                       err);
    }
    return read_subsection(self, line, err);
}

/* Translates what follows a backslash in a value; false when git knows no such escape. */
static bool escape(int c, char *out)
{
    switch (c) {
    case 't':
        *out = '\t';
        return true;
    case 'b':
        *out = '\b';
        return true;
    case 'n':
        *out = '\n';
        return true;
    case '\\':
    case '"':
        *out = (char)c;
        return true;
    default:
        return false;
    }
}

static void skip_comment(pd_config_text *self)
{
    while (next_char(self) != '\n') {
    }
}

/* Blanks outside of quotes count only between two other characters. */
static bool read_value(pd_config_text *self, int line, const char **out, pd_error *err)
{
    PD_AUTO_STRBUF value = pd_strbuf_new(PD_STRBUF_MAX);
    size_t kept = 0; /* length without blanks at the end */
    bool quoted = false;
    for (int c = next_char(self); c != '\n'; c = next_char(self)) {
        if (!quoted && is_space(c)) {
            if (value.len > 0) {
                pd_strbuf_addc(&value, (char)c);
            }
            continue;
        }
        if (!quoted && (c == '#' || c == ';')) {
            skip_comment(self);
            break;
        }
        char plain = (char)c;
        if (c == '"') {
            quoted = !quoted;
            kept = value.len;
            continue;
        }
        if (c == '\\') {
            c = next_char(self);
            if (c == '\n') {
                kept = value.len; /* git counts the blanks in front of a continued line */
                continue;
            }
            if (!escape(c, &plain)) {
                return fail_at(self, line, "a value knows the escapes \\\\ \\\" \\n \\t \\b only",
                               err);
            }
        }
        pd_strbuf_addc(&value, plain);
        kept = value.len;
    }
    if (quoted) {
        return fail_at(self, line, "the value's closing quote is missing", err);
    }
    *out = pd_arena_strndup(self->arena, value.data, kept);
    return true;
}

static bool read_key(pd_config_text *self, int first, int line, pd_config_item *item, pd_error *err)
{
    PD_AUTO_STRBUF key = pd_strbuf_new(PD_STRBUF_MAX);
    int c = first;
    for (; is_key_char(c); c = next_char(self)) {
        pd_strbuf_addc(&key, (char)c);
    }
    while (c == ' ' || c == '\t') {
        c = next_char(self);
    }
    if (self->section == NULL) {
        return fail_at(self, line, "a key stands in front of the first [section]", err);
    }
    *item = (pd_config_item){.section = self->section,
                             .subsection = self->subsection,
                             .key = pd_strbuf_keep(&key, self->arena),
                             .line = line};
    if (c == '\n') {
        return true;
    }
    if (c != '=') {
        return fail_at(self, line, "a key must be followed by '='", err);
    }
    return read_value(self, line, &item->value, err);
}

bool pd_config_text_next(pd_config_text *self, pd_config_item *item, bool *found, pd_error *err)
{
    *found = false;
    if (self->section == NULL && !check_bytes(self, err)) {
        return false;
    }
    while (!self->ended) {
        int line = self->line;
        int c = next_char(self);
        if (is_space(c)) {
            continue;
        }
        if (c == '#' || c == ';') {
            skip_comment(self);
        } else if (c == '[') {
            if (!read_section(self, line, err)) {
                return false;
            }
            *found = true;
            *item = (pd_config_item){
                .section = self->section, .subsection = self->subsection, .line = line};
            return true;
        } else if (is_alpha(c)) {
            *found = true;
            return read_key(self, c, line, item, err);
        } else {
            return fail_at(self, line, "neither a [section] nor a key", err);
        }
    }
    return true;
}
