/* Where the entries of a journal stand: jansson tells no positions of what it has read. */
#include <string.h>

#include "layout/journal.h"

enum { DEPTH_ENTRIES = 2, DEPTH_ENTRY = 3 };

typedef struct scan {
    const char *text;
    size_t len;
    size_t at;
    int line;
    size_t line_start;
    int depth;
    bool in_entries; /* inside of the value of the root's key "entries" */
    size_t index;    /* of the element of that array */
} scan;

static void step(scan *self)
{
    if (self->text[self->at] == '\n') {
        self->line++;
        self->line_start = self->at + 1;
    }
    self->at++;
}

static pd_spot here(const scan *self)
{
    return (pd_spot){self->line, self->line_start, self->at - self->line_start};
}

/* Stands on the opening quote, ends behind the closing one; gives what stands between. */
static const char *skip_string(scan *self, size_t *len)
{
    const char *start = self->text + self->at + 1;
    step(self);
    while (self->at < self->len && self->text[self->at] != '"') {
        if (self->text[self->at] == '\\' && self->at + 1 < self->len) {
            step(self);
        }
        step(self);
    }
    *len = (size_t)(self->text + self->at - start);
    if (self->at < self->len) {
        step(self);
    }
    return start;
}

static void skip_to_value(scan *self)
{
    while (self->at < self->len && strchr(" \t\r\n:", self->text[self->at]) != NULL) {
        step(self);
    }
}

static bool is_key(const scan *self)
{
    size_t at = self->at;
    while (at < self->len && self->text[at] != '\0' && strchr(" \t\r\n", self->text[at]) != NULL) {
        at++;
    }
    return at < self->len && self->text[at] == ':';
}

static bool is_word(const char *data, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(data, word, len) == 0;
}

static void read_string(scan *self, pd_spot *tags, pd_spot *whens, size_t count)
{
    size_t len = 0;
    const char *word = skip_string(self, &len);
    if (!is_key(self)) {
        return;
    }
    if (self->depth == 1) {
        self->in_entries = is_word(word, len, "entries");
        self->index = 0;
        return;
    }
    if (!self->in_entries || self->depth != DEPTH_ENTRY || self->index >= count) {
        return;
    }
    if (is_word(word, len, "tag")) {
        skip_to_value(self);
        tags[self->index] = here(self);
    } else if (is_word(word, len, "when")) {
        skip_to_value(self);
        whens[self->index] = here(self);
    }
}

static void begin(scan *self, pd_spot *tags, size_t count)
{
    if (self->in_entries && self->depth == DEPTH_ENTRIES && self->index < count) {
        tags[self->index] = here(self); /* where it has no tag, the entry itself */
    }
    self->depth++;
    step(self);
}

void pd_journal_locate(const char *text, size_t len, pd_spot *tags, pd_spot *whens, size_t count)
{
    scan self = {.text = text, .len = len, .line = 1};
    while (self.at < len) {
        switch (text[self.at]) {
        case '"':
            read_string(&self, tags, whens, count);
            continue;
        case '{':
        case '[':
            begin(&self, tags, count);
            continue;
        case '}':
        case ']':
            self.depth--;
            break;
        case ',':
            self.index += self.in_entries && self.depth == DEPTH_ENTRIES;
            break;
        default:
            break;
        }
        step(&self);
    }
}
