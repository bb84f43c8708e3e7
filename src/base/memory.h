/* Running out of memory ends the process: at once, with one line on stderr and a status that is
 * true, and never with an open gate. What it ends with is the one thing that this program keeps
 * outside of its arguments, because the allocators of libraries get none.
 */
#ifndef PD_BASE_MEMORY_H
#define PD_BASE_MEMORY_H

#include <stddef.h>

#include "base/attr.h"

/* Statuses of docs/exit-statuses.md */
#define PD_MEMORY_UNDECIDED 3 /* nothing can have been applied; what a process begins with */
#define PD_MEMORY_UNKNOWN 9   /* something may have been applied: the next run finds out */

/* Makes jansson and libcrypto end the process, too, instead of giving NULL, also where another
 * library calls them. To be called once, before either is. */
void pd_memory_start(void);

/* What the process ends with from now on: a PD_MEMORY_ status, or a child's own. */
void pd_memory_ends_with(int status);

/* Says so with write(2) and ends the process by _exit(2): nothing is closed, nothing is flushed.
 * Servers and temporary files are left to what cares for them after a SIGKILL. */
_Noreturn void pd_out_of_memory(void);

/* The same for a library that cannot go on; what is a literal like "libcrypto failed". */
_Noreturn void pd_give_up(const char *what);

/* Its argument, which is what an allocation gave. NULL: pd_out_of_memory. */
void *pd_memory_checked(void *memory) PD_NONNULL_RESULT;

/* malloc(3), calloc(3) and realloc(3), checked; a size of 0 gives one byte. free(3) takes them. */
void *pd_memory_alloc(size_t size) PD_NONNULL_RESULT;
void *pd_memory_array(size_t count, size_t size) PD_NONNULL_RESULT;
void *pd_memory_resize(void *memory, size_t size) PD_NONNULL_RESULT;

#endif
