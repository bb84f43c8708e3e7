#include "domain/blocker.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"

static void add_who(pd_strbuf *out, const pd_blocker *blocker)
{
    if (blocker->prepared != NULL)
        pd_strbuf_addf(out, "prepared transaction \"%s\"", blocker->prepared);
    else
        pd_strbuf_addf(out, "process %" PRId64, blocker->pid);
    if (!pd_blank(blocker->process))
        pd_strbuf_addf(out, " (%s)", blocker->process);
    if (!pd_blank(blocker->user))
        pd_strbuf_addf(out, " of user %s", blocker->user);
    if (!pd_blank(blocker->application))
        pd_strbuf_addf(out, ", application \"%s\"", blocker->application);
}

static void add_blocker(pd_strbuf *out, const pd_blocker *blocker)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    add_who(out, blocker);
    if (!pd_blank(blocker->state))
        pd_strbuf_addf(out, ", %s", blocker->state);
    if (blocker->age_ms >= 0)
        pd_strbuf_addf(out, ", transaction open for %s",
                       pd_format_duration(scratch, blocker->age_ms));
    if (!pd_blank(blocker->held))
        pd_strbuf_addf(out, ", holds %s on %s", blocker->held,
                       blocker->relation == NULL ? "it" : blocker->relation);
    if (blocker->prepared != NULL)
        return;
    if (blocker->query == NULL)
        pd_strbuf_adds(out, ", query not visible to this role");
    else if (*blocker->query != '\0')
        pd_strbuf_addf(out, ", %s: %s", pd_streq(blocker->state, "active") ? "query" : "last query",
                       blocker->query);
}

char *pd_blocker_text(pd_arena *arena, const pd_blocker *blocker)
{
    return pd_blockers_text(arena, blocker, 1);
}

char *pd_blockers_text(pd_arena *arena, const pd_blocker *blockers, size_t count)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < count; i++) {
        pd_strbuf_adds(&out, i == 0 ? "" : "; ");
        add_blocker(&out, &blockers[i]);
    }
    return pd_strbuf_keep(&out, arena);
}

char *pd_blocker_wait_text(pd_arena *arena, const pd_blocker *blocker)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    bool on_relation = blocker->relation != NULL;
    if (on_relation)
        pd_strbuf_addf(&out, "lock on %s held by ", blocker->relation);
    if (blocker->prepared != NULL)
        pd_strbuf_addf(&out, "prepared transaction \"%s\"", blocker->prepared);
    else
        pd_strbuf_addf(&out, "%spid %" PRId64, on_relation ? "" : "the transaction of ",
                       blocker->pid);
    const char *user = pd_blank(blocker->user) ? blocker->process : blocker->user;
    bool named = !pd_blank(blocker->application);
    if (!pd_blank(user) || named)
        pd_strbuf_addf(&out, " (%s%s%s)", pd_blank(user) ? "" : user,
                       !pd_blank(user) && named ? ", " : "", named ? blocker->application : "");
    return pd_strbuf_keep(&out, arena);
}

static const char *copied(pd_arena *arena, const char *text)
{
    return text == NULL ? NULL : pd_arena_strdup(arena, text);
}

pd_blocker *pd_blockers_copy(pd_arena *arena, const pd_blocker *blockers, size_t count)
{
    pd_blocker *copy = pd_arena_array(arena, count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        const pd_blocker *from = &blockers[i];
        copy[i] = (pd_blocker){
            .pid = from->pid,
            .prepared = copied(arena, from->prepared),
            .user = copied(arena, from->user),
            .application = copied(arena, from->application),
            .process = copied(arena, from->process),
            .state = copied(arena, from->state),
            .age_ms = from->age_ms,
            .query = copied(arena, from->query),
            .lock = copied(arena, from->lock),
            .relation = copied(arena, from->relation),
            .wanted = copied(arena, from->wanted),
            .held = copied(arena, from->held),
        };
    }
    return copy;
}
