#include "layout/drizzle_config.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

typedef enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_STRING, /* in quotes, without an escape */
    TOKEN_OTHER,  /* one byte; also a string that is not plain */
} token_kind;

typedef struct token {
    token_kind kind;
    const char *text; /* of a string: what stands between the quotes */
    size_t len;
} token;

typedef struct scanner {
    const char *at;
    const char *end;
} scanner;

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool starts(const scanner *self, const char *with)
{
    size_t len = strlen(with);
    return (size_t)(self->end - self->at) >= len && memcmp(self->at, with, len) == 0;
}

static const char *behind(const scanner *self, const char *mark)
{
    size_t len = strlen(mark);
    const char *found = memmem(self->at + 2, (size_t)(self->end - self->at) - 2, mark, len);
    return found == NULL ? self->end : found + len;
}

static void skip(scanner *self)
{
    while (self->at < self->end) {
        if (isspace((unsigned char)*self->at))
            self->at++;
        else if (starts(self, "//"))
            self->at = behind(self, "\n");
        else if (starts(self, "/*"))
            self->at = behind(self, "*/");
        else
            return;
    }
}

static token read_string(scanner *self)
{
    char quote = *self->at++;
    token found = {.kind = TOKEN_STRING, .text = self->at};
    while (self->at < self->end && *self->at != quote) {
        bool escape = *self->at == '\\';
        if (escape || (quote == '`' && starts(self, "${")))
            found.kind = TOKEN_OTHER;
        self->at += escape && self->end - self->at > 1 ? 2 : 1;
    }
    found.len = (size_t)(self->at - found.text);
    if (self->at < self->end)
        self->at++;
    return found;
}

static token next(scanner *self)
{
    skip(self);
    if (self->at == self->end)
        return (token){.kind = TOKEN_END};
    if (*self->at == '\'' || *self->at == '"' || *self->at == '`')
        return read_string(self);
    token found = {.kind = TOKEN_OTHER, .text = self->at, .len = 1};
    if (is_word_byte(*self->at)) {
        found.kind = TOKEN_WORD;
        while (self->at < self->end && is_word_byte(*self->at))
            self->at++;
        found.len = (size_t)(self->at - found.text);
    } else {
        self->at++;
    }
    return found;
}

static token peek(const scanner *self)
{
    scanner ahead = *self;
    return next(&ahead);
}

static bool is_byte(const token *read, char byte)
{
    return read->kind == TOKEN_OTHER && read->len == 1 && *read->text == byte;
}

static bool is_key(const token *read, const char *name)
{
    return (read->kind == TOKEN_WORD || read->kind == TOKEN_STRING) && read->len == strlen(name) &&
           memcmp(read->text, name, read->len) == 0;
}

static int depth_change(const token *read)
{
    if (is_byte(read, '{') || is_byte(read, '[') || is_byte(read, '('))
        return 1;
    return is_byte(read, '}') || is_byte(read, ']') || is_byte(read, ')') ? -1 : 0;
}

/* Behind `table:`: a string, and nothing that goes on with it. */
static bool read_value(pd_arena *arena, scanner *self, const char **out)
{
    token value = next(self);
    token then = peek(self);
    bool ends = is_byte(&then, ',') || is_byte(&then, '}');
    bool twice = *out != NULL;
    if (value.kind != TOKEN_STRING || value.len == 0 || !ends || twice)
        return false;
    *out = pd_arena_strndup(arena, value.text, value.len);
    return true;
}

/* One property of the object, with the comma behind it; false when it cannot be told what it says.
 * *ended: the object is over. */
static bool read_property(pd_arena *arena, scanner *self, pd_drizzle_config *out, bool *ended)
{
    token key = next(self);
    *ended = is_byte(&key, '}');
    if (*ended)
        return true;
    if (key.kind != TOKEN_WORD && key.kind != TOKEN_STRING)
        return false;
    token colon = next(self);
    if (!is_byte(&colon, ':'))
        return false;
    if (is_key(&key, "schema") || is_key(&key, "table")) {
        if (!read_value(arena, self, is_key(&key, "table") ? &out->table : &out->schema))
            return false;
    } else {
        for (int depth = 0;;) {
            token ahead = peek(self);
            if (ahead.kind == TOKEN_END)
                return false;
            if (depth == 0 && (is_byte(&ahead, ',') || is_byte(&ahead, '}')))
                break;
            depth += depth_change(&ahead);
            (void)next(self);
        }
    }
    token comma = peek(self);
    if (is_byte(&comma, ','))
        (void)next(self);
    return true;
}

static bool read_object(pd_arena *arena, scanner *self, pd_drizzle_config *out)
{
    bool ended = false;
    token open = next(self);
    if (!is_byte(&open, '{'))
        return false;
    while (!ended)
        if (!read_property(arena, self, out, &ended))
            return false;
    token then = peek(self); /* `as const`, a method, an operator: more than what is written */
    return then.kind == TOKEN_END || is_byte(&then, ',') || is_byte(&then, '}');
}

void pd_drizzle_config_read(pd_arena *arena, const char *text, size_t len, pd_drizzle_config *out)
{
    scanner self = {text, text + len};
    token before = {.kind = TOKEN_END};
    *out = (pd_drizzle_config){0};
    for (token read = next(&self); read.kind != TOKEN_END; before = read, read = next(&self)) {
        bool inside = is_byte(&before, '{') || is_byte(&before, ',');
        if (!inside || !is_key(&read, "migrations"))
            continue;
        token then = peek(&self);
        bool property = is_byte(&then, ':');
        bool shorthand = read.kind == TOKEN_WORD && (is_byte(&then, ',') || is_byte(&then, '}'));
        if (!property && !shorthand)
            continue;
        bool again = out->named;
        out->named = true;
        if (property)
            (void)next(&self);
        out->unsure |= again || !property || !read_object(arena, &self, out);
    }
}
