#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strbuf.h"

/* Each test has an empty folder as its working directory. */
static int enter_folder(void **state)
{
    char *folder = strdup("/tmp/pd-test-file-XXXXXX");
    *state = folder;
    return folder != NULL && mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static void remove_entries(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(folder), entry->d_name,
                           entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    closedir(folder);
}

static int leave_folder(void **state)
{
    char *folder = *state;
    remove_entries(folder);
    bool done = chdir("/") == 0 && rmdir(folder) == 0;
    free(folder);
    return done ? 0 : -1;
}

static size_t entries(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

static void expect_content(const char *path, const char *data, size_t len)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_error err;
    pd_bytes read = {0};
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    assert_true(pd_file_slurp(stream, path, (size_t)1 << 24, arena, &read, &err));
    fclose(stream);
    assert_int_equal(read.len, len);
    assert_memory_equal(read.data, data, len);
    assert_int_equal(read.data[len], '\0');
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode;
}

static void a_file_is_written_with_its_mode(void **state)
{
    static const mode_t modes[] = {0600, 0644, 0755, 0400};
    (void)state;
    pd_error err;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_true(pd_file_write("new", "a\0b\n", 4, modes[i], &err));
        expect_content("new", "a\0b\n", 4);
        assert_int_equal(mode_of("new"), S_IFREG | modes[i]); /* whatever the umask says */
        assert_int_equal(entries("."), 1);
    }
    assert_true(pd_file_write("new", "", 0, 0644, &err));
    expect_content("new", "", 0);
    assert_true(pd_file_write("new", NULL, 0, 0644, &err));
    PD_AUTO_STRBUF large = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addn(&large, 'x', (size_t)3 << 20);
    assert_true(pd_file_write("new", large.data, large.len, 0644, &err));
    expect_content("new", large.data, large.len);
    assert_int_equal(entries("."), 1);
}

static void paths_of_all_forms_are_written(void **state)
{
    const char *folder = *state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_error err;
    assert_int_equal(mkdir("sub", 0755), 0);
    const char *const paths[] = {"plain",
                                 "./dotted",
                                 "sub/in-a-folder",
                                 "sub//twice",
                                 pd_arena_printf(arena, "%s/absolute", folder),
                                 "-n",
                                 "a b\n%s"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_true(pd_file_write(paths[i], "x", 1, 0644, &err));
        expect_content(paths[i], "x", 1);
    }
    assert_int_equal(entries("sub"), 2);
    remove_entries("sub");
}

/* Whoever has the old file open keeps reading the old file. */
static void an_existing_file_is_replaced_not_rewritten(void **state)
{
    (void)state;
    pd_error err;
    char old[8] = {0};
    assert_true(pd_file_write("file", "old", 3, 0600, &err));
    int reader = open("file", O_RDONLY);
    assert_int_equal(link("file", "second-name"), 0);
    assert_true(pd_file_write("file", "new!", 4, 0644, &err));
    expect_content("file", "new!", 4);
    expect_content("second-name", "old", 3);
    assert_int_equal(read(reader, old, sizeof old), 3);
    assert_string_equal(old, "old");
    close(reader);
    assert_int_equal(mode_of("file"), S_IFREG | 0644);
}

static void a_symbolic_link_is_replaced_not_followed(void **state)
{
    (void)state;
    pd_error err;
    assert_true(pd_file_write("target", "precious", 8, 0600, &err));
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_true(pd_file_write("link", "new", 3, 0644, &err));
    assert_true(pd_file_write("dangling", "new", 3, 0644, &err));
    expect_content("target", "precious", 8);
    expect_content("link", "new", 3);
    assert_true(S_ISREG(mode_of("link")));
    assert_true(S_ISREG(mode_of("dangling")));
    assert_int_equal(access("nowhere", F_OK), -1);
    assert_int_equal(entries("."), 3);
}

