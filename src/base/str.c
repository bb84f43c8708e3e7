#include "base/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define WORD_MAX 64

bool pd_streq(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool pd_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool pd_ends_with(const char *text, const char *suffix)
{
    size_t text_len = strlen(text);
    size_t suffix_len = strlen(suffix);
    return text_len >= suffix_len && strcmp(text + text_len - suffix_len, suffix) == 0;
}

bool pd_blank(const char *text)
{
    if (text == NULL)
        return true;
    return text[strspn(text, " \t\r\n\v\f")] == '\0';
}

bool pd_parse_uint(const char *text, uint64_t max, uint64_t *out)
{
    if (text == NULL || *text == '\0')
        return false;
    uint64_t value = 0;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (max - digit) / 10 || digit > max)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool pd_parse_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcasecmp(text, yes[i]) == 0)
            return *out = true;
        if (strcasecmp(text, no[i]) == 0) {
            *out = false;
            return true;
        }
    }
    return false;
}

void pd_line_column(const char *text, size_t len, size_t offset, int *line, int *column)
{
    if (offset > len)
        offset = len;
    *line = 1;
    size_t start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            (*line)++;
            start = i + 1;
        }
    }
    *column = 1;
    for (size_t i = start; i < offset; (*column)++) {
        i += pd_utf8_length(text + i, len - i);
        if (i > offset) /* offset points into a character */
            break;
    }
}

size_t pd_utf8_offset(const char *text, size_t len, size_t chars)
{
    size_t i = 0;
    while (i < len && chars-- > 0)
        i += pd_utf8_length(text + i, len - i);
    return i;
}

/* How many bytes at the front are ASCII, as far as whole groups of eight tell. */
static size_t ascii_length(const char *data, size_t len)
{
    uint64_t eight = 0;
    size_t i = 0;
    for (; len - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, data + i, sizeof eight);
        if ((eight & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    return i;
}

size_t pd_utf8_invalid_at(const char *data, size_t len)
{
    size_t i = 0;
    for (;;) {
        uint32_t code = 0;
        i += ascii_length(data + i, len - i);
        if (i == len)
            return len;
        size_t used = pd_utf8_decode(data + i, len - i, &code);
        if (used == 0)
            return i;
        i += used;
    }
}

/* Optimal string alignment distance (Levenshtein with transpositions), letters without case. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][WORD_MAX + 1] = {{0}};
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i - 1) % 3];
        const size_t *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            int x = tolower((unsigned char)a[i - 1]);
            int y = tolower((unsigned char)b[j - 1]);
            size_t best = last[j - 1] + (x == y ? 0 : 1);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                           y == tolower((unsigned char)a[i - 2]);
            if (swapped && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[a_len % 3][b_len];
}

const char *pd_did_you_mean(const char *word, const char *const *candidates)
{
    size_t len = strlen(word);
    if (len == 0 || len > WORD_MAX)
        return NULL;
    const char *nearest = NULL;
    size_t nearest_distance = (len + 2) / 3 + 1;
    for (; *candidates != NULL; candidates++) {
        size_t candidate_len = strlen(*candidates);
        if (candidate_len > WORD_MAX)
            continue;
        size_t d = distance(word, len, *candidates, candidate_len);
        if (d < nearest_distance && d < candidate_len) {
            nearest = *candidates;
            nearest_distance = d;
        }
    }
    return nearest;
}
