/* The pieces of the JSON report, shared by the files json*.c. Values are owned by the caller. */
#ifndef PD_RENDER_JSON_H
#define PD_RENDER_JSON_H

#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "domain/report.h"

/* Each takes the value over; out of memory aborts. */
void pd_put(json_t *object, const char *key, json_t *value);
void pd_put_text(json_t *object, const char *key, const char *text); /* NULL: null */
void pd_put_said(json_t *object, const char *key, const char *text); /* NULL and blank: null */
void pd_put_count(json_t *object, const char *key, int64_t count);   /* negative: null */
void pd_put_position(json_t *object, const char *key, int position); /* 0: null */
void pd_push(json_t *array, json_t *value);

json_t *pd_json_change(const pd_change *change, pd_arena *arena);   /* null for NULL */
json_t *pd_json_standing(const pd_standing *standing);              /* null when not asked */
json_t *pd_json_steering(const pd_report *report, pd_arena *arena); /* array */
json_t *pd_json_plan(const pd_report *report);                      /* null without a plan */
json_t *pd_json_deployment(const pd_deployment *deployment);        /* null for NULL */
json_t *pd_json_blockers(const pd_report *report);
json_t *pd_json_applied(const pd_ledger *ledger);     /* array, null for NULL */
json_t *pd_json_unfinished(const pd_ledger *ledger);  /* the same */
json_t *pd_json_deployments(const pd_ledger *ledger); /* array, null for NULL */

#endif
