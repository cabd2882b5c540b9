/*
 * Fuzz target: files that include each other. The input is cut at bytes 0xff into the files of
 * names[], of which the first is the configuration. No file of the host is seen: the calls that
 * find and open files are replaced (ld --wrap), and the files live in memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "director/root_conf.h"

enum { N_FILES = 6 };

static const char *const names[N_FILES] = { "a.conf", "b.conf",    "c.conf",
					    "d.inc",  "sub/e.inc", "sub/f.inc" };
static int fds[N_FILES];
static bool is_there[N_FILES];
static bool is_loading; /* else the calls are the fuzzer's own */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_open(const char *path, int flags, ...);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_glob(const char *pattern, int flags, int (*on_error)(const char *path, int error),
		glob_t *found);
void __wrap_globfree(glob_t *found);
int __real_open(const char *path, int flags, ...);
int __real_stat(const char *path, struct stat *st);

/* ---- files in memory ---- */

int __wrap_stat(const char *path, struct stat *st)
{
	if (!is_loading)
		return __real_stat(path, st);
	for (size_t i = 0; i < N_FILES; i++)
		if (is_there[i] && strcmp(path, names[i]) == 0)
			return fstat(fds[i], st);
	errno = ENOENT;
	return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	if (!is_loading)
		return __real_open(path, flags, 0600);
	for (size_t i = 0; i < N_FILES; i++) {
		if (!is_there[i] || strcmp(path, names[i]) != 0)
			continue;
		if (lseek(fds[i], 0, SEEK_SET) < 0)
			return -1;
		return dup(fds[i]);
	}
	errno = ENOENT;
	return -1;
}

int __wrap_glob(const char *pattern, int flags, int (*on_error)(const char *path, int error),
		glob_t *found)
{
	(void)flags;
	(void)on_error;
	*found = (glob_t){ .gl_pathv = calloc(N_FILES, sizeof(*found->gl_pathv)) };
	for (size_t i = 0; found->gl_pathv && i < N_FILES; i++)
		if (is_there[i] && fnmatch(pattern, names[i], FNM_PATHNAME) == 0)
			found->gl_pathv[found->gl_pathc++] = strdup(names[i]);
	return found->gl_pathc > 0 ? 0 : GLOB_NOMATCH;
}

void __wrap_globfree(glob_t *found)
{
	for (size_t i = 0; i < found->gl_pathc; i++)
		free(found->gl_pathv[i]);
	free(found->gl_pathv);
}

static void make_files(void)
{
	for (size_t i = 0; i < N_FILES; i++) {
		fds[i] = memfd_create(names[i], MFD_CLOEXEC);
		if (fds[i] < 0 || fchmod(fds[i], 0600) != 0) {
			perror("memfd_create");
			exit(1);
		}
	}
}

static void fill_file(size_t i, const uint8_t *data, size_t size)
{
	is_there[i] = true;
	if (ftruncate(fds[i], 0) != 0 || pwrite(fds[i], data, size, 0) != (ssize_t)size) {
		perror(names[i]);
		exit(1);
	}
}

/* Cuts the input into files; what would come behind the last of them is part of it. */
static void fill_files(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < N_FILES; i++) {
		const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
		size_t len = end && i + 1 < N_FILES ? (size_t)(end - data) : size;

		is_there[i] = false;
		if (i == 0 || size > 0)
			fill_file(i, data, len);
		if (len < size)
			len++;
		data += len;
		size -= len;
	}
}

/* ---- the target ---- */

static void load(bool is_tolerant)
{
	const struct conf_options options = { .config_id = "low", .is_tolerant = is_tolerant };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(names[0], &diarch_schema, &options, diags);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_diags_print(diags, out);
	if (conf && conf_diags_errors(diags) == 0)
		conf_dump(conf, &diarch_schema, true, out);
	fclose(out);
	free(text);
	conf_free(conf);
	conf_diags_free(diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fds[0] == 0)
		make_files();
	fill_files(data, size);
	is_loading = true;
	load(false);
	load(true);
	is_loading = false;
	return 0;
}
