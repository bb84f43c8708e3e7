/* Reads the environment and counts. See torture.h. */
#include "torture.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *wanted_kind = "";
static long wanted_at;
static bool persists;
static bool in_children;
static int report = -1;
static uintptr_t own_first;
static uintptr_t own_last;
static pid_t process;
static atomic_int active;
static atomic_long calls;

/* Nothing here may allocate. */
static void say(const char *word, const char *name, long number)
{
    char line[128];
    int len = name != NULL ? snprintf(line, sizeof line, "%s %s\n", word, name)
                           : snprintf(line, sizeof line, "%s %ld\n", word, number);
    if (report >= 0 && len > 0) {
        ssize_t ignored = write(report, line, (size_t)len);
        (void)ignored;
    }
}

static bool is_counted_process(void)
{
    return in_children ? getpid() != process : getpid() == process;
}

bool torture_fails(const char *kind, const char *name)
{
    if (atomic_load(&active) == 0 || strcmp(kind, wanted_kind) != 0 || !is_counted_process())
        return false;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (wanted_at <= 0 || number < wanted_at || (number > wanted_at && !persists))
        return false;
    if (number == wanted_at)
        say("failed", name, 0);
    return true;
}

bool torture_is_own(const void *address)
{
    uintptr_t at = (uintptr_t)address;
    return at >= own_first && at < own_last;
}

/* The first object is the program. */
static int note_own(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
            continue;
        own_first = info->dlpi_addr + segment->p_vaddr;
        own_last = own_first + segment->p_memsz;
    }
    return 1;
}

static const char *word_of(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? value : otherwise;
}

/* Behind those of all libraries, in front of main. */
__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TORTURE_REPORT");
    if (strcmp(program_invocation_short_name, "predeploy") != 0)
        return;
    wanted_kind = word_of("TORTURE_KIND", "");
    wanted_at = strtol(word_of("TORTURE_AT", "0"), NULL, 10);
    persists = strcmp(word_of("TORTURE_PERSIST", "0"), "1") == 0;
    in_children = strcmp(word_of("TORTURE_WHERE", "parent"), "child") == 0;
    if (path != NULL)
        report = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    process = getpid();
    dl_iterate_phdr(note_own, NULL);
    atomic_store(&active, 1);
}

__attribute__((destructor)) static void end(void)
{
    if (atomic_exchange(&active, 0) == 1)
        say("calls", NULL, atomic_load(&calls));
}
