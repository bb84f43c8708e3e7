#include "sql/marker.h"

#include <string.h>
#include <strings.h>

#include "sql/lexer.h"

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

static bool take(const char **at, const char *end, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(end - *at) < len || strncasecmp(*at, word, len) != 0)
        return false;
    *at = skip_blanks(*at + len, end);
    return true;
}

bool pd_sql_asks_no_transaction(const char *text, size_t len)
{
    /* Nearly no text has the word, and those without it need no reading. */
    if (strcasestr(text, "no-transaction") == NULL)
        return false;
    pd_lexer lexer = {.text = text, .len = len};
    pd_lexeme lexeme;
    while (pd_lexer_next(&lexer, &lexeme)) {
        if (lexeme.kind != PD_LEXEME_LINE_COMMENT)
            continue;
        const char *end = text + lexeme.offset + lexeme.len;
        const char *at = skip_blanks(text + lexeme.offset + 2, end);
        if (take(&at, end, "predeploy") && take(&at, end, ":") &&
            take(&at, end, "no-transaction") && at == end)
            return true;
    }
    return false;
}
