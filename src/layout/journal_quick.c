/* A journal as drizzle-kit itself writes it, in one pass: most are, at every run, and a reader of
 * all of JSON takes longer than everything else that is done with the folder. What is not exactly
 * this shape, or has anything to be said about it, is left to that reader. */
#include <string.h>

#include "base/str.h"
#include "domain/revision.h"
#include "layout/journal.h"

#define DIGITS_MAX 15 /* all such numbers are below 2^53 */

typedef struct cursor {
    const char *text;
    size_t len;
    size_t at;
    int line;
    size_t line_start;
} cursor;

typedef struct piece {
    const char *data;
    size_t len;
} piece;

static void skip_blank(cursor *self)
{
    for (; self->at < self->len; self->at++) {
        char c = self->text[self->at];
        if (c == '\n') {
            self->line++;
            self->line_start = self->at + 1;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            return;
        }
    }
}

static bool take(cursor *self, char wanted)
{
    skip_blank(self);
    if (self->at == self->len || self->text[self->at] != wanted) {
        return false;
    }
    self->at++;
    return true;
}

/* A string of printable ASCII without escapes. */
static bool take_text(cursor *self, piece *out)
{
    if (!take(self, '"')) {
        return false;
    }
    size_t start = self->at;
    while (self->at < self->len && self->text[self->at] >= ' ' && self->text[self->at] <= '~' &&
           self->text[self->at] != '"' && self->text[self->at] != '\\') {
        self->at++;
    }
    *out = (piece){self->text + start, self->at - start};
    return self->at < self->len && self->text[self->at++] == '"';
}

static bool take_number(cursor *self, int64_t *out)
{
    skip_blank(self);
    size_t start = self->at;
    *out = 0;
    while (self->at < self->len && self->text[self->at] >= '0' && self->text[self->at] <= '9' &&
           self->at - start <= DIGITS_MAX) {
        *out = *out * 10 + (self->text[self->at++] - '0');
    }
    size_t digits = self->at - start;
    return digits == 1 || (digits > 1 && digits <= DIGITS_MAX && self->text[start] != '0');
}

static bool take_word(cursor *self, const char *word)
{
    size_t len = strlen(word);
    skip_blank(self);
    if (self->len - self->at < len || memcmp(self->text + self->at, word, len) != 0) {
        return false;
    }
    self->at += len;
    return true;
}

static bool is(piece text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static bool is_one_of(piece text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (is(text, *words)) {
            return true;
        }
    }
    return false;
}

static pd_spot here(cursor *self)
{
    skip_blank(self);
    return (pd_spot){self->line, self->line_start, self->at - self->line_start};
}

/* Marks a key as seen; false when it was before. */
static bool once(bool *seen)
{
    bool first = !*seen;
    *seen = true;
    return first;
}

typedef struct seen_keys {
    bool idx;
    bool version;
    bool when;
    bool tag;
    bool breakpoints;
} seen_keys;

static bool take_member(cursor *self, seen_keys *seen, pd_journal_entry *entry, piece *tag)
{
    piece key;
    piece text;
    int64_t number = 0;
    if (!take_text(self, &key) || !take(self, ':')) {
        return false;
    }
    if (is(key, "tag")) {
        entry->tag_spot = here(self);
        return once(&seen->tag) && take_text(self, tag);
    }
    if (is(key, "when")) {
        entry->when_spot = here(self);
        entry->has_when = true;
        return once(&seen->when) && take_number(self, &entry->when);
    }
    if (is(key, "idx")) {
        return once(&seen->idx) && take_number(self, &number);
    }
    if (is(key, "version")) {
        return once(&seen->version) && take_text(self, &text);
    }
    return is(key, "breakpoints") && once(&seen->breakpoints) &&
           (take_word(self, "true") || take_word(self, "false"));
}

static bool is_file_name(piece tag)
{
    return tag.len > 0 && memchr(tag.data, '/', tag.len) == NULL && !is(tag, ".") && !is(tag, "..");
}

static bool take_entry(cursor *self, pd_arena *arena, pd_journal *out)
{
    seen_keys seen = {0};
    piece tag = {0};
    pd_journal_entry entry = {.index = out->count};
    if (!take(self, '{')) {
        return false;
    }
    do {
        if (!take_member(self, &seen, &entry, &tag)) {
            return false;
        }
    } while (take(self, ','));
    if (!take(self, '}') || !seen.tag || !seen.when || !is_file_name(tag) ||
        out->count == PD_ENTRIES_MAX) {
        return false;
    }
    entry.tag = pd_arena_strndup(arena, tag.data, tag.len);
    *PD_PUSH(arena, out->entries, out->count, out->capacity) = entry;
    return true;
}

static bool take_entries(cursor *self, pd_arena *arena, pd_journal *out)
{
    if (!take(self, '[')) {
        return false;
    }
    if (take(self, ']')) {
        return true;
    }
    do {
        if (!take_entry(self, arena, out)) {
            return false;
        }
    } while (take(self, ','));
    return take(self, ']');
}

static bool take_head(cursor *self, pd_arena *arena, pd_journal *out)
{
    static const char *const versions[] = {"5", "6", "7", NULL};
    static const char *const dialects[] = {"postgresql", "pg", NULL};
    bool version = false;
    bool dialect = false;
    bool entries = false;
    piece key;
    piece text;
    do {
        bool good = take_text(self, &key) && take(self, ':');
        if (good && is(key, "version")) {
            good = once(&version) && take_text(self, &text) && is_one_of(text, versions);
        } else if (good && is(key, "dialect")) {
            good = once(&dialect) && take_text(self, &text) && is_one_of(text, dialects);
        } else {
            good = good && is(key, "entries") && once(&entries) && take_entries(self, arena, out);
        }
        if (!good) {
            return false;
        }
    } while (take(self, ','));
    return version && dialect && entries;
}

bool pd_journal_read_quick(pd_arena *arena, const char *text, size_t len, pd_journal *out)
{
    cursor self = {.text = text, .len = len, .line = 1};
    *out = (pd_journal){.complete = true};
    bool done = take(&self, '{') && take_head(&self, arena, out) && take(&self, '}');
    skip_blank(&self);
    return done && self.at == len;
}
