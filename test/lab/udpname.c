/*
 * udpname: answers each datagram with the same bytes and "server NAME" behind them. A lab tool.
 *
 *	udpname ADDRESS PORT NAME
 *
 * Answers leave from ADDRESS, so that a server behind LVS-DR can answer as the virtual address.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKET_MAX = 2048, PROBE_MAX = 1024 };

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_DGRAM };
	struct addrinfo *self;
	char packet[PACKET_MAX];
	int fd;

	if (argc != 4 || getaddrinfo(argv[1], argv[2], &hints, &self) != 0) {
		fprintf(stderr, "usage: udpname ADDRESS PORT NAME\n");
		return 2;
	}
	fd = socket(self->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, self->ai_addr, self->ai_addrlen) < 0) {
		fprintf(stderr, "udpname: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	for (;;) {
		struct sockaddr_storage peer;
		socklen_t peer_len = sizeof(peer);
		ssize_t len =
			recvfrom(fd, packet, PROBE_MAX, 0, (struct sockaddr *)&peer, &peer_len);

		if (len < 0)
			continue;
		len += snprintf(packet + len, sizeof(packet) - (size_t)len, " server %s\n",
				argv[3]);
		(void)!sendto(fd, packet, (size_t)len, 0, (struct sockaddr *)&peer, peer_len);
	}
}
