/* The certificates that a backup service may be vouched for by. */
#ifndef PD_BACKUP_CA_H
#define PD_BACKUP_CA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/* The certificates (PEM) of ca_file behind those of system_file; a system_file that is NULL or
 * cannot be read adds none. PD_ERROR_USAGE when ca_file cannot be read, is over 1 MiB, or holds
 * no certificate or a broken one. */
bool pd_ca_bundle(pd_arena *arena, const char *system_file, const char *ca_file, const char **data,
                  size_t *len, pd_error *err) PD_CHECKED;

#endif
