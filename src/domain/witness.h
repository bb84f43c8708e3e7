/* What a revision is held against: the same migrations at commits that count. */
#ifndef PD_DOMAIN_WITNESS_H
#define PD_DOMAIN_WITNESS_H

#include <stddef.h>

#include "domain/migration.h"
#include "domain/revision.h"

typedef enum pd_witness_kind {
    PD_WITNESS_BASE,     /* all of it is published: the merge base, or what a push would replace */
    PD_WITNESS_TIP,      /* published as well, but the revision may not have all of it yet */
    PD_WITNESS_DEPLOYED, /* the commit last deployed; only what is applied stands in its set */
} pd_witness_kind;

typedef struct pd_witness {
    pd_witness_kind kind;
    const pd_revision *revision;
    const pd_set *set;
} pd_witness;

#define PD_WITNESSES_MAX 24 /* a ref's past, two times merge bases (PD_BASES_MAX) and tips */

typedef struct pd_witnesses {
    pd_witness items[PD_WITNESSES_MAX]; /* in the order in which they are asked */
    size_t count;
} pd_witnesses;

#endif
