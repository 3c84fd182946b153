/* A receiver that is never the bottleneck: counts requests and answers 200. One thread, epoll.
 * Prints its port; every line on standard input is answered with the number of requests so far. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 65536
#define MOST 65536
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct connection {
    size_t have;
    char bytes[ROOM];
};
static struct connection *connections[MOST];

/* Length of the first whole request, 0 while it is not all there. */
static size_t whole(const char *bytes, size_t have) {
    const char *end = memmem(bytes, have, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = end - bytes + 4, body = 0;
    for (const char *at = bytes; at < end; at++) {
        if (*at == '\n' && !strncasecmp(at + 1, "content-length:", 15)) body = strtoul(at + 16, NULL, 10);
    }
    return have >= head + body ? head + body : 0;
}

static int take(int fd, struct connection *c) {
    unsigned answers = 0;
    ssize_t got = read(fd, c->bytes + c->have, ROOM - c->have);
    if (got <= 0) return -1;
    c->have += got;
    size_t from = 0, length;
    while ((length = whole(c->bytes + from, c->have - from))) {
        from += length;
        answers++;
        if (write(fd, ANSWER, sizeof ANSWER - 1) < 0) return -1;
    }
    memmove(c->bytes, c->bytes + from, c->have - from);
    c->have -= from;
    return answers;
}

static void welcome(int poll, int listening) {
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK), on = 1;
    if (fd < 0) return;
    if (fd >= MOST) { close(fd); return; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd] = calloc(1, sizeof(struct connection));
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
}

int main(void) {
    int listening = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listening, (struct sockaddr *)&address, size) || listen(listening, 1024)) return 1;
    getsockname(listening, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    epoll_ctl(poll, EPOLL_CTL_ADD, listening, &(struct epoll_event){.events = EPOLLIN, .data.fd = listening});
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN, .data.fd = 0});
    unsigned long requests = 0;
    for (;;) {
        struct epoll_event ready[256];
        int many = epoll_wait(poll, ready, 256, -1);
        for (int i = 0; i < many; i++) {
            int fd = ready[i].data.fd;
            if (fd == listening) {
                welcome(poll, listening);
            } else if (fd == 0) {
                char line[64];
                if (read(0, line, sizeof line) <= 0) return 0;
                printf("%lu\n", requests);
                fflush(stdout);
            } else {
                int answers = take(fd, connections[fd]);
                if (answers < 0) {
                    free(connections[fd]);
                    close(fd);
                } else {
                    requests += answers;
                }
            }
        }
    }
}
