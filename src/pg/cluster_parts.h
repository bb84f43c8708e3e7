/* What a throwaway PostgreSQL is made of. Private to pg/. */
#ifndef PD_PG_CLUSTER_PARTS_H
#define PD_PG_CLUSTER_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/interrupt.h"

/* Whom the server runs as. */
typedef struct pd_identity {
    bool drop; /* we are root, and become this user */
    uid_t uid;
    gid_t gid;
    const char *name;
} pd_identity;

/* cluster_find.c: the folder that holds both initdb and postgres. */
bool pd_cluster_find_binaries(pd_arena *arena, pd_interrupt *interrupt, const char **folder,
                              pd_error *err) PD_CHECKED;
bool pd_cluster_find_user(pd_arena *arena, pd_identity *out, pd_error *err) PD_CHECKED;

/* cluster_folder.c: a new folder of mode 0700 that belongs to that user, short enough for the
 * address of a Unix socket. */
bool pd_cluster_make_folder(pd_arena *arena, const pd_identity *user, const char **folder,
                            pd_error *err) PD_CHECKED;
void pd_cluster_remove_folder(const char *folder); /* with all in it; follows no symbolic link */

/* cluster_child.c: a program of the server. */
typedef struct pd_program {
    const char *const *argv; /* ends with NULL; argv[0] is the path */
    const char *folder;      /* working directory */
    int output;              /* stdout and stderr go there */
    const pd_identity *user;
    int death_signal; /* what the child gets when we die */
} pd_program;

/* Starts it in a session of its own, so that Ctrl-C is ours alone, with signals as by default and
 * an environment that holds none of our secrets. -1: it could not be started. */
pid_t pd_program_start(pd_arena *arena, const pd_program *program);

/* True when it has ended within ms; *status is as by waitpid. */
bool pd_program_ended(pid_t pid, int64_t ms, pd_interrupt *interrupt, int *status);

#endif
