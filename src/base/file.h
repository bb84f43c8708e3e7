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

/* Reads a stream to its end into the arena; more than max bytes is PD_ERROR_USAGE. */
bool pd_file_slurp(FILE *stream, const char *name, size_t max, pd_arena *arena, pd_bytes *out,
                   pd_error *err) PD_CHECKED;

#endif
