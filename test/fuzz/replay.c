/*
 * Stands in for libFuzzer: gives every file of a fuzz target's corpus to it once, so that a plain
 * build replays what fuzzing found. FUZZ_CORPUS is the folder, below the source directory.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *name)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *file = fopen(name, "r");
	size_t len;

	if (!file || !data) {
		perror(name);
		return 1;
	}
	len = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	/* A copy of its exact size: sanitizers see every step beyond it. */
	data = realloc(data, len ? len : 1);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	return 0;
}

int main(void)
{
	const char *srcdir = getenv("srcdir");
	const struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	if (chdir(srcdir ? srcdir : ".") != 0 || chdir(FUZZ_CORPUS) != 0 || !(dir = opendir("."))) {
		perror(FUZZ_CORPUS);
		return 1;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay(entry->d_name))
			return 1;
		n++;
	}
	closedir(dir);
	printf("%u inputs of %s\n", n, FUZZ_CORPUS);
	return n == 0;
}
