#include "base/memory.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256

/* libgit2's and jansson's allocators are functions without a context. */
static atomic_int ending_status = PD_MEMORY_UNDECIDED;

static void *crypto_alloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return pd_memory_alloc(size);
}

static void *crypto_resize(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size > 0)
        return pd_memory_resize(memory, size);
    free(memory);
    return NULL;
}

static void crypto_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

void pd_memory_start(void)
{
    json_set_alloc_funcs(pd_memory_alloc, free);
    /* libcrypto 3.0 starts without what it got no memory for, and crashes. */
    if (CRYPTO_set_mem_functions(crypto_alloc, crypto_resize, crypto_free) != 1)
        pd_give_up("libcrypto was used too early");
}

void pd_memory_ends_with(int status)
{
    atomic_store(&ending_status, status);
}

void pd_give_up(const char *what)
{
    static const char undecided[] =
        "the gate stays closed. Run predeploy again when the cause is gone";
    static const char unknown[] =
        "what was applied is not known here. Run predeploy again: it finds out";
    int status = atomic_load(&ending_status);
    char line[LINE_MAX_BYTES];
    int len = snprintf(line, sizeof line, "predeploy: %s: %s.\n", what,
                       status == PD_MEMORY_UNKNOWN ? unknown : undecided);
    if (len > 0) {
        ssize_t ignored = write(STDERR_FILENO, line, (size_t)len);
        (void)ignored;
    }
    _exit(status);
}

void pd_out_of_memory(void)
{
    pd_give_up("out of memory");
}

void *pd_memory_checked(void *memory)
{
    if (memory == NULL)
        pd_out_of_memory();
    return memory;
}

void *pd_memory_alloc(size_t size)
{
    return pd_memory_checked(malloc(size == 0 ? 1 : size));
}

void *pd_memory_array(size_t count, size_t size)
{
    return pd_memory_checked(count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size));
}

void *pd_memory_resize(void *memory, size_t size)
{
    return pd_memory_checked(realloc(memory, size == 0 ? 1 : size));
}
