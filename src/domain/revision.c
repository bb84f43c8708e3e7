#include "domain/revision.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "domain/migration.h"

const char *pd_program_kind(const char *path)
{
    static const char *const others[] = {"_test.go", ".test.ts", ".spec.ts", ".d.ts",
                                         ".test.js", ".spec.js", "_test.py"};
    static const struct {
        const char *ending;
        const char *kind;
    } kinds[] = {
        {".go", "a Go program"},          {".ts", "a TypeScript program"},
        {".js", "a JavaScript program"},  {".mjs", "a JavaScript program"},
        {".cjs", "a JavaScript program"}, {".py", "a Python program"},
        {".rb", "a Ruby program"},        {".java", "a Java program"},
        {".kt", "a Kotlin program"},      {".groovy", "a Groovy program"},
        {".php", "a PHP program"},        {".pl", "a Perl program"},
        {".rs", "a Rust program"},        {".exs", "an Elixir program"},
        {".cs", "a C# program"},          {".sh", "a shell script"},
        {".ps1", "a PowerShell script"},  {".bat", "a batch file"},
        {".cmd", "a batch file"},         {".exe", "a program"},
    };
    const char *dot = strrchr(path, '.');
    const char *kind = NULL;
    for (size_t i = 0; dot != NULL && kind == NULL && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(dot, kinds[i].ending) == 0)
            kind = kinds[i].kind;
    for (size_t i = 0; kind != NULL && i < sizeof others / sizeof *others; i++)
        if (pd_ends_with(path, others[i]))
            kind = NULL;
    return kind;
}

static bool has_digit(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strpbrk(slash == NULL ? path : slash, "0123456789") != NULL;
}

bool pd_entry_wanted(const char *path, uint64_t size)
{
    if (size > PD_FILE_MAX)
        return false;
    return pd_ends_with(path, ".sql") || strcmp(path, PD_SUMS_FILE) == 0 ||
           strcmp(path, PD_JOURNAL_FILE) == 0 || pd_ends_with(path, ".sql.conf") ||
           pd_ends_with(path, "/metadata.toml") ||
           (pd_program_kind(path) != NULL && has_digit(path));
}

bool pd_entry_noted(const char *path)
{
    size_t len = strlen(path);
    return (len >= 4 && strcasecmp(path + len - 4, ".sql") == 0) ||
           (pd_program_kind(path) != NULL && has_digit(path));
}

const pd_entry *pd_snapshot_find(const pd_snapshot *snapshot, const char *path)
{
    size_t low = 0;
    size_t high = snapshot->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(snapshot->entries[middle].path, path);
        if (order == 0)
            return &snapshot->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
