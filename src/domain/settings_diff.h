/* Which settings differ between two versions of `.predeploy`. */
#ifndef PD_DOMAIN_SETTINGS_DIFF_H
#define PD_DOMAIN_SETTINGS_DIFF_H

#include "base/arena.h"
#include "base/str.h"

/* One line a key, in the order of `is`, then what is gone: "deploy.transaction: each, was all".
 * A text with data NULL has no keys. "" when nothing differs, or when one of them is no valid file
 * of settings: its values may then be anything, and are not shown. */
const char *pd_settings_diff(pd_arena *arena, const pd_bytes *was, const pd_bytes *is);

#endif
