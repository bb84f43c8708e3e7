/* Whether libcurl can be used. It is not linked, but loaded (library.c); its functions can be
 * called whether this was asked or not. */
#ifndef PD_BACKUP_LIBRARY_H
#define PD_BACKUP_LIBRARY_H

#include <stdbool.h>

#include "base/error.h"

/* PD_ERROR_BACKUP: it is not installed. */
bool pd_library_load(pd_error *err) PD_CHECKED;

#endif
