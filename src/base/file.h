/* Files that predeploy reads and writes itself. */
#ifndef PD_BASE_FILE_H
#define PD_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* Writes a file whole or not at all: a temporary file beside it, fsync, rename, fsync of the
 * folder. PD_ERROR_USAGE names the path and errno's text. */
bool pd_file_write(const char *path, const char *data, size_t len, mode_t mode,
                   pd_error *err) PD_CHECKED;

/* Whether pd_file_write can make this file: nothing but a regular file stands there, and the folder
 * takes a temporary file. Nothing stays behind. PD_ERROR_UNREACHABLE says why not. */
bool pd_file_can_write(const char *path, pd_error *err) PD_CHECKED;

/* Appends to a regular file, which is made when it is not there. Errors as of pd_file_write. */
bool pd_file_append(const char *path, const char *data, size_t len, pd_error *err) PD_CHECKED;

/* Reads a stream to its end into the arena; more than max bytes is PD_ERROR_USAGE. */
bool pd_file_slurp(FILE *stream, const char *name, size_t max, pd_arena *arena, pd_bytes *out,
                   pd_error *err) PD_CHECKED;

/* Opens what is a regular file and no link, without a wait; *out is NULL when nothing is there.
 * `path` starts at the open folder (AT_FDCWD: the working directory), errors call it `name`. */
bool pd_file_open_regular(int folder, const char *path, const char *name, FILE **out,
                          pd_error *err) PD_CHECKED;

/* Reads such a file to its end, as pd_file_slurp does; out->data is NULL when nothing is there. */
bool pd_file_read_regular(const char *path, const char *name, size_t max, pd_arena *arena,
                          pd_bytes *out, pd_error *err) PD_CHECKED;

/* Writes all bytes, whatever a signal cuts short; false leaves errno. */
bool pd_file_put(int fd, pd_bytes text) PD_CHECKED;

/* ---- files of the user's tree ----
 *
 * `path` is relative to the folder `root` and is walked name by name: a symbolic link on the way or
 * in its place, "..", an empty name and ".git" are PD_ERROR_USAGE, whoever made them. */

typedef enum pd_file_how {
    PD_FILE_NEW,     /* nothing may stand there: PD_ERROR_USAGE when something does */
    PD_FILE_REPLACE, /* a regular file that stands there is replaced, and keeps its mode */
} pd_file_how;

/* Writes a file whole or not at all (mode 0644 less the umask); folders that are missing are made.
 * What a failure would leave is taken back: a new file goes, one that was replaced returns, where
 * the file system has hard links. */
bool pd_file_write_below(const char *root, const char *path, pd_bytes text, pd_file_how how,
                         pd_error *err) PD_CHECKED;

/* Reads a regular file into the arena; out->data is NULL when it is not there. More than max bytes
 * is PD_ERROR_USAGE. */
bool pd_file_read_below(const char *root, const char *path, size_t max, pd_arena *arena,
                        pd_bytes *out, pd_error *err) PD_CHECKED;

/* Removes a file that pd_file_write_below has just made; what cannot be removed stays. */
void pd_file_remove_below(const char *root, const char *path);

#endif
