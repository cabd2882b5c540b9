/*
 * Kernel settings: see sysctl.h. Owns the list of what was changed.
 */
#include "lib/sysctl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

struct saved {
	struct saved *next;
	char path[SYSCTL_PATH_MAX];
	char original[SYSCTL_VALUE_MAX];
	char ours[SYSCTL_VALUE_MAX]; /* "" = a predecessor's, not known */
};

struct sysctls {
	void (*publish)(const char *path, const char *original, void *arg);
	void *arg;
	struct saved *head; /* the last change first */
};

static int open_path(const char *path, int flags)
{
	char full[SYSCTL_PATH_MAX + 16];

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	return open(full, flags | O_CLOEXEC);
}

bool sysctl_read(const char *path, char value[SYSCTL_VALUE_MAX])
{
	int fd = open_path(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, value, SYSCTL_VALUE_MAX - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return true;
}

void sysctl_write(const char *path, const char *value)
{
	int fd = open_path(path, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, value, strlen(value));

	if (fd >= 0)
		close(fd);
	if (n < 0)
		log_event(LOG_LEVEL_WARNING, "sysctl_failed", log_kv("path=%s", path),
			  "Cannot set %s to %s", path, value);
}

struct sysctls *sysctls_new(void (*publish)(const char *path, const char *original, void *arg),
			    void *arg)
{
	struct sysctls *s = xcalloc(1, sizeof(*s));

	s->publish = publish;
	s->arg = arg;
	return s;
}

static void forget(struct sysctls *s)
{
	while (s->head) {
		struct saved *first = s->head;

		s->head = first->next;
		free(first);
	}
}

void sysctls_free(struct sysctls *s)
{
	if (!s)
		return;
	forget(s);
	free(s);
}

static struct saved *find(const struct sysctls *s, const char *path)
{
	struct saved *one = s->head;

	while (one && strcmp(one->path, path) != 0)
		one = one->next;
	return one;
}

static struct saved *remember(struct sysctls *s, const char *path, const char *original)
{
	struct saved *one = xcalloc(1, sizeof(*one));

	snprintf(one->path, sizeof(one->path), "%s", path);
	snprintf(one->original, sizeof(one->original), "%s", original);
	one->next = s->head;
	s->head = one;
	return one;
}

void sysctls_set(struct sysctls *s, const char *path, const char *value)
{
	char now[SYSCTL_VALUE_MAX];
	struct saved *one = find(s, path);

	if (!sysctl_read(path, now) || (!one && strcmp(now, value) == 0))
		return;
	if (!one)
		one = remember(s, path, now);
	snprintf(one->ours, sizeof(one->ours), "%s", value);
	s->publish(path, one->original, s->arg);
	if (strcmp(now, value) != 0)
		sysctl_write(path, value);
}

void sysctls_adopt(struct sysctls *s, const char *path, const char *original)
{
	if (find(s, path))
		return;
	remember(s, path, original);
	s->publish(path, original, s->arg);
}

void sysctls_publish(const struct sysctls *s)
{
	for (const struct saved *one = s->head; one; one = one->next)
		s->publish(one->path, one->original, s->arg);
}

/* An interface may have gone meanwhile. */
static bool is_to_restore(const struct saved *one)
{
	char now[SYSCTL_VALUE_MAX];

	return sysctl_read(one->path, now) && strcmp(now, one->original) != 0 &&
	       (!one->ours[0] || strcmp(now, one->ours) == 0);
}

void sysctls_put_back(struct sysctls *s, const char *path)
{
	struct saved **link = &s->head, *one;

	while (*link && strcmp((*link)->path, path) != 0)
		link = &(*link)->next;
	one = *link;
	if (!one)
		return;
	if (is_to_restore(one))
		sysctl_write(one->path, one->original);
	*link = one->next;
	free(one);
}

const char *sysctls_original(const struct sysctls *s, const char *path)
{
	const struct saved *one = find(s, path);

	return one ? one->original : NULL;
}

void sysctls_restore(struct sysctls *s)
{
	for (const struct saved *one = s->head; one; one = one->next)
		if (is_to_restore(one))
			sysctl_write(one->path, one->original);
	forget(s);
}
