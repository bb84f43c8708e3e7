/* Who could keep a plan waiting, asked before it starts. */
#ifndef PD_DOMAIN_OBSTACLE_H
#define PD_DOMAIN_OBSTACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/blocker.h"
#include "domain/plan.h"

/* A lock that a statement of the plan will ask for. */
typedef struct pd_lock_wish {
    const char *relation; /* as pd_statement.object */
    const char *mode;     /* "AccessExclusiveLock" */
    const pd_step *step;
    const pd_statement *statement;
} pd_lock_wish;

typedef struct pd_preflight {
    pd_lock_wish *wishes;
    size_t count;
    size_t capacity;
    const pd_lock_wish *concurrent; /* a statement that waits for every older transaction of the
                                       database, NULL: there is none */
    int64_t old_ms;                 /* transactions that are open for longer count */
} pd_preflight;

typedef struct pd_obstacle {
    pd_blocker who;
    bool dump;         /* it is pg_dump, of any age */
    int64_t wish;      /* the first of the wishes that it is in the way of, -1: none */
    int64_t relations; /* how many relations of the wishes it is in the way of */
} pd_obstacle;

typedef struct pd_obstacles {
    pd_obstacle *items; /* the oldest first */
    size_t count;
    size_t capacity;
} pd_obstacles;

#define PD_OBSTACLES_MAX 10

#endif
