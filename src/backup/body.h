/* The JSON body of a backup request (docs/backup-webhook.md, "The request"). Pure. */
#ifndef PD_BACKUP_BODY_H
#define PD_BACKUP_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/backup.h"

/* requested_at in Unix seconds. */
const char *pd_backup_body(pd_arena *arena, const pd_backup_request *request, int64_t requested_at,
                           size_t *len);

#endif
