#include "base/columns.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"

typedef struct range {
    uint32_t first;
    uint32_t last;
} range;

/* Nonspacing and enclosing marks, and the joiners, of the scripts that are met in SQL. */
static const range zero_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2},
    {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4},
    {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A},
    {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x20D0, 0x20F0},
    {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};

/* EastAsianWidth.txt, classes W and F, neighbouring ranges put together. */
static const range double_width[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26AA, 0x26AB},
    {0x26BD, 0x26BE},   {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2B1B, 0x2B1C},
    {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x16FE0, 0x18CFF}, {0x1B000, 0x1B2FF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
    {0x1F1E6, 0x1F202}, {0x1F210, 0x1F23B}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
    {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

static bool within(const range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count && ranges[i].first <= code; i++) {
        if (code <= ranges[i].last)
            return true;
    }
    return false;
}

/* Bytes of the first character, at least 1; its columns go to *columns. */
static size_t first_char(const char *text, size_t len, size_t *columns)
{
    uint32_t code = 0;
    size_t bytes = pd_utf8_decode(text, len, &code);
    *columns = 1;
    if (bytes == 0)
        return 1;
    if (within(zero_width, sizeof zero_width / sizeof zero_width[0], code))
        *columns = 0;
    else if (within(double_width, sizeof double_width / sizeof double_width[0], code))
        *columns = 2;
    return bytes;
}

size_t pd_text_columns(const char *text, size_t len)
{
    size_t total = 0;
    for (size_t at = 0; at < len;) {
        size_t columns = 0;
        at += first_char(text + at, len - at, &columns);
        total += columns;
    }
    return total;
}

size_t pd_text_fit(const char *text, size_t len, size_t columns)
{
    size_t used = 0;
    size_t at = 0;
    while (at < len) {
        size_t more = 0;
        size_t bytes = first_char(text + at, len - at, &more);
        if (used + more > columns)
            break;
        used += more;
        at += bytes;
    }
    return at;
}
