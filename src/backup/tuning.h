/* The pace of a backup request. Fixed for users; the tests use a quicker one. */
#ifndef PD_BACKUP_TUNING_H
#define PD_BACKUP_TUNING_H

#include <stdbool.h>
#include <stdint.h>

#include "backup/webhook.h"

/* Milliseconds, where nothing else is said. */
typedef struct pd_webhook_tuning {
    int64_t connect_ms; /* until a connection stands */
    int64_t request_ms; /* until one answer is there in full */
    int64_t retry_ms;   /* first pause before a retry; doubles, with jitter */
    int64_t retry_max_ms;
    int64_t poll_ms; /* first pause between two polls; grows by half */
    int64_t poll_max_ms;
    int64_t last_ms;   /* a pause that would outlast the deadline ends this much before it */
    int post_attempts; /* how often the backup is asked for at most */
    int poll_attempts; /* how many polls in a row may fail */
} pd_webhook_tuning;

pd_webhook_tuning pd_webhook_tuning_default(void);

/* pd_webhook_backup at the given pace. */
bool pd_webhook_run(const pd_webhook *webhook, const pd_webhook_tuning *tuning, pd_arena *arena,
                    const pd_backup_request *request, const char **reference,
                    pd_error *err) PD_CHECKED;

#endif
