#include <sys/resource.h>

#include "base/hash.h"
#include "base/memory.h"
#include "git/internal.h"

/* A libgit2 that was built with mbed TLS reads the certificates of the system when it starts, which
 * takes longer than most of what is asked of it; and what predeploy asks never connects. While no
 * file can be opened it starts without them, as it does where there are none. If it cannot, it is
 * started once more in the usual way. */
int pd_git_start(void)
{
    /* libcrypto, which connections do need, reads its configuration once: before that. */
    pd_hash_prepare();
    struct rlimit usual;
    if (getrlimit(RLIMIT_NOFILE, &usual) != 0)
        return git_libgit2_init();
    struct rlimit none = {.rlim_cur = 0, .rlim_max = usual.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0)
        return git_libgit2_init();
    int rc = git_libgit2_init();
    if (setrlimit(RLIMIT_NOFILE, &usual) != 0)
        pd_give_up("cannot open files again");
    if (rc >= 0)
        return rc;
    git_libgit2_shutdown(); /* one that failed was counted, too */
    return git_libgit2_init();
}
