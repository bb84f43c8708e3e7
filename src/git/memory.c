#include <git2/sys/alloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "git/internal.h"

static void *allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return pd_memory_alloc(size);
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return pd_memory_resize(memory, size);
}

#ifdef PD_GIT_ALLOCATES_MANY_WAYS
static void *allocate_zeroed(size_t count, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return pd_memory_array(count, size);
}

static size_t product(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        pd_out_of_memory();
    return count * size;
}

static void *allocate_array(size_t count, size_t size, const char *file, int line)
{
    return allocate(product(count, size), file, line);
}

static void *resize_array(void *memory, size_t count, size_t size, const char *file, int line)
{
    return resize(memory, product(count, size), file, line);
}

static char *copy_part(const char *text, size_t len, const char *file, int line)
{
    if (len == SIZE_MAX)
        pd_out_of_memory();
    char *copy = allocate(len + 1, file, line);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static char *copy_at_most(const char *text, size_t len, const char *file, int line)
{
    return copy_part(text, strnlen(text, len), file, line);
}

static char *copy_text(const char *text, const char *file, int line)
{
    return copy_part(text, strlen(text), file, line);
}
#endif

/* libgit2 goes on with what an allocation did not give, and crashes. */
int pd_git_end_without_memory(void)
{
    git_allocator allocator = {
        .gmalloc = allocate,
        .grealloc = resize,
        .gfree = free,
#ifdef PD_GIT_ALLOCATES_MANY_WAYS
        .gcalloc = allocate_zeroed,
        .gstrdup = copy_text,
        .gstrndup = copy_at_most,
        .gsubstrdup = copy_part,
        .greallocarray = resize_array,
        .gmallocarray = allocate_array,
#endif
    };
    return git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &allocator);
}
