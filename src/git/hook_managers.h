/* Programs that write the hooks of a repository themselves, and would write ours away. */
#ifndef PD_GIT_HOOK_MANAGERS_H
#define PD_GIT_HOOK_MANAGERS_H

#include <stdbool.h>

#include "base/arena.h"

/* husky 9 writes the folder FOLDER/_ anew at each install; each hook in it runs the one of its name
 * in FOLDER, by `sh -e`. *own gets FOLDER, in the arena. */
bool pd_hook_is_husky(pd_arena *arena, const char *folder, const char **own);

/* What husky is to run: the call alone, or in front of what stands there ("" for nothing), which
 * gets git's lines again. */
const char *pd_hook_for_husky(pd_arena *arena, const char *name, const char *there);

/* Whether a hook's text is lefthook's or the pre-commit framework's. */
bool pd_hook_is_lefthook(const char *text);
bool pd_hook_is_pre_commit(const char *text);

/* Whether one of lefthook's files in the work tree's root calls the gate. */
bool pd_hook_lefthook_calls(pd_arena *arena, const char *root, const char *name);

/* What somebody adds to lefthook.yml by hand, lines. */
const char *pd_hook_for_lefthook(pd_arena *arena, const char *name);

/* Whether a text calls `predeploy hook NAME`, other than in a comment. */
bool pd_hook_calls(pd_arena *arena, const char *text, const char *name);

#endif
