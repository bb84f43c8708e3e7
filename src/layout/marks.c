/* Marks of sqlx and diesel that a migration is to run outside of a transaction. */
#include <string.h>

#include "base/str.h"
#include "layout/pairs.h"

#define BLANKS " \t\r"

/* sqlx looks at the first bytes of the file, and nowhere else. */
void pd_finish_sqlx(pd_reader *reader, pd_migration *migration)
{
    (void)reader;
    migration->no_transaction = pd_starts_with(migration->up.data, PD_SQLX_MARK);
}

/* Whether the line is `run_in_transaction = false`, with blanks and a comment as TOML has them. */
static bool turns_off(const char *line)
{
    static const char key[] = "run_in_transaction";
    line += strspn(line, BLANKS);
    if (strncmp(line, key, strlen(key)) != 0) {
        return false;
    }
    line += strlen(key);
    line += strspn(line, BLANKS);
    if (*line != '=') {
        return false;
    }
    line++;
    line += strspn(line, BLANKS);
    if (!pd_starts_with(line, "false")) {
        return false;
    }
    line += strlen("false");
    line += strspn(line, BLANKS);
    return *line == '\0' || *line == '\n' || *line == '#';
}

void pd_finish_diesel(pd_reader *reader, pd_migration *migration)
{
    pd_read_sql_file(reader, pd_arena_printf(reader->arena, "%s/metadata.toml", migration->name),
                     &migration->config);
    const char *line = migration->config.data;
    /* Keys of a table stand behind its head: only those in front of all heads are meant. */
    while (line != NULL && line[strspn(line, BLANKS)] != '[') {
        if (turns_off(line)) {
            migration->no_transaction = true;
            return;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
}
