#include "pg/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/str.h"
#include "pg/errors.h"

#define LIST_MAX 64 /* hosts of a connection string */
#define ANSWER_MAX ((size_t)64 << 10)

/* The items of a list that commas part. */
typedef struct items {
    const char *item[LIST_MAX];
    size_t count;
} items;

static bool split(pd_arena *arena, const char *list, items *out)
{
    const char *at = list;
    out->count = 0;
    for (;;) {
        size_t len = strcspn(at, ",");
        if (out->count == LIST_MAX) {
            return false;
        }
        out->item[out->count++] = pd_arena_strndup(arena, at, len);
        if (at[len] == '\0') {
            return true;
        }
        at += len + 1;
    }
}

static const char *find(const PQconninfoOption *options, const char *keyword)
{
    for (; options != NULL && options->keyword != NULL; options++) {
        if (pd_streq(options->keyword, keyword)) {
            return options->val == NULL ? "" : options->val;
        }
    }
    return "";
}

typedef struct words {
    const char *host;
    const char *hostaddr;
    const char *port;
    const char *service;
} words;

static void read_words(pd_arena *arena, const char *conninfo, words *out)
{
    bool given = conninfo != NULL && *conninfo != '\0';
    char *ignored = NULL; /* it quotes the string, password and all */
    PQconninfoOption *own = given ? PQconninfoParse(conninfo, &ignored) : NULL;
    PQconninfoOption *defaults = PQconndefaults();
    const char *keywords[] = {"host", "hostaddr", "port", "service"};
    const char **values[] = {&out->host, &out->hostaddr, &out->port, &out->service};
    PQfreemem(ignored);
    if ((given && own == NULL) || defaults == NULL) { /* it was parsed before */
        pd_out_of_memory();
    }
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        const char *value = find(own, keywords[i]);
        *values[i] = pd_arena_strdup(arena, *value != '\0' ? value : find(defaults, keywords[i]));
    }
    out->service = pd_arena_strdup(arena, find(own, "service"));
    PQconninfoFree(own);
    PQconninfoFree(defaults);
}

static bool is_socket(const char *host)
{
    return *host == '\0' || *host == '/' || *host == '@';
}

static bool is_address(const char *host)
{
    unsigned char ignored[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, ignored) == 1 || inet_pton(AF_INET6, host, ignored) == 1;
}

/* Whether there is a name that somebody else has to be asked for. */
static bool needs_help(const items *hosts)
{
    bool needed = false;
    for (size_t i = 0; i < hosts->count; i++) {
        const char *host = hosts->item[i];
        if (is_socket(host)) {
            return false;
        }
        needed = needed || (!is_address(host) && !pd_streq(host, "localhost"));
    }
    return needed;
}

bool pd_lookup_system(const char *name, pd_strbuf *out)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(name, NULL, &hints, &found);
    if (failed != 0) {
        pd_strbuf_adds(out, gai_strerror(failed));
        return false;
    }
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) ==
            0) {
            pd_strbuf_addf(out, "%s\n", text);
        }
    }
    freeaddrinfo(found);
    return true;
}

/* In the child. A host's answer is a line each address, or '!' and a reason, and an empty line. */
static void answer_all(const items *hosts, pd_lookup *lookup, int fd)
{
    PD_AUTO_STRBUF all = pd_strbuf_new(ANSWER_MAX);
    for (size_t i = 0; i < hosts->count; i++) {
        PD_AUTO_STRBUF one = pd_strbuf_new(ANSWER_MAX);
        bool known = lookup(hosts->item[i], &one);
        pd_strbuf_addf(&all, known ? "%s\n" : "!%s\n\n", one.data);
    }
    for (size_t sent = 0; sent < all.len;) {
        ssize_t got = write(fd, all.data + sent, all.len - sent);
        if (got < 0 && errno != EINTR) {
            return;
        }
        sent += got > 0 ? (size_t)got : 0;
    }
}

typedef struct child {
    pid_t pid; /* 0: none */
    int fd;
} child;

static void child_cleanup(child *self)
{
    if (self->fd >= 0) {
        (void)close(self->fd);
    }
    if (self->pid > 0) {
        (void)kill(self->pid, SIGKILL);
        pid_t ended = -1;
        do {
            ended = waitpid(self->pid, NULL, 0);
        } while (ended < 0 && errno == EINTR);
    }
}

