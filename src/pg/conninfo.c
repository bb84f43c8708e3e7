#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/str.h"
#include "pg/conn.h"

static bool ports_valid(const char *list)
{
    const char *at = list;
    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        char port[8];
        uint64_t value = 0;
        if (len >= sizeof port) {
            return false;
        }
        memcpy(port, at, len);
        port[len] = '\0';
        if (len > 0 && (!pd_parse_uint(port, 65535, &value) || value == 0)) {
            return false;
        }
        at += len;
        at += *at == ',' ? 1 : 0;
    }
    return true;
}

/* A host name holds no '@'; a socket folder, or an abstract socket ('@' first), may. */
static bool hosts_valid(const char *list)
{
    const char *at = list;
    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        bool socket = *at == '/' || *at == '@';
        if (!socket && memchr(at, '@', len) != NULL) {
            return false;
        }
        at += len;
        at += *at == ',' ? 1 : 0;
    }
    return true;
}

/* RFC 3986, section 3.2: user information ends at the only raw '@', in front of any '/'. */
static bool authority_valid(const char *conninfo)
{
    const char *scheme = strstr(conninfo, "://");
    if (scheme == NULL) {
        return true;
    }
    const char *rest = scheme + 3;
    const char *at = strchr(rest, '@');
    if (at == NULL) {
        return true;
    }
    size_t path = strcspn(rest, "/");
    const char *after = at + 1;
    size_t query = strcspn(after, "?");
    return (size_t)(at - rest) < path && memchr(after, '@', query) == NULL;
}

bool pd_conninfo_usable(const char *conninfo)
{
    if (conninfo == NULL || *conninfo == '\0') {
        return true;
    }
    char *ignored = NULL; /* it quotes the string, password and all */
    PQconninfoOption *options = PQconninfoParse(conninfo, &ignored);
    bool refused = ignored != NULL && !pd_streq(ignored, "out of memory\n");
    PQfreemem(ignored);
    if (options == NULL && !refused) {
        pd_out_of_memory();
    }
    if (options == NULL) {
        return false;
    }
    bool uri = pd_starts_with(conninfo, "postgres://") || pd_starts_with(conninfo, "postgresql://");
    bool usable = !uri || authority_valid(conninfo);
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val == NULL) {
            continue;
        }
        if (pd_streq(option->keyword, "port")) {
            usable = usable && ports_valid(option->val);
        } else if (pd_streq(option->keyword, "host")) {
            usable = usable && hosts_valid(option->val);
        }
    }
    PQconninfoFree(options);
    return usable;
}
