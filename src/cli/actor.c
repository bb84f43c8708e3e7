#include "cli/actor.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

const char *pd_actor(pd_git *git, pd_arena *arena)
{
    static const char *const variables[] = {"PREDEPLOY_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (!pd_blank(value))
            return pd_arena_strdup(arena, value);
    }
    const char *name = git == NULL ? NULL : pd_git_config(git, "user.name");
    const char *email = git == NULL ? NULL : pd_git_config(git, "user.email");
    if (!pd_blank(name) && !pd_blank(email))
        return pd_arena_printf(arena, "%s <%s>", name, email);
    if (!pd_blank(name))
        return name;
    struct passwd entry;
    struct passwd *found = NULL;
    char buffer[16384];
    if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        return pd_arena_strdup(arena, entry.pw_name);
    return pd_arena_printf(arena, "uid %u", (unsigned)getuid());
}
