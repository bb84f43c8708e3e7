#include "base/utf8.h"

size_t pd_utf8_decode(const char *data, size_t len, uint32_t *code)
{
    if (len == 0)
        return 0;
    const unsigned char *p = (const unsigned char *)data;
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    size_t need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || len < need)
        return 0;
    uint32_t value = p[0] & (0xFFU >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3FU);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[need] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code = value;
    return need;
}

size_t pd_utf8_length(const char *data, size_t len)
{
    uint32_t code = 0;
    size_t used = pd_utf8_decode(data, len, &code);
    return used == 0 ? 1 : used;
}