static bool start_child(const items *hosts, const pd_resolver *resolver, child *out, pd_error *err)
{
    int ends[2];
    bool piped = pipe(ends) == 0;
    pid_t parent = getpid();
    pid_t pid = piped ? fork() : -1;
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
            _exit(1);
        }
        (void)close(ends[0]);
        pd_interrupt_restore();
        answer_all(hosts, resolver->lookup, ends[1]);
        _exit(0);
    }
    if (pid < 0) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot ask for the address of the database");
        (void)pd_error_detail(err, "%s", strerror(errno));
        (void)pd_error_hint(err, "Raise the limit of processes (ulimit -u).");
        if (piped) {
            (void)close(ends[0]);
            (void)close(ends[1]);
        }
        return false;
    }
    (void)close(ends[1]);
    out->pid = pid;
    out->fd = ends[0];
    return true;
}

static bool fail_late(const items *hosts, const pd_resolver *resolver, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot connect to the database");
    (void)pd_error_detail(err, "no address for host name \"%s\" within %lld ms", hosts->item[0],
                          (long long)resolver->timeout_ms);
    return pd_error_hint(err, "Check DNS, or name the host by its address.");
}

static bool ask_child(const items *hosts, const pd_resolver *resolver, pd_strbuf *answer,
                      pd_error *err)
{
    child worker PD_CLEANUP(child_cleanup) = {.fd = -1};
    int64_t deadline_ms = pd_now_ms() + resolver->timeout_ms;
    if (!start_child(hosts, resolver, &worker, err)) {
        return false;
    }
    for (;;) {
        char data[4096];
        switch (pd_wait_fd(resolver->interrupt, worker.fd, POLLIN, deadline_ms)) {
        case PD_WAIT_SIGNAL:
            return pd_fail_interrupted(err, resolver->interrupt);
        case PD_WAIT_TIMEOUT:
            return fail_late(hosts, resolver, err);
        case PD_WAIT_READY:
            break;
        }
        ssize_t got = read(worker.fd, data, sizeof data);
        if (got == 0) {
            return true;
        }
        pd_strbuf_add(answer, data, got > 0 ? (size_t)got : 0);
    }
}

typedef struct lists {
    pd_strbuf host;
    pd_strbuf hostaddr;
    pd_strbuf port;
} lists;

static void add_address(lists *self, const char *host, const char *port, const char *line,
                        size_t len)
{
    const char *comma = self->host.len > 0 ? "," : "";
    pd_strbuf_addf(&self->host, "%s%s", comma, host);
    pd_strbuf_addf(&self->hostaddr, "%s%.*s", comma, (int)len, line);
    pd_strbuf_addf(&self->port, "%s%s", comma, port);
}

/* Reads what the child has written; *why is the first reason of those without an address. */
static void take_answer(pd_arena *arena, const char *text, const items *hosts, const items *ports,
                        lists *out, const char **why)
{
    size_t host = 0;
    while (*text != '\0' && host < hosts->count) {
        size_t len = strcspn(text, "\n");
        const char *port = ports->item[ports->count == 1 ? 0 : host];
        if (len == 0) {
            host++;
        } else if (*text == '!' && *why == NULL) {
            *why = pd_arena_printf(arena, "could not translate host name \"%s\" to address: %.*s",
                                   hosts->item[host], (int)len - 1, text + 1);
        } else if (*text != '!') {
            add_address(out, hosts->item[host], port, text, len);
        }
        text += len;
        text += *text == '\n' ? 1 : 0;
    }
}

bool pd_resolve(pd_arena *arena, const char *conninfo, const pd_resolver *resolver, pd_hosts *out,
                pd_error *err)
{
    words given = {0};
    items hosts = {.count = 0};
    items ports = {.count = 0};
    *out = (pd_hosts){0};
    read_words(arena, conninfo, &given);
    if (*given.service != '\0' || *given.hostaddr != '\0' || !split(arena, given.host, &hosts) ||
        !needs_help(&hosts) || !split(arena, given.port, &ports) ||
        (ports.count != 1 && ports.count != hosts.count)) {
        return true;
    }
    PD_AUTO_STRBUF answer = pd_strbuf_new(ANSWER_MAX);
    if (!ask_child(&hosts, resolver, &answer, err)) {
        return false;
    }
    const char *why = NULL;
    lists found = {pd_strbuf_new(PD_STRBUF_MAX), pd_strbuf_new(PD_STRBUF_MAX),
                   pd_strbuf_new(PD_STRBUF_MAX)};
    take_answer(arena, answer.data, &hosts, &ports, &found, &why);
    bool any = found.host.len > 0;
    if (any) {
        *out = (pd_hosts){.host = pd_strbuf_keep(&found.host, arena),
                          .hostaddr = pd_strbuf_keep(&found.hostaddr, arena),
                          .port = pd_strbuf_keep(&found.port, arena)};
    }
    pd_strbuf_free(&found.host);
    pd_strbuf_free(&found.hostaddr);
    pd_strbuf_free(&found.port);
    return any || pd_pg_fail_connect(err, why != NULL ? why : "could not translate host name");
}
