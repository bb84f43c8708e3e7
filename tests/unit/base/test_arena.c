#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/memory.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    static const size_t sizes[] = {0,     1,     2,     15,    16,    17,    31,     1000,
                                   16383, 16384, 16385, 65535, 65536, 65537, 262144, 1 << 20};
    enum { SIZES = sizeof sizes / sizeof *sizes, PIECES = 40 * SIZES };
    unsigned char *pieces[PIECES];
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = sizes[i % SIZES];
        pieces[i] = pd_arena_alloc(arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_true(pieces[i][k] == 0);
        memset(pieces[i], (int)(i % 251 + 1), size);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < sizes[i % SIZES]; k++)
            assert_true(pieces[i][k] == i % 251 + 1);
}

static void a_large_piece_does_not_waste_the_block(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (int i = 0; i < 100; i++) {
        char *small = pd_arena_strdup(arena, "small");
        char *large = pd_arena_alloc(arena, (size_t)100 << 10);
        memset(large, 'L', (size_t)100 << 10);
        assert_string_equal(small, "small");
    }
}

static void texts_are_copied(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    char source[] = "text";
    char *copy = pd_arena_strdup(arena, source);
    source[0] = 'x';
    assert_string_equal(copy, "text");
    assert_string_equal(pd_arena_strdup(arena, ""), "");
    assert_string_equal(pd_arena_strndup(arena, "text", 2), "te");
    assert_string_equal(pd_arena_strndup(arena, NULL, 0), "");
    assert_memory_equal(pd_arena_strndup(arena, "a\0b", 3), "a\0b", 4);
    assert_string_equal(pd_arena_printf(arena, "%s-%03d", "a", 7), "a-007");
    assert_string_equal(pd_arena_printf(arena, "%s", ""), "");
    char *wide = pd_arena_printf(arena, "%100000d", 1);
    assert_int_equal(strlen(wide), 100000);
    assert_int_equal(wide[99999], '1');
    for (int width = 500; width < 520; width++) {
        char *text = pd_arena_printf(arena, "%*s%s", width, "x", "y");
        assert_int_equal(strlen(text), width + 1);
        assert_string_equal(text + width - 1, "xy");
    }
}

typedef struct item {
    int number;
    const char *name;
} item;

static void lists_grow_and_keep_their_items(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    item *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    for (int i = 0; i < 10000; i++) {
        item *added = PD_PUSH(arena, items, count, capacity);
        assert_ptr_equal(added, &items[i]);
        assert_int_equal(added->number, 0);
        assert_null(added->name);
        *added = (item){i, "name"};
    }
    assert_int_equal(count, 10000);
    assert_true(capacity >= count);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(items[i].number, i);
}

static void a_shortened_list_gives_zeroed_items_again(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    item *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    *(item *)PD_PUSH(arena, items, count, capacity) = (item){1, "first"};
    *(item *)PD_PUSH(arena, items, count, capacity) = (item){2, "second"};
    count = 1;
    item *added = PD_PUSH(arena, items, count, capacity);
    assert_int_equal(added->number, 0);
    assert_null(added->name);
    assert_string_equal(items[0].name, "first");
}

static void nothing_can_be_freed(void **state)
{
    (void)state;
    pd_arena_free(NULL);
    pd_arena *arena = pd_arena_new();
    pd_arena_alloc(arena, 1);
    pd_arena_cleanup(&arena);
    assert_null(arena);
    pd_arena_cleanup(&arena);
}

static void ask_for_product(pd_arena *arena)
{
    pd_arena_array(arena, SIZE_MAX / 2, 3);
}

static void ask_for_wrapped_product(pd_arena *arena)
{
    pd_arena_array(arena, SIZE_MAX / 16 + 2, 16); /* 16 bytes, modulo the size of size_t */
}

static void ask_for_everything(pd_arena *arena)
{
    pd_arena_alloc(arena, SIZE_MAX);
}

static void ask_for_nearly_everything(pd_arena *arena)
{
    pd_arena_alloc(arena, SIZE_MAX - 16);
}

static void ask_for_endless_text(pd_arena *arena)
{
    pd_arena_strndup(arena, "", SIZE_MAX);
}

static void impossible_sizes_end_the_process(void **state)
{
    static void (*const asks[])(pd_arena *) = {ask_for_product, ask_for_wrapped_product,
                                               ask_for_everything, ask_for_nearly_everything,
                                               ask_for_endless_text};
    (void)state;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(STDERR_FILENO);
            pd_arena *arena = pd_arena_new();
            asks[i](arena);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), PD_MEMORY_UNDECIDED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(a_large_piece_does_not_waste_the_block),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(lists_grow_and_keep_their_items),
        cmocka_unit_test(a_shortened_list_gives_zeroed_items_again),
        cmocka_unit_test(nothing_can_be_freed),
        cmocka_unit_test(impossible_sizes_end_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
