/* The request for a backup, as the webhook's body carries it (docs/backup-webhook.md). */
#ifndef PD_DOMAIN_BACKUP_H
#define PD_DOMAIN_BACKUP_H

#include <stddef.h>

#include "domain/report.h"

typedef struct pd_backup_request {
    const char *event;      /* "deploy" or "rollback" */
    const char *deployment; /* UUID: the idempotency key */
    const char *commit;
    const pd_target *target;
    const char **migrations; /* names that are about to be applied or taken out */
    size_t migration_count;
} pd_backup_request;

#endif
