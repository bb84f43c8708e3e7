#include "base/masked.h"

#include <stdbool.h>
#include <string.h>

/* A walk over the text; past == true: it ended where nothing that follows can be told apart. */
typedef struct walk {
    const char *sql;
    size_t len;
    size_t at;
    bool past;
} walk;

static char byte_at(const walk *self, size_t at)
{
    return at < self->len ? self->sql[at] : '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static bool is_of_name(char c)
{
    return begins_name(c) || is_digit(c) || c == '$';
}

/* Behind the string whose opening quote is at self->at. Where a backslash escapes quotes depends
 * on the server's settings in a plain one, and on where it began in one that goes on behind a line
 * feed: such a text is not read any further. */
static void skip_string(walk *self, bool escapes)
{
    for (size_t at = self->at + 1; at < self->len; at++) {
        char c = self->sql[at];
        bool quoted = byte_at(self, at + 1) == '\'';
        if (c == '\\' && !escapes && quoted) {
            break;
        }
        if ((c == '\\' && escapes) || (c == '\'' && quoted)) {
            at++;
        } else if (c == '\'') {
            self->at = at + 1;
            return;
        }
    }
    self->past = true;
}

/* Bytes of the $tag$ at `at`, 0 when there is none. */
static size_t dollar_tag(const walk *self, size_t at)
{
    size_t end = at + 1;
    if (begins_name(byte_at(self, end)))
        while (is_of_name(byte_at(self, end)) && byte_at(self, end) != '$')
            end++;
    return byte_at(self, end) == '$' ? end + 1 - at : 0;
}

static void skip_dollar_string(walk *self, size_t tag)
{
    const char *opening = self->sql + self->at;
    for (size_t at = self->at + tag; at + tag <= self->len; at++) {
        const char *dollar = memchr(self->sql + at, '$', self->len - at);
        if (dollar == NULL)
            break;
        at = (size_t)(dollar - self->sql);
        if (at + tag <= self->len && memcmp(dollar, opening, tag) == 0) {
            self->at = at + tag;
            return;
        }
    }
    self->past = true;
}

static void skip_number(walk *self)
{
    while (is_of_name(byte_at(self, self->at)) || byte_at(self, self->at) == '.') {
        char c = byte_at(self, self->at++);
        char next = byte_at(self, self->at);
        if ((c == 'e' || c == 'E') && (next == '+' || next == '-'))
            self->at++;
    }
}

static void skip_line(walk *self)
{
    while (self->at < self->len && strchr("\r\n", self->sql[self->at]) == NULL)
        self->at++;
}

static void skip_block(walk *self)
{
    size_t depth = 0;
    do {
        bool opens = byte_at(self, self->at) == '/' && byte_at(self, self->at + 1) == '*';
        bool closes = byte_at(self, self->at) == '*' && byte_at(self, self->at + 1) == '/';
        depth = opens ? depth + 1 : closes ? depth - 1 : depth;
        self->at += opens || closes ? 2 : 1;
    } while (depth > 0 && self->at < self->len);
    self->past = depth > 0;
}

/* Blanks and comments; false when there are none. */
static bool skip_space(walk *self)
{
    size_t from = self->at;
    while (!self->past && self->at < self->len) {
        char c = self->sql[self->at];
        char next = byte_at(self, self->at + 1);
        if (is_blank(c))
            self->at++;
        else if (c == '-' && next == '-')
            skip_line(self);
        else if (c == '/' && next == '*')
            skip_block(self);
        else
            break;
    }
    return self->at > from;
}

/* A name, or the letters in front of a literal: E'', B'', X'', N'', U&''. */
static void add_name(walk *self, pd_strbuf *out)
{
    size_t from = self->at;
    while (is_of_name(byte_at(self, self->at)))
        self->at++;
    char c = (char)(self->sql[from] | 0x20);
    bool single = self->at - from == 1;
    if (single && byte_at(self, self->at) == '\'' && strchr("ebxn", c) != NULL) {
        skip_string(self, c == 'e');
        pd_strbuf_addc(out, '?');
        return;
    }
    if (single && c == 'u' && byte_at(self, self->at) == '&' &&
        byte_at(self, self->at + 1) == '\'') {
        self->at++;
        skip_string(self, false);
        pd_strbuf_addc(out, '?');
        return;
    }
    pd_strbuf_add(out, self->sql + from, self->at - from);
}

/* "": a quote in it is doubled, so that two names follow one another. */
static void add_quoted_name(walk *self, pd_strbuf *out)
{
    size_t from = self->at;
    const char *end = memchr(self->sql + from + 1, '"', self->len - from - 1);
    self->at = end == NULL ? self->len : (size_t)(end - self->sql) + 1;
    pd_strbuf_add(out, self->sql + from, self->at - from);
}

static void add_token(walk *self, pd_strbuf *out)
{
    char c = self->sql[self->at];
    size_t tag = c == '$' ? dollar_tag(self, self->at) : 0;
    if (begins_name(c)) {
        add_name(self, out);
    } else if (c == '"') {
        add_quoted_name(self, out);
    } else if (c == '\'') {
        skip_string(self, false);
        pd_strbuf_addc(out, '?');
    } else if (tag > 0) {
        skip_dollar_string(self, tag);
        pd_strbuf_addc(out, '?');
    } else if (is_digit(c) || (c == '.' && is_digit(byte_at(self, self->at + 1)))) {
        skip_number(self);
        pd_strbuf_addc(out, '?');
    } else if (c == '$') {
        do
            pd_strbuf_addc(out, self->sql[self->at++]);
        while (is_digit(byte_at(self, self->at)));
    } else {
        pd_strbuf_addc(out, c);
        self->at++;
    }
}

void pd_masked_sql(pd_strbuf *out, const char *sql, size_t len)
{
    walk self = {.sql = sql, .len = len};
    size_t begin = out->len;
    (void)skip_space(&self);
    while (!self.past && self.at < len && !out->truncated) {
        add_token(&self, out);
        bool blank = !self.past && skip_space(&self);
        if (blank && (self.at < len || self.past))
            pd_strbuf_addc(out, ' ');
        if (blank && self.past)
            pd_strbuf_addc(out, '?');
    }
    if (out->len == begin && self.past)
        pd_strbuf_addc(out, '?');
}
