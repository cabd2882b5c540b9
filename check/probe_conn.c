/*
 * The socket of a run. Part of the probe engine, in the checker process; keeps no state.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "check/probe_private.h"

enum probe_reason probe_conn_reason(int err)
{
	switch (err) {
	case ECONNREFUSED: return REASON_CONNECT_REFUSED;
	case ECONNRESET: return REASON_RESET;
	case ETIMEDOUT: return REASON_CONNECT_TIMEOUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN: return REASON_UNREACHABLE;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
	case ENODEV: return REASON_BIND;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: return REASON_RESOURCES;
	default: return REASON_CONNECT_FAILED;
	}
}

enum probe_reason probe_io_reason(int err)
{
	switch (-err) {
	case EPROTO: return REASON_TLS;
	case ECONNREFUSED: return REASON_CONNECT_REFUSED;
	case ETIMEDOUT: return REASON_TIMEOUT;
	case ENETUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EACCES:
	case EHOSTUNREACH: return REASON_UNREACHABLE;
	case ENOBUFS:
	case ENOMEM: return REASON_RESOURCES;
	default: return REASON_RESET;
	}
}

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* A socket address; link-local ones need the interface. */
static socklen_t conn_address(const struct checker_conf *conf, const struct addr *addr,
			      uint16_t port, struct sockaddr_storage *out)
{
	socklen_t len = addr_to_sockaddr(addr, port, out);

	if (addr->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&addr->in6) && conf->bind_if)
		((struct sockaddr_in6 *)out)->sin6_scope_id = if_nametoindex(conf->bind_if);
	return len;
}

static int conn_bind(int fd, const struct checker_conf *conf, const struct addr *from)
{
	struct sockaddr_storage sa;
	socklen_t len = conn_address(conf, from, conf->bind_port, &sa);

	/* A fixed port is used again and again; without one the port is chosen at connect, per
	 * destination. */
	if (conf->bind_port)
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	else
		set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, (struct sockaddr *)&sa, len);
}

/* What to send from: as configured, as the way needs it, or any. */
static struct addr conn_source(const struct probe_spec *spec)
{
	if (!addr_is_unset(&spec->conf->bindto))
		return spec->conf->bindto;
	return spec->path ? *path_source(spec->path) : (struct addr){ .family = spec->addr.family };
}

static int conn_set_source(int fd, const struct probe_spec *spec)
{
	const struct checker_conf *conf = spec->conf;
	const uint32_t mark = spec->path ? path_mark(spec->path) : conf->fwmark;
	const struct addr from = conn_source(spec);

	if (conf->bind_if && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, conf->bind_if,
					(socklen_t)strlen(conf->bind_if)) < 0)
		return -1;
	if (mark && set_int(fd, SOL_SOCKET, SO_MARK, (int)mark) < 0)
		return -1;
	if (spec->path || !addr_is_unset(&conf->bindto) || conf->bind_port)
		return conn_bind(fd, conf, &from);
	return 0;
}

/* The system lets certain groups have echo sockets (net.ipv4.ping_group_range), which is left as it
 * is: a raw one does the same. */
static int open_echo(int family)
{
	const int protocol = family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(family, SOCK_DGRAM | flags, protocol);

	return fd >= 0 ? fd : socket(family, SOCK_RAW | flags, protocol);
}

static int open_socket(const struct probe_spec *spec)
{
	const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;

	switch (spec->ops->transport) {
	case PROBE_DATAGRAM: return socket(spec->addr.family, SOCK_DGRAM | flags, 0);
	case PROBE_ECHO: return open_echo(spec->addr.family);
	case PROBE_STREAM:
	case PROBE_NOTHING: break;
	}
	return socket(spec->addr.family, SOCK_STREAM | flags, 0);
}

int probe_conn_open(const struct probe_spec *spec, enum probe_reason *reason)
{
	int fd = open_socket(spec);

	if (fd < 0) {
		*reason = probe_conn_reason(errno);
		return -1;
	}
	if (conn_set_source(fd, spec) < 0) {
		*reason = REASON_BIND;
		close(fd);
		return -1;
	}
	if (spec->ops->io && spec->ops->transport == PROBE_STREAM)
		set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}

bool probe_conn_is_plain(const struct probe_spec *spec)
{
	const struct checker_conf *conf = spec->conf;

	return spec->ops->transport == PROBE_STREAM && addr_is_unset(&conf->bindto) &&
	       !conf->bind_port && !conf->bind_if && !conf->fwmark && !spec->path;
}

int probe_conn_connect(int fd, const struct probe_spec *spec, enum probe_reason *reason)
{
	struct sockaddr_storage sa;
	bool is_echo = spec->ops->transport == PROBE_ECHO;
	socklen_t len = conn_address(spec->conf, &spec->addr, is_echo ? 0 : spec->port, &sa);

	/* The last packet of the handshake is held back: the reset goes in its place, or our first
	 * bytes carry what it says. */
	if (spec->conf->half_open || spec->ops->talks_first)
		set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
	if (connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS)
		return 0;
	*reason = probe_conn_reason(errno);
	return -1;
}

bool probe_conn_reset(int fd)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	return connect(fd, &none, sizeof(none)) == 0;
}

int probe_conn_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

void probe_conn_close(int fd, bool is_eof)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	if (!is_eof)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

ssize_t probe_conn_read(int fd, void *buf, size_t len)
{
	ssize_t n = recv(fd, buf, len, 0);

	return n < 0 ? -errno : n;
}

ssize_t probe_conn_write(int fd, const void *buf, size_t len)
{
	ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}
