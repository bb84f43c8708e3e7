#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

/* What the file system is to fail with, 0: nothing. These stand in front of the C library's. */
typedef struct faults {
    int link;
    int rename;
    int sync_folder;
} faults;

static faults failing;

static int fail_with(int error)
{
    errno = error;
    return -1;
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    if (failing.link != 0)
        return fail_with(failing.link);
    return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    if (failing.rename != 0)
        return fail_with(failing.rename);
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int fsync(int fd)
{
    struct stat st;
    if (failing.sync_folder != 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return fail_with(failing.sync_folder);
    return (int)syscall(SYS_fsync, fd);
}

typedef struct world {
    pd_arena *arena;
    char root[64];
} world;

static int set_up(void **state)
{
    world *self = calloc(1, sizeof *self);
    if (self == NULL)
        return 1;
    self->arena = pd_arena_new();
    memcpy(self->root, "/tmp/file_below.XXXXXX", 23);
    *state = self;
    return mkdtemp(self->root) == NULL;
}

static const char *below(world *self, const char *path)
{
    return pd_arena_printf(self->arena, "%s/%s", self->root, path);
}

static int tear_down(void **state)
{
    world *self = *state;
    static const char *const files[] = {"a/b/f", "a/f", "f", "link", "a/link"};
    static const char *const folders[] = {"a/b", "a", ""};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(below(self, files[i]));
    int left = 0;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        left = rmdir(below(self, folders[i]));
    pd_arena_free(self->arena);
    free(self);
    return left; /* a temporary file that was left behind keeps the folder */
}

static bool put(world *self, const char *path, const char *text, pd_file_how how)
{
    pd_error err = {0};
    bool done = pd_file_write_below(self->root, path, (pd_bytes){text, strlen(text)}, how, &err);
    assert_int_equal(err.kind, done ? PD_ERROR_NONE : PD_ERROR_USAGE);
    return done;
}

static const char *get(world *self, const char *path, size_t max)
{
    pd_error err = {0};
    pd_bytes text = {0};
    if (!pd_file_read_below(self->root, path, max, self->arena, &text, &err))
        return "refused";
    return text.data == NULL ? "missing" : text.data;
}

static void test_new_and_replaced(void **state)
{
    world *self = *state;
    struct stat st;
    assert_string_equal(get(self, "a/b/f", 9), "missing");
    assert_true(put(self, "a/b/f", "one", PD_FILE_NEW));
    assert_string_equal(get(self, "a/b/f", 9), "one");
    assert_string_equal(get(self, "a/b/f", 2), "refused");
    assert_false(put(self, "a/b/f", "two", PD_FILE_NEW));
    assert_string_equal(get(self, "a/b/f", 9), "one");
    assert_int_equal(chmod(below(self, "a/b/f"), 0640), 0);
    assert_true(put(self, "a/b/f", "three", PD_FILE_REPLACE));
    assert_string_equal(get(self, "a/b/f", 9), "three");
    assert_int_equal(stat(below(self, "a/b/f"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_true(put(self, "f", "", PD_FILE_REPLACE));
    pd_file_remove_below(self->root, "f");
    assert_string_equal(get(self, "f", 9), "missing");
}

static void test_links(void **state)
{
    world *self = *state;
    assert_true(put(self, "a/f", "one", PD_FILE_NEW));
    assert_int_equal(symlink("a", below(self, "link")), 0);
    assert_int_equal(symlink("f", below(self, "a/link")), 0);
    static const char *const paths[] = {"link/f", "link/new", "a/link", "a/f/x", "link"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_false(put(self, paths[i], "two", PD_FILE_NEW));
        assert_false(put(self, paths[i], "two", PD_FILE_REPLACE));
        assert_string_equal(get(self, paths[i], 9), "refused");
        pd_file_remove_below(self->root, paths[i][0] == 'l' ? paths[i] : "a/f/x");
    }
    assert_string_equal(get(self, "a/f", 9), "one");
}

static void test_paths(void **state)
{
    world *self = *state;
    static const char *const paths[] = {"",     "/f",     "../f",   "a/../f", "./f",
                                        "a//f", ".git/f", ".GIT/f", "a/",     ".."};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_false(put(self, paths[i], "x", PD_FILE_NEW));
        const char *read = get(self, paths[i], 9);
        assert_true(strcmp(read, "refused") == 0 || strcmp(read, "missing") == 0);
    }
    char name[300];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_false(put(self, name, "x", PD_FILE_NEW));
}

static const char *why(world *self, const char *path, pd_file_how how, faults with)
{
    static const pd_bytes text = {"new", 3};
    pd_error err = {0};
    failing = with;
    bool done = pd_file_write_below(self->root, path, text, how, &err);
    failing = (faults){0};
    return done ? "done" : pd_arena_printf(self->arena, "%s: %s", err.message, err.detail);
}

static void test_failures_are_told_as_they_are(void **state)
{
    world *self = *state;
    assert_true(put(self, "f", "old", PD_FILE_NEW));
    static const struct {
        const char *path;
        faults with;
        const char *why;
        const char *there; /* what stands there then */
    } cases[] = {
        {"f", {0}, "it is there already", "old"},
        {"f", {.link = EPERM}, "it is there already", "old"},
        {"a/f", {.link = EPERM}, "done", "new"}, /* a file system without hard links */
        {"a/f", {.link = EDQUOT, .rename = ENOSPC}, "No space left on device", "missing"},
        {"a/f", {.sync_folder = EIO}, "Input/output error", "missing"},
        {"a/f", {.sync_folder = EINVAL}, "done", "new"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unlink(below(self, "a/f"));
        const char *said = why(self, cases[i].path, PD_FILE_NEW, cases[i].with);
        assert_non_null(strstr(said, cases[i].why));
        assert_string_equal(get(self, cases[i].path, 9), cases[i].there);
    }
}

static void test_what_was_replaced_returns(void **state)
{
    world *self = *state;
    assert_true(put(self, "f", "old", PD_FILE_NEW));
    assert_non_null(strstr(why(self, "f", PD_FILE_REPLACE, (faults){.sync_folder = EIO}),
                           "Input/output error"));
    assert_string_equal(get(self, "f", 9), "old");
    assert_non_null(strstr(why(self, "a/f", PD_FILE_REPLACE, (faults){.sync_folder = EIO}),
                           "Input/output error"));
    assert_string_equal(get(self, "a/f", 9), "missing");
    assert_string_equal(why(self, "f", PD_FILE_REPLACE, (faults){.link = EPERM}), "done");
    assert_string_equal(get(self, "f", 9), "new");
}

/* A pipe without a writer would make its reader wait, or look empty. */
static void test_what_is_no_regular_file(void **state)
{
    world *self = *state;
    assert_true(put(self, "a/f", "one", PD_FILE_NEW));
    assert_int_equal(symlink("f", below(self, "a/link")), 0);
    assert_int_equal(mkfifo(below(self, "f"), 0600), 0);
    static const struct {
        const char *path;
        const char *detail; /* NULL: it is read */
    } cases[] = {
        {"a/f", NULL},
        {"a/b", NULL}, /* not there */
        {"a/link", "it is a symbolic link"},
        {"f", "it is no regular file"},
        {"a", "it is no regular file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pd_error err = {0};
        pd_bytes text = {0};
        bool done =
            pd_file_read_regular(below(self, cases[i].path), "it", 9, self->arena, &text, &err);
        assert_int_equal(done, cases[i].detail == NULL);
        if (!done) {
            assert_string_equal(err.message, "cannot read it");
            assert_string_equal(err.detail, cases[i].detail);
            assert_string_equal(get(self, cases[i].path, 9), "refused");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_and_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failures_are_told_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_replaced_returns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_regular_file, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
