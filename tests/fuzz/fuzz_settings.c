/* Any bytes as a `.predeploy`: read, or refused with a message and a hint; values in range. */
#include <string.h>

#include "domain/settings.h"
#include "fuzz.h"

static void check_settings(const pd_settings *settings)
{
    FUZZ_CHECK(settings->retries >= 0 && settings->retries <= 1000);
    FUZZ_CHECK(settings->connect_timeout_ms >= 1 && settings->backup_timeout_ms >= 1);
    FUZZ_CHECK(settings->lock_timeout_ms >= 0 && settings->lock_timeout_ms <= INT32_MAX);
    FUZZ_CHECK(settings->tables >= -1 && settings->min_tables >= 0);
    FUZZ_CHECK(settings->ledger_schema[0] != '\0' && strlen(settings->ledger_table) <= 63);
    if (settings->path != NULL) {
        FUZZ_CHECK(settings->path[0] != '/' && strstr(settings->path, "//") == NULL);
        FUZZ_CHECK(strcmp(settings->path, "..") != 0 && strncmp(settings->path, "../", 3) != 0);
        FUZZ_CHECK(strstr(settings->path, "/../") == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_settings settings;
    pd_error err = {0};
    pd_settings_default(&settings);
    bool parsed = pd_settings_parse(&settings, arena, ".predeploy", (const char *)data, size, &err);
    FUZZ_CHECK(parsed || (err.kind == PD_ERROR_USAGE && err.message[0] != '\0' &&
                          err.hint[0] != '\0' && strncmp(err.message, ".predeploy:", 11) == 0));
    check_settings(&settings);
    return 0;
}
