#include "cli/values.h"

#include <string.h>

#include "base/strbuf.h"
#include "domain/settings.h"
#include "render/render.h"

static const pd_value_word colors[] = {
    {"auto", 0},
    {"always", 0},
    {"never", 0},
    {NULL, 0},
};

static const pd_value_word tools[] = {
    {"drizzle", PD_LAYOUT_DRIZZLE},
    {"golang-migrate", PD_LAYOUT_GOLANG_MIGRATE},
    {"sqlx", PD_LAYOUT_SQLX},
    {"diesel", PD_LAYOUT_DIESEL},
    {"prisma", PD_LAYOUT_PRISMA},
    {"flyway", PD_LAYOUT_FLYWAY},
    {"dbmate", PD_LAYOUT_DBMATE},
    {"goose", PD_LAYOUT_GOOSE},
    {NULL, 0},
};

static const pd_value_word entries[] = {
    {"install", 0},
    {"pre-push", 0},
    {"pre-receive", 0},
    {NULL, 0},
};

static const pd_value_kind kinds[] = {
    {"COMMAND", PD_VALUES_COMMANDS, NULL},
    {"ENTRY", PD_VALUES_WORDS, entries},
    {"FILE", PD_VALUES_FILES, NULL},
    {"FOLDER", PD_VALUES_FOLDERS, NULL},
    {"FORMAT", PD_VALUES_WORDS, pd_format_words},
    {"LAYOUT", PD_VALUES_WORDS, pd_layout_words},
    {"MODE", PD_VALUES_WORDS, pd_transaction_words},
    {"PATH", PD_VALUES_FOLDERS, NULL},
    {"REV", PD_VALUES_REVISIONS, NULL},
    {"TOOL", PD_VALUES_WORDS, tools},
    {"WHEN", PD_VALUES_WORDS, colors},
};

const pd_value_kind *pd_value_kind_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, name, len) == 0)
            return &kinds[i];
    return NULL;
}

bool pd_value_find(const char *kind, const char *word, int *value)
{
    const pd_value_kind *found = pd_value_kind_find(kind, strlen(kind));
    if (found == NULL || found->words == NULL)
        return false;
    for (const pd_value_word *at = found->words; at->word != NULL; at++) {
        if (strcmp(at->word, word) == 0) {
            *value = at->value;
            return true;
        }
    }
    return false;
}

bool pd_value_hint(pd_error *err, const char *option, const char *kind)
{
    const pd_value_kind *found = pd_value_kind_find(kind, strlen(kind));
    PD_AUTO_STRBUF list = pd_strbuf_new(PD_STRBUF_MAX);
    for (const pd_value_word *at = found->words; at->word != NULL; at++) {
        const char *between = at == found->words ? "" : at[1].word == NULL ? " or " : ", ";
        pd_strbuf_addf(&list, "%s%s", between, at->word);
    }
    return pd_error_hint(err, "--%s takes %s.", option, list.data);
}
