#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

pd_strbuf pd_strbuf_new(size_t max)
{
    pd_strbuf buf = {.capacity = 64, .max = max};
    buf.data = pd_memory_array(1, buf.capacity);
    return buf;
}

void pd_strbuf_free(pd_strbuf *buf)
{
    free(buf->data);
    *buf = (pd_strbuf){0};
}

void pd_strbuf_clear(pd_strbuf *buf)
{
    buf->len = 0;
    buf->data[0] = '\0';
    buf->truncated = false;
}

/* Room for len more bytes and the NUL; gives how many of them fit under the maximum. */
static size_t reserve(pd_strbuf *buf, size_t len)
{
    size_t room = buf->max > buf->len ? buf->max - buf->len : 0;
    if (len > room) {
        buf->truncated = true;
        len = room;
    }
    size_t need = buf->len + len + 1;
    if (need > buf->capacity) {
        size_t grown = buf->capacity;
        while (grown < need)
            grown = grown > SIZE_MAX / 2 ? need : grown * 2;
        buf->data = pd_memory_resize(buf->data, grown);
        buf->capacity = grown;
    }
    return len;
}

void pd_strbuf_add(pd_strbuf *buf, const void *data, size_t len)
{
    if (buf->truncated)
        return;
    len = reserve(buf, len);
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void pd_strbuf_adds(pd_strbuf *buf, const char *text)
{
    pd_strbuf_add(buf, text, strlen(text));
}

void pd_strbuf_addc(pd_strbuf *buf, char c)
{
    /* Most texts are built of characters, and most characters have room. */
    if (buf->truncated || buf->len >= buf->max || buf->len + 1 >= buf->capacity) {
        pd_strbuf_add(buf, &c, 1);
        return;
    }
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
}

void pd_strbuf_addn(pd_strbuf *buf, char c, size_t times)
{
    if (buf->truncated)
        return;
    times = reserve(buf, times);
    memset(buf->data + buf->len, c, times);
    buf->len += times;
    buf->data[buf->len] = '\0';
}

void pd_strbuf_addv(pd_strbuf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    if (len > 0 && !buf->truncated) {
        size_t room = reserve(buf, (size_t)len);
        vsnprintf(buf->data + buf->len, room + 1, fmt, again);
        buf->len += room;
    }
    va_end(again);
}

void pd_strbuf_addf(pd_strbuf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    pd_strbuf_addv(buf, fmt, args);
    va_end(args);
}

char *pd_strbuf_keep(const pd_strbuf *buf, pd_arena *arena)
{
    return pd_arena_strndup(arena, buf->data, buf->len);
}
