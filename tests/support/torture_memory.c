/* malloc(3) and its like that fail when they are told to: torture.h. glibc calls them for its own
 * needs in the same way. */
#include "torture.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* glibc's own, under the names by which it keeps them callable. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static void *refuse(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    return torture_fails("alloc", "malloc") ? refuse() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return torture_fails("alloc", "calloc") ? refuse() : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return torture_fails("alloc", "realloc") ? refuse() : __libc_realloc(memory, size);
}
