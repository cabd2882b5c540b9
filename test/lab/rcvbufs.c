/*
 * rcvbufs: the receive buffers of the sockets of a process. A lab tool.
 *
 *	rcvbufs PID
 *
 * One line for each socket of a network: "FAMILY PROTOCOL BYTES", by family and protocol, where
 * BYTES is what the process asked for, half of what the kernel reserves.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int get(int fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

static const char *family_name(int family)
{
	switch (family) {
	case AF_INET: return "inet";
	case AF_INET6: return "inet6";
	case AF_NETLINK: return "netlink";
	default: return NULL;
	}
}

static void print_socket(int fd)
{
	const char *family = family_name(get(fd, SO_DOMAIN));

	if (family)
		printf("%s %d %d\n", family, get(fd, SO_PROTOCOL), get(fd, SO_RCVBUF) / 2);
}

int main(int argc, char **argv)
{
	char path[64];
	int pid = argc == 2 ? atoi(argv[1]) : 0;
	long pid_fd = syscall(SYS_pidfd_open, pid, 0);
	const struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (pid_fd < 0 || !dir) {
		fprintf(stderr, "usage: rcvbufs PID\n");
		return 1;
	}
	while ((entry = readdir(dir))) {
		const long fd = entry->d_name[0] == '.'
					? -1
					: syscall(SYS_pidfd_getfd, pid_fd, atoi(entry->d_name), 0);
		if (fd < 0)
			continue;
		print_socket((int)fd);
		close((int)fd);
	}
	closedir(dir);
	return 0;
}
