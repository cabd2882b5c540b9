/*
 * Kernel settings that are changed while a process runs, and put back at its end.
 *
 * The VRRP and the checker child. Paths are those below /proc/sys, as "net/ipv4/ip_forward".
 */
#ifndef DIARCH_LIB_SYSCTL_H
#define DIARCH_LIB_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

#define SYSCTL_PATH_MAX  96
#define SYSCTL_VALUE_MAX 24

struct sysctls;

/* `publish` hears of each setting before it is changed, and of what it was, for a successor. */
struct sysctls *sysctls_new(void (*publish)(const char *path, const char *original, void *arg),
			    void *arg);

/* Forgets everything without putting it back. NULL is fine. */
void sysctls_free(struct sysctls *s);

/* Sets it. Unchanged when it has the value already, or does not exist. */
void sysctls_set(struct sysctls *s, const char *path, const char *value);

/* Puts one back, and forgets it; as sysctls_restore(). */
void sysctls_put_back(struct sysctls *s, const char *path);

/* What it was before it was changed; NULL: it was not. Valid until it is put back. */
const char *sysctls_original(const struct sysctls *s, const char *path);

/* Takes over what a predecessor changed. */
void sysctls_adopt(struct sysctls *s, const char *path, const char *original);

/* Tells `publish` all of them again, for a memory that forgets what it does not hear of. */
void sysctls_publish(const struct sysctls *s);

/* Puts everything back, the last change first, but for what somebody else has changed since. */
void sysctls_restore(struct sysctls *s);

/* The value as it is, without its line end; false when there is none. */
bool sysctl_read(const char *path, char value[SYSCTL_VALUE_MAX]);

/* Sets it for good; a failure is logged. */
void sysctl_write(const char *path, const char *value);

#endif