static void expect_failure(const char *path, const char *detail)
{
    pd_error err;
    assert_false(pd_file_write(path, "new", 3, 0644, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(err.message, "cannot write "));
    assert_non_null(strstr(err.message, path));
    assert_string_equal(err.detail, detail);
}

static void what_cannot_be_written_is_left_alone(void **state)
{
    (void)state;
    pd_error err;
    assert_true(pd_file_write("file", "old", 3, 0644, &err));
    assert_int_equal(mkdir("folder", 0755), 0);
    assert_int_equal(mkdir("folder/inner", 0755), 0);
    expect_failure("nowhere/file", "No such file or directory");
    expect_failure("file/below", "Not a directory");
    expect_failure("folder", "Is a directory");
    expect_failure("folder/", "Not a directory");
    expect_failure("", "No such file or directory");
    assert_int_equal(entries("."), 2);
    expect_content("file", "old", 3);
    assert_int_equal(entries("folder"), 1);
    remove_entries("folder");
}

static void a_folder_that_is_read_only_stays_as_it_is(void **state)
{
    (void)state;
    pd_error err;
    assert_true(pd_file_write("file", "old", 3, 0666, &err));
    assert_int_equal(chmod(".", 0555), 0);
    bool root = geteuid() == 0; /* whom no mode stops */
    if (root)
        assert_int_equal(seteuid(65534), 0);
    expect_failure("file", "Permission denied");
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(".", 0755), 0);
    expect_content("file", "old", 3);
    assert_int_equal(entries("."), 1);
}

/* A limit on the size of files stands for a disk that is full. */
static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    pd_error err;
    assert_true(pd_file_write("file", "old", 3, 0644, &err));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 4096};
        PD_AUTO_STRBUF large = pd_strbuf_new(PD_STRBUF_MAX);
        pd_strbuf_addn(&large, 'x', 10000);
        signal(SIGXFSZ, SIG_IGN);
        bool failed = setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                      !pd_file_write("file", large.data, large.len, 0644, &err) &&
                      strcmp(err.detail, "File too large") == 0;
        pd_strbuf_free(&large);
        _exit(failed ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    expect_content("file", "old", 3);
    assert_int_equal(entries("."), 1);
}

static bool slurp_bytes(size_t size, size_t max, pd_error *err)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_bytes read = {0};
    char *bytes = pd_arena_alloc(arena, size + 1);
    memset(bytes, 'x', size + 1);
    FILE *stream = fmemopen(bytes, size + 1, "rb");
    assert_int_equal(fgetc(stream), 'x'); /* fmemopen refuses to be empty */
    bool done = pd_file_slurp(stream, "standard input", max, arena, &read, err);
    fclose(stream);
    return done && read.len == size && memcmp(read.data, bytes + 1, size) == 0;
}

static void a_stream_is_read_up_to_its_maximum(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
    (void)state;
    pd_error err;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_true(slurp_bytes(sizes[i], sizes[i], &err));
        assert_true(slurp_bytes(sizes[i], sizes[i] + 1, &err));
        if (sizes[i] == 0)
            continue;
        assert_false(slurp_bytes(sizes[i], sizes[i] - 1, &err));
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_non_null(strstr(err.message, "standard input is larger than "));
    }
}

static void a_stream_without_end_is_refused(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_error err;
    pd_bytes read = {0};
    FILE *stream = fopen("/dev/zero", "rb");
    assert_non_null(stream);
    assert_false(pd_file_slurp(stream, "zeros", 100000, arena, &read, &err));
    fclose(stream);
    assert_string_equal(err.message, "zeros is larger than 100000 bytes");
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_error err;
    pd_bytes read = {0};
    FILE *stream = fopen(".", "rb");
    assert_non_null(stream);
    assert_false(pd_file_slurp(stream, "folder", 100, arena, &read, &err));
    fclose(stream);
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_string_equal(err.message, "cannot read folder");
    assert_string_equal(err.detail, "Is a directory");
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_file_is_written_with_its_mode),
        IN_A_FOLDER(paths_of_all_forms_are_written),
        IN_A_FOLDER(an_existing_file_is_replaced_not_rewritten),
        IN_A_FOLDER(a_symbolic_link_is_replaced_not_followed),
        IN_A_FOLDER(what_cannot_be_written_is_left_alone),
        IN_A_FOLDER(a_folder_that_is_read_only_stays_as_it_is),
        IN_A_FOLDER(a_full_disk_leaves_the_old_file),
        IN_A_FOLDER(a_stream_is_read_up_to_its_maximum),
        IN_A_FOLDER(a_stream_without_end_is_refused),
        IN_A_FOLDER(what_cannot_be_read_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
