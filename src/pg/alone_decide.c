#include "base/str.h"
#include "pg/alone.h"

static bool is(const pd_probe *now, const char *state)
{
    return pd_streq(now->state, state);
}

/* IF NOT EXISTS takes whatever has the name for what is wanted: an invalid index, too. */
static pd_alone_action decide_present(const pd_subject *subject, const pd_probe *now)
{
    if (!subject->tolerant) {
        return PD_ALONE_RUN; /* the server refuses it */
    }
    return is(now, "valid") && now->same ? PD_ALONE_DONE : PD_ALONE_REFUSE;
}

static pd_alone_action decide_create_index(const pd_subject *subject, const char *before,
                                           const pd_probe *now)
{
    if (*subject->name == '\0') {
        return before == NULL ? PD_ALONE_RUN : PD_ALONE_REFUSE;
    }
    if (is(now, "absent")) {
        return PD_ALONE_RUN;
    }
    if (before == NULL || !pd_streq(before, "absent")) {
        return decide_present(subject, now);
    }
    if (is(now, "invalid")) {
        return now->same_table ? PD_ALONE_CLEAR : PD_ALONE_REFUSE;
    }
    return is(now, "valid") && now->same ? PD_ALONE_DONE : PD_ALONE_REFUSE;
}

static pd_alone_action decide_detach(const char *before, const pd_probe *now)
{
    if (!pd_streq(before, "attached") || is(now, "attached")) {
        return PD_ALONE_RUN;
    }
    return is(now, "pending") ? PD_ALONE_FINALIZE : PD_ALONE_DONE;
}

/* Made where there was nothing, or gone where there was something. */
static pd_alone_action decide_existence(const char *before, const pd_probe *now, bool makes)
{
    bool was_absent = pd_streq(before, "absent");
    bool is_absent = is(now, "absent");
    bool ran = before != NULL && was_absent == makes && is_absent != makes;
    return ran ? PD_ALONE_DONE : PD_ALONE_RUN;
}

pd_alone_action pd_alone_decide(const pd_statement *statement, const char *before,
                                const pd_probe *now)
{
    switch (statement->outside) {
    case PD_OUTSIDE_NONE:
    case PD_OUTSIDE_COUNT:
    case PD_OUTSIDE_UNKNOWN:
        return before == NULL ? PD_ALONE_RUN : PD_ALONE_REFUSE;
    case PD_OUTSIDE_REPEAT:
        return PD_ALONE_RUN;
    case PD_OUTSIDE_CREATE_INDEX:
        return decide_create_index(statement->subject, before, now);
    case PD_OUTSIDE_REINDEX:
        return before != NULL && now->leftover_count > 0 ? PD_ALONE_CLEAR : PD_ALONE_RUN;
    case PD_OUTSIDE_DETACH:
        return decide_detach(before, now);
    case PD_OUTSIDE_DROP_INDEX:
    case PD_OUTSIDE_DROP_DATABASE:
    case PD_OUTSIDE_DROP_TABLESPACE:
    case PD_OUTSIDE_DROP_SUBSCRIPTION:
        return decide_existence(before, now, false);
    case PD_OUTSIDE_CREATE_DATABASE:
    case PD_OUTSIDE_CREATE_TABLESPACE:
    case PD_OUTSIDE_CREATE_SUBSCRIPTION:
        return decide_existence(before, now, true);
    }
    return PD_ALONE_REFUSE;
}

static const char *missing_index(const pd_subject *subject, const char *before, const pd_probe *now)
{
    if (*subject->name == '\0') {
        return NULL;
    }
    if (is(now, "absent") || is(now, "other")) {
        return "it is not there";
    }
    if (is(now, "invalid") || is(now, "building")) {
        return "it is INVALID";
    }
    if (!now->same_table) {
        return "it is of another table";
    }
    /* IF NOT EXISTS is a success whoever has made it. */
    bool ours = pd_streq(before, "absent") && !subject->tolerant;
    return ours || now->same ? NULL : "it is another index than the statement asks for";
}

const char *pd_alone_missing(const pd_statement *statement, const char *before, const pd_probe *now)
{
    switch (statement->outside) {
    case PD_OUTSIDE_NONE:
    case PD_OUTSIDE_COUNT:
    case PD_OUTSIDE_UNKNOWN:
    case PD_OUTSIDE_REPEAT:
        return NULL;
    case PD_OUTSIDE_CREATE_INDEX:
        return missing_index(statement->subject, before, now);
    case PD_OUTSIDE_REINDEX:
        return now->leftover_count > 0 ? "an invalid index was left behind" : NULL;
    case PD_OUTSIDE_DETACH:
        return is(now, "attached") || is(now, "pending") ? "it is still attached" : NULL;
    case PD_OUTSIDE_DROP_INDEX:
    case PD_OUTSIDE_DROP_DATABASE:
    case PD_OUTSIDE_DROP_TABLESPACE:
    case PD_OUTSIDE_DROP_SUBSCRIPTION:
        return is(now, "absent") ? NULL : "it is still there";
    case PD_OUTSIDE_CREATE_DATABASE:
    case PD_OUTSIDE_CREATE_TABLESPACE:
    case PD_OUTSIDE_CREATE_SUBSCRIPTION:
        return is(now, "absent") ? "it is not there" : NULL;
    }
    return NULL;
}
