/* One call fails: what the two shared libraries have in common that are put in front of predeploy
 * with LD_PRELOAD (torture_calls.c: libpq, libgit2 and libcurl; torture_memory.c: allocations).
 *
 *   TORTURE_KIND     alloc, libpq, libgit2 or libcurl
 *   TORTURE_AT       the number of the call that fails, from 1; 0 or nothing: none
 *   TORTURE_PERSIST  1: that call and all of its kind behind it
 *   TORTURE_WHERE    parent: calls of the process (as a rule); child: of each child that it forks
 *                    and that runs no other program, counted from 1 in each
 *   TORTURE_REPORT   a file that gets the line "failed NAME" when that call fails, and when the
 *                    process exits "calls N"
 *
 * Calls count from the beginning of main on, and only in a program named predeploy; calls
 * of libraries count where predeploy itself makes them.
 */
#ifndef PD_SUPPORT_TORTURE_H
#define PD_SUPPORT_TORTURE_H

#include <stdbool.h>

/* Counts a call of that kind; whether it must fail. */
bool torture_fails(const char *kind, const char *name);

/* Whether the code at an address is predeploy's own, not a library's. */
bool torture_is_own(const void *address);

#endif
