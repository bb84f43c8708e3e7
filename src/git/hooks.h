/* Putting a hook where git looks for it. */
#ifndef PD_GIT_HOOKS_H
#define PD_GIT_HOOKS_H

#include <sys/types.h>

#include "git/repository.h"

/* The line by which predeploy knows a hook of its own; `script` must hold it. */
#define PD_HOOK_MARKER "# managed by: predeploy hook install"

typedef enum pd_hook_state {
    PD_HOOK_INSTALLED, /* written where none was */
    PD_HOOK_CHAINED,   /* the hook that was there is kept as NAME.local and called first */
    PD_HOOK_UPDATED,   /* an older one of ours was replaced */
    PD_HOOK_PRESENT,   /* ours, as it is, or called by a manager of hooks: nothing written */
    PD_HOOK_JOINED,    /* the call was put in front of the project's own file that husky runs */
    PD_HOOK_MANAGED,   /* a manager of hooks writes this file: it has to call the gate itself */
} pd_hook_state;

/* Writes hook `name` with `script` into core.hooksPath or the repository's hooks folder,
 * executable, atomically; a folder that is missing is made. Where husky writes that folder, the
 * project's own file that it runs gets the call; PD_HOOK_MANAGED is PD_ERROR_USAGE. Another's hook
 * (a symbolic link is always another's) is renamed to NAME.local, which script calls first; when
 * NAME.local exists as well: PD_ERROR_USAGE, nothing is changed. *path is where it stands. There is
 * no moment at which neither hook is in place. */
bool pd_hook_install(pd_git *git, const char *name, const char *script, const char **path,
                     pd_hook_state *state, pd_error *err) PD_CHECKED;

typedef struct pd_hook_plan {
    const char *path;
    const char *folder;  /* of it; it may be missing */
    const char *local;   /* PD_HOOK_CHAINED: the name under which the other one goes on */
    const char *manager; /* of the repository's hooks, "husky" or "lefthook"; NULL: none */
    const char *text;    /* of the whole file, as it is written */
    const char *shown;   /* of it what calls the gate, or what the manager has to be given; lines */
    mode_t mode;
    pd_hook_state state;
    bool inside; /* it is in the work tree or the repository, not in a folder that several share */
} pd_hook_plan;

/* What pd_hook_install would do now, without doing it; it would fail where this fails. */
bool pd_hook_look(pd_git *git, const char *name, const char *script, pd_hook_plan *out,
                  pd_error *err) PD_CHECKED;

#endif
