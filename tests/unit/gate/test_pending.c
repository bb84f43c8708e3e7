/* What is parsed ahead is what would be parsed later, or is not taken. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain/settings.h"
#include "gate/pending.h"
#include "sets.h"

#define STATEMENTS 20000 /* make more bytes than a pipe holds */

typedef struct world {
    pd_arena *arena;
    pd_settings settings;
    pd_set set;
    pd_findings findings;
    pd_applied_state states[3];
    const pd_script *scripts[3];
} world;

static void set_up(world *w, pd_arena *arena)
{
    *w = (world){.arena = arena, .findings = {.arena = arena}};
    pd_settings_default(&w->settings);
    w->set = (pd_set){.layout = PD_LAYOUT_PLAIN, .folder = "migrations"};
    add_migration(arena, &w->set, "0001_a", "CREATE TABLE a (i int); SELECT 1;", "DROP TABLE a;");
    add_migration(arena, &w->set, "0002_b", "CREATE TABLE b (i int);", "DROP TABLE b;");
    add_migration(arena, &w->set, "0003_c", "SELEC;", "SELECT 1;");
    for (size_t i = 0; i < 3; i++)
        w->states[i] = PD_PENDING;
}

static pd_pending_begun *begin(world *w, bool unqualified)
{
    pd_applied_state *all = pd_arena_array(w->arena, 3, sizeof *all);
    for (size_t i = 0; i < 3; i++)
        all[i] = PD_PENDING;
    pd_pending foreseen = {.states = all, .unqualified = unqualified};
    return pd_gate_pending_begin(w->arena, &w->set, &foreseen, &w->settings);
}

static bool ask(world *w, pd_pending_begun *begun)
{
    pd_error err = {0};
    pd_pending asked = {
        .states = w->states, .unqualified = true, .scripts = w->scripts, .begun = begun};
    return pd_gate_pending(&w->set, &asked, &w->settings, &w->findings, &err);
}

static void nobody_is_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void same(const world *w, const world *other)
{
    assert_int_equal(w->findings.count, other->findings.count);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(w->scripts[i] == NULL, other->scripts[i] == NULL);
        if (w->scripts[i] == NULL)
            continue;
        assert_int_equal(w->scripts[i]->state, other->scripts[i]->state);
        assert_int_equal(w->scripts[i]->count, other->scripts[i]->count);
        for (size_t k = 0; k < w->scripts[i]->count; k++)
            assert_int_equal(w->scripts[i]->statements[k].tables_delta,
                             other->scripts[i]->statements[k].tables_delta);
    }
}

static void nothing_foreseen(world *w)
{
    (void)w;
}

static void one_is_applied(world *w)
{
    w->states[0] = PD_APPLIED;
}

static void all_are_applied(world *w)
{
    for (size_t i = 0; i < 3; i++)
        w->states[i] = PD_APPLIED;
}

static void another_text(world *w)
{
    fill_file(w->arena, &w->set.migrations[1].up, "0002_b.sql", "DROP TABLE b; SELECT 1; SELECT 2");
}

static void test_as_if_it_were_later(void **state)
{
    (void)state;
    static void (*const changes[])(world *) = {nothing_foreseen, one_is_applied, all_are_applied,
                                               another_text};
    for (size_t i = 0; i < 2 * sizeof changes / sizeof *changes; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world ahead;
        world later;
        set_up(&ahead, arena);
        set_up(&later, arena);
        pd_pending_begun *begun = begin(&ahead, i % 2 == 0);
        assert_non_null(begun);
        changes[i / 2](&ahead);
        changes[i / 2](&later);
        assert_true(ask(&ahead, begun));
        nobody_is_left();
        assert_true(ask(&later, NULL));
        same(&ahead, &later);
    }
}

static void test_dropped(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up(&w, arena);
    pd_gate_pending_drop(NULL);
    pd_gate_pending_drop(begin(&w, true));
    nobody_is_left();
    /* of a file that cannot be read nothing is begun, and what was begun ends with the error */
    pd_pending_begun *begun = begin(&w, true);
    w.set.migrations[2].up.data = NULL;
    assert_null(begin(&w, true));
    assert_false(ask(&w, begun));
    nobody_is_left();
}

static pid_t only_child(void)
{
    char path[64];
    int pid = 0;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    (void)fclose(file);
    return pid;
}

/* It stands still until somebody reads. */
static void test_more_than_a_pipe_holds(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up(&w, arena);
    char *text = pd_arena_alloc(arena, STATEMENTS * 9 + 1);
    for (size_t i = 0; i < STATEMENTS; i++)
        memcpy(text + 9 * i, "SELECT 1;", 9);
    fill_file(arena, &w.set.migrations[1].up, "0002_b.sql", text);
    pd_pending_begun *begun = begin(&w, true);
    assert_non_null(begun);
    assert_true(ask(&w, begun));
    nobody_is_left();
    assert_int_equal(w.scripts[0]->count, 2);
    assert_int_equal(w.scripts[1]->state, PD_SCRIPT_OK);
    assert_int_equal(w.scripts[1]->count, STATEMENTS);
}

/* What it has not said is asked of another one. */
static void test_it_is_killed(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up(&w, arena);
    pd_pending_begun *begun = begin(&w, true);
    assert_non_null(begun);
    assert_int_equal(kill(only_child(), SIGKILL), 0);
    assert_true(ask(&w, begun));
    nobody_is_left();
    assert_int_equal(w.scripts[0]->count, 2);
    assert_int_equal(w.scripts[1]->count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_if_it_were_later),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_more_than_a_pipe_holds),
        cmocka_unit_test(test_it_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
