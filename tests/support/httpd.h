/* A scripted HTTP server on loopback, in a thread, for tests.
 *
 * Each request gets the next step of the script (the last one again and again) on a connection of
 * its own, and is kept as it came. Look at what was seen after httpd_stop.
 */
#ifndef PD_TEST_HTTPD_H
#define PD_TEST_HTTPD_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define HTTPD_SEEN_MAX 128
#define HTTPD_REQUEST_MAX 65536

typedef enum httpd_act {
    HTTPD_ANSWER, /* the answer, then `padding` bytes of x */
    HTTPD_CLOSE,  /* the connection ends behind the answer, without its rest (RST when empty) */
    HTTPD_HANG,   /* nothing, for as long as the client waits */
    HTTPD_DRIP,   /* the answer's bytes and then x for ever, one every few milliseconds */
} httpd_act;

typedef struct httpd_step {
    httpd_act act;
    const char *answer; /* raw; %PORT% is this server's port, %OTHER% httpd.other */
    size_t padding;
} httpd_step;

typedef struct httpd_seen {
    char *text; /* the whole request, NUL-terminated */
    int64_t at_ms;
} httpd_seen;

typedef struct httpd {
    int fd;
    int stop_fd;
    uint16_t port;
    uint16_t other;
    pthread_t thread;
    const httpd_step *steps;
    size_t step_count;
    httpd_seen seen[HTTPD_SEEN_MAX];
    size_t seen_count;
    void (*before)(size_t request); /* called with the number of the request, before the answer */
    void (*after)(size_t request);  /* and behind it */
} httpd;

/* Binds a port of the kernel's choice. Connections are refused until httpd_start. */
static inline void httpd_bind(httpd *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    memset(self, 0, sizeof *self);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    self->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (self->fd < 0 || self->stop_fd < 0 ||
        bind(self->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(self->fd, (struct sockaddr *)&address, &len) != 0)
        abort();
    self->port = ntohs(address.sin_port);
}

/* True when the server is to stop or the client has gone. */
static inline bool httpd_wait(const httpd *self, int client, int ms)
{
    struct pollfd fds[2] = {{.fd = client, .events = POLLIN},
                            {.fd = self->stop_fd, .events = POLLIN}};
    return poll(fds, 2, ms) > 0;
}

static inline bool httpd_whole(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length = strcasestr(text, "\r\ncontent-length:");
    size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return len >= (size_t)(end + 4 - text) + body;
}

static inline bool httpd_receive(httpd *self, int client)
{
    char *text = calloc(1, HTTPD_REQUEST_MAX + 1);
    size_t len = 0;
    if (text == NULL)
        abort();
    while (len < HTTPD_REQUEST_MAX && !httpd_whole(text, len)) {
        httpd_wait(self, client, -1);
        ssize_t got = recv(client, text + len, HTTPD_REQUEST_MAX - len, MSG_DONTWAIT);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    if (len == 0 || self->seen_count == HTTPD_SEEN_MAX) {
        free(text);
        return false;
    }
    self->seen[self->seen_count++] = (httpd_seen){text, pd_now_ms()};
    return true;
}

static inline char *httpd_fill(const httpd *self, const char *template)
{
    char *out = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&out, &len);
    if (stream == NULL)
        abort();
    for (const char *at = template; *at != '\0'; at++) {
        if (strncmp(at, "%PORT%", 6) == 0) {
            fprintf(stream, "%u", self->port);
            at += 5;
        } else if (strncmp(at, "%OTHER%", 7) == 0) {
            fprintf(stream, "%u", self->other);
            at += 6;
        } else {
            fputc(*at, stream);
        }
    }
    fclose(stream);
    return out;
}

static inline void httpd_pad(const httpd *self, int client, const httpd_step *step)
{
    char block[4096];
    memset(block, 'x', sizeof block);
    for (size_t left = step->padding; left > 0;) {
        ssize_t sent = send(client, block, left < sizeof block ? left : sizeof block, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        left -= (size_t)sent;
    }
    if (step->act == HTTPD_DRIP)
        while (!httpd_wait(self, client, 5) && send(client, block, 1, MSG_NOSIGNAL) == 1)
            ;
}

static inline void httpd_answer(const httpd *self, int client, const httpd_step *step)
{
    char *answer = httpd_fill(self, step->answer != NULL ? step->answer : "");
    size_t len = strlen(answer);
    if (step->act == HTTPD_HANG)
        httpd_wait(self, client, -1);
    else if (len > 0)
        (void)!send(client, answer, len, MSG_NOSIGNAL);
    httpd_pad(self, client, step);
    free(answer);
    if (step->act == HTTPD_CLOSE && len == 0) {
        struct linger reset = {.l_onoff = 1};
        setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
}

static inline void *httpd_run(void *ctx)
{
    httpd *self = ctx;
    for (;;) {
        struct pollfd fds[2] = {{.fd = self->fd, .events = POLLIN},
                                {.fd = self->stop_fd, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return NULL;
        int client = accept4(self->fd, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            continue;
        size_t number = self->seen_count;
        if (httpd_receive(self, client)) {
            if (self->before != NULL)
                self->before(number);
            size_t step = number < self->step_count ? number : self->step_count - 1;
            httpd_answer(self, client, &self->steps[step]);
        }
        close(client);
        if (self->after != NULL && self->seen_count > number)
            self->after(number);
    }
}

static inline void httpd_start(httpd *self, const httpd_step *steps, size_t count)
{
    self->steps = steps;
    self->step_count = count;
    if (listen(self->fd, 16) != 0 || pthread_create(&self->thread, NULL, httpd_run, self) != 0)
        abort();
}

static inline void httpd_stop(httpd *self)
{
    if (eventfd_write(self->stop_fd, 1) != 0)
        abort();
    pthread_join(self->thread, NULL);
    close(self->fd);
    close(self->stop_fd);
}

static inline void httpd_forget(httpd *self)
{
    for (size_t i = 0; i < self->seen_count; i++)
        free(self->seen[i].text);
}

/* The value of a header of a request, or NULL; in the caller's buffer. */
static inline const char *httpd_header(const httpd_seen *seen, const char *name, char *out,
                                       size_t size)
{
    char line[128];
    snprintf(line, sizeof line, "\r\n%s:", name);
    const char *at = strcasestr(seen->text, line);
    const char *end = strstr(seen->text, "\r\n\r\n");
    if (at == NULL || end == NULL || at > end)
        return NULL;
    at += strlen(line);
    at += strspn(at, " ");
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
    return out;
}

static inline const char *httpd_body(const httpd_seen *seen)
{
    const char *end = strstr(seen->text, "\r\n\r\n");
    return end != NULL ? end + 4 : "";
}

#endif
