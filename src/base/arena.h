/* The run's arena: whatever predeploy makes lives here until the run ends, nobody frees a part.
 *
 * Memory comes zeroed and aligned for any type. Running out of it ends the process
 * (base/memory.h). In sanitizer builds each allocation is a malloc of its own, so that overruns
 * are seen.
 */
#ifndef PD_BASE_ARENA_H
#define PD_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

typedef struct pd_arena pd_arena;

pd_arena *pd_arena_new(void) PD_NONNULL_RESULT;
void pd_arena_free(pd_arena *arena); /* NULL is allowed */

void *pd_arena_alloc(pd_arena *arena, size_t size) PD_NONNULL_RESULT;
/* The product is checked. */
void *pd_arena_array(pd_arena *arena, size_t count, size_t size) PD_NONNULL_RESULT;
char *pd_arena_strdup(pd_arena *arena, const char *text) PD_NONNULL_RESULT;
/* Adds a NUL. */
char *pd_arena_strndup(pd_arena *arena, const char *data, size_t len) PD_NONNULL_RESULT;
char *pd_arena_printf(pd_arena *arena, const char *fmt, ...) PD_PRINTF(2, 3) PD_NONNULL_RESULT;
char *pd_arena_vprintf(pd_arena *arena, const char *fmt, va_list args)
    PD_PRINTF(2, 0) PD_NONNULL_RESULT;

/* Grows an arena array by one, doubling: items is T *, count and capacity are size_t lvalues.
 * The old array stays in the arena. Evaluates to the address of the new, zeroed item. */
void *pd_arena_push(pd_arena *arena, void **items, size_t *count, size_t *capacity,
                    size_t size) PD_NONNULL_RESULT;
#define PD_PUSH(arena, items, count, capacity)                                                     \
    ((__typeof__(items))pd_arena_push((arena), (void **)&(items), &(count), &(capacity),           \
                                      sizeof *(items)))

void pd_arena_cleanup(pd_arena **arena);
#define PD_AUTO_ARENA PD_CLEANUP(pd_arena_cleanup) pd_arena *

#endif
