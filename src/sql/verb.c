#include "sql/verb.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "sql/lexis.h"

#define VERB_MAX 96

typedef struct words {
    const char *text;
    size_t to;
    size_t at;
    char word[PD_SQL_WORD_MAX];
} words;

static bool one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++)
        if (pd_streq(word, *list))
            return true;
    return false;
}

static bool next(words *self)
{
    return pd_sql_next_word(self->text, self->to, &self->at, self->word);
}

static void add(pd_strbuf *out, const char *word)
{
    if (out->len > 0)
        pd_strbuf_addc(out, ' ');
    pd_strbuf_adds(out, word);
}

/* Adds the next word when it is this one. */
static void add_if(words *self, const char *expected, pd_strbuf *out)
{
    words peek = *self;
    if (!next(&peek) || !pd_streq(peek.word, expected))
        return;
    add(out, expected);
    *self = peek;
}

/* The kind of object behind CREATE, ALTER and DROP, without what may stand in front of it. */
static void add_object_kind(words *self, pd_strbuf *out)
{
    static const char *const modifiers[] = {
        "OR",    "REPLACE",   "UNIQUE",  "TEMP",       "TEMPORARY",  "UNLOGGED", "GLOBAL",
        "LOCAL", "RECURSIVE", "TRUSTED", "PROCEDURAL", "CONSTRAINT", NULL,
    };
    static const char *const second_words[][2] = {
        {"MATERIALIZED", "VIEW"}, {"FOREIGN", "TABLE"},      {"FOREIGN", "DATA"},
        {"DATA", "WRAPPER"},      {"EVENT", "TRIGGER"},      {"USER", "MAPPING"},
        {"ACCESS", "METHOD"},     {"DEFAULT", "PRIVILEGES"}, {"DEFAULT", "CONVERSION"},
        {"OPERATOR", "CLASS"},    {"OPERATOR", "FAMILY"},    {"LARGE", "OBJECT"},
        {"TEXT", "SEARCH"},       {"INDEX", "CONCURRENTLY"},
    };
    do {
        if (!next(self))
            return;
    } while (one_of(self->word, modifiers));
    add(out, self->word);
    for (size_t i = 0; i < sizeof second_words / sizeof *second_words; i++)
        if (pd_streq(self->word, second_words[i][0]))
            add_if(self, second_words[i][1], out);
}

/* REINDEX [(options)] kind [CONCURRENTLY]. */
static void add_reindex_kind(words *self, pd_strbuf *out)
{
    self->at = pd_sql_skip_blank(self->text, self->to, self->at);
    if (self->at < self->to && self->text[self->at] == '(') {
        const char *close = memchr(self->text + self->at, ')', self->to - self->at);
        if (close == NULL)
            return;
        self->at = (size_t)(close - self->text) + 1;
    }
    if (!next(self))
        return;
    add(out, self->word);
    add_if(self, "CONCURRENTLY", out);
}

static void add_rest(words *self, pd_strbuf *out)
{
    static const char *const with_object[] = {"CREATE", "ALTER", "DROP", NULL};
    static const char *const seconds[][2] = {
        {"REFRESH", "MATERIALIZED"}, {"MATERIALIZED", "VIEW"}, {"START", "TRANSACTION"},
        {"PREPARE", "TRANSACTION"},  {"COMMIT", "PREPARED"},   {"ROLLBACK", "PREPARED"},
        {"ROLLBACK", "TO"},          {"SECURITY", "LABEL"},    {"IMPORT", "FOREIGN"},
        {"FOREIGN", "SCHEMA"},       {"REASSIGN", "OWNED"},    {"DISCARD", "ALL"},
    };
    if (one_of(self->word, with_object)) {
        add_object_kind(self, out);
        return;
    }
    if (pd_streq(self->word, "REINDEX")) {
        add_reindex_kind(self, out);
        return;
    }
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        if (pd_streq(self->word, seconds[i][0]))
            add_if(self, seconds[i][1], out);
}

const char *pd_sql_verb(pd_arena *arena, const char *text, size_t from, size_t to)
{
    words self = {.text = text, .to = to, .at = from};
    if (!next(&self))
        return "SQL";
    PD_AUTO_STRBUF out = pd_strbuf_new(VERB_MAX);
    add(&out, self.word);
    add_rest(&self, &out);
    return pd_strbuf_keep(&out, arena);
}
