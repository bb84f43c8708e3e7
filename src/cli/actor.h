/* Who runs this, for the deployment's row. */
#ifndef PD_CLI_ACTOR_H
#define PD_CLI_ACTOR_H

#include "base/arena.h"
#include "git/repository.h"

/* PREDEPLOY_ACTOR, the CI runner's actor, git's user, or the login name, in that order. git may
 * be NULL. */
const char *pd_actor(pd_git *git, pd_arena *arena);

#endif
