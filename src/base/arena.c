#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BLOCK_FIRST ((size_t)4 << 10) /* some arenas live for one short text */
#define BLOCK_SIZE ((size_t)64 << 10)
#define PRINTED_FIRST 512
#define ALIGNMENT (_Alignof(max_align_t))

typedef struct block {
    struct block *next;
    size_t used;
    size_t size;
    max_align_t data[];
} block;

struct pd_arena {
    block *blocks;
};

pd_arena *pd_arena_new(void)
{
    return pd_memory_checked(calloc(1, sizeof(pd_arena)));
}

void pd_arena_free(pd_arena *arena)
{
    if (arena == NULL)
        return;
    block *next = NULL;
    for (block *b = arena->blocks; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(arena);
}

static block *add_block(pd_arena *arena, size_t size)
{
    if (size > SIZE_MAX - sizeof(block))
        pd_out_of_memory();
    block *b = pd_memory_checked(calloc(1, sizeof(block) + size));
    b->size = size;
    b->next = arena->blocks;
    arena->blocks = b;
    return b;
}

#ifdef PD_SANITIZE
void *pd_arena_alloc(pd_arena *arena, size_t size)
{
    return add_block(arena, size)->data;
}
#else
/* Twice the last one, up to BLOCK_SIZE; wanted is at most a quarter of that. */
static size_t next_size(const block *last, size_t wanted)
{
    if (last != NULL && last->size >= BLOCK_SIZE / 2)
        return BLOCK_SIZE;
    size_t size = last == NULL ? BLOCK_FIRST : last->size * 2;
    while (size < wanted)
        size *= 2;
    return size;
}

void *pd_arena_alloc(pd_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        pd_out_of_memory();
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    block *b = arena->blocks;
    if (b == NULL || b->size - b->used < rounded) {
        if (rounded > BLOCK_SIZE / 4) {
            /* A large piece gets a block of its own, behind the one that is being filled. */
            block *own = add_block(arena, rounded);
            own->used = rounded;
            if (b != NULL) {
                arena->blocks = b;
                own->next = b->next;
                b->next = own;
            }
            return own->data;
        }
        b = add_block(arena, next_size(b, rounded));
    }
    void *memory = (char *)b->data + b->used;
    b->used += rounded;
    return memory;
}
#endif

void *pd_arena_array(pd_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        pd_out_of_memory();
    return pd_arena_alloc(arena, count * size);
}

char *pd_arena_strndup(pd_arena *arena, const char *data, size_t len)
{
    if (len == SIZE_MAX)
        pd_out_of_memory();
    char *copy = pd_arena_alloc(arena, len + 1);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

char *pd_arena_strdup(pd_arena *arena, const char *text)
{
    return pd_arena_strndup(arena, text, strlen(text));
}

char *pd_arena_vprintf(pd_arena *arena, const char *fmt, va_list args)
{
    char printed[PRINTED_FIRST];
    char *text = NULL;
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(printed, sizeof printed, fmt, args);
    if (len < 0)
        len = 0;
    if ((size_t)len < sizeof printed) {
        text = pd_arena_strndup(arena, printed, (size_t)len);
    } else {
        text = pd_arena_alloc(arena, (size_t)len + 1);
        vsnprintf(text, (size_t)len + 1, fmt, again);
    }
    va_end(again);
    return text;
}

char *pd_arena_printf(pd_arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = pd_arena_vprintf(arena, fmt, args);
    va_end(args);
    return text;
}

void *pd_arena_push(pd_arena *arena, void **items, size_t *count, size_t *capacity, size_t size)
{
    if (*count == *capacity) {
        size_t grown = *capacity == 0 ? 8 : *capacity * 2;
        void *larger = pd_arena_array(arena, grown, size);
        if (*count > 0)
            memcpy(larger, *items, *count * size);
        *items = larger;
        *capacity = grown;
    }
    /* A list that was shortened has used items behind its end. */
    return memset((char *)*items + size * (*count)++, 0, size);
}

void pd_arena_cleanup(pd_arena **arena)
{
    pd_arena_free(*arena);
    *arena = NULL;
}
