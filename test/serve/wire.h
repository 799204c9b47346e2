/* Unix datagrams as the public manager's host transport has them: one name per direction, the receiver binds it. */
#ifndef WIRE_H
#define WIRE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { RM = 255, HLOS = 3, MESSAGE_MAX = 240, HEADER_SIZE = 8, CONTENT_MAX = 232 };

/* One VM's end: what it receives with, and where it sends to. */
struct link {
	int rx;
	int tx;
	struct sockaddr_un to;
	char own_name[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

_Noreturn static void
fail(const char *what, const char *more)
{
	fprintf(stderr, "peer: %s: %s\n", what, more);
	exit(1);
}

static struct sockaddr_un
name_of(const char *dir, int from, int to)
{
	struct sockaddr_un name;
	memset(&name, 0, sizeof(name));
	name.sun_family = AF_UNIX;
	const int size = snprintf(name.sun_path, sizeof(name.sun_path), "%s/rm-rpc-%d-%d", dir, from, to);
	if (size < 0 || (size_t)size >= sizeof(name.sun_path))
		fail("name", "too long");
	return name;
}

/* Joins as a VM that can send; it hears nothing before bind_link. */
static struct link
open_link(const char *dir, int vmid)
{
	struct link link;
	link.rx = socket(AF_UNIX, SOCK_DGRAM, 0);
	link.tx = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (link.rx < 0 || link.tx < 0)
		fail("socket", strerror(errno));
	const struct timeval limit = { .tv_sec = 20 };
	if (setsockopt(link.rx, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(link.tx, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		fail("setsockopt", strerror(errno));
	link.to = name_of(dir, vmid, RM);
	const struct sockaddr_un own = name_of(dir, RM, vmid);
	memcpy(link.own_name, own.sun_path, sizeof(link.own_name));
	return link;
}

static void
bind_link(struct link *link)
{
	struct sockaddr_un own;
	memset(&own, 0, sizeof(own));
	own.sun_family = AF_UNIX;
	memcpy(own.sun_path, link->own_name, sizeof(own.sun_path));
	unlink(own.sun_path);
	if (bind(link->rx, (const struct sockaddr *)&own, sizeof(own)) < 0)
		fail(own.sun_path, strerror(errno));
}

static void
close_link(struct link *link)
{
	close(link->rx);
	close(link->tx);
	unlink(link->own_name);
}

static void
send_message(const struct link *link, const uint8_t *message, size_t size)
{
	if (sendto(link->tx, message, size, 0, (const struct sockaddr *)&link->to, sizeof(link->to)) != (ssize_t)size)
		fail(link->to.sun_path, strerror(errno));
}

/* Waits for one message. */
static size_t
receive_message(const struct link *link, uint8_t message[MESSAGE_MAX])
{
	const ssize_t size = recv(link->rx, message, MESSAGE_MAX, MSG_TRUNC);
	if (size < 0)
		fail(link->own_name, strerror(errno));
	if (size > MESSAGE_MAX)
		fail(link->own_name, "a message above the largest size");
	return (size_t)size;
}

/* Whether nothing waits. */
static int
is_silent(const struct link *link)
{
	uint8_t byte;
	return recv(link->rx, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

#endif
