/*
 * Counts the keywords of keywords.list against the tables: each must be a row, a block or a word of
 * a row, in its block. Prints a line for each block and fails when one is missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "director/root_conf.h"

enum { LINE_MAX_LEN = 400 };

struct count {
	const struct conf_block *block;
	char name[LINE_MAX_LEN];
	unsigned n, n_found; /* in this block */
	unsigned n_blocks, n_all, n_missing;
};

static const struct conf_block *find_block(const struct conf_block *block, const char *name,
					   size_t len)
{
	for (size_t i = 0; block->blocks && block->blocks[i]; i++)
		if (strlen(block->blocks[i]->name) == len &&
		    memcmp(block->blocks[i]->name, name, len) == 0)
			return block->blocks[i];
	return NULL;
}

/* "a/b" from the root; "/" is the root itself. */
static const struct conf_block *find_path(const char *path)
{
	const struct conf_block *block = diarch_schema.root;

	while (block && *path) {
		size_t len = strcspn(path, "/");

		block = len ? find_block(block, path, len) : block;
		path += len + (path[len] == '/');
	}
	return block;
}

static bool rows_have(const struct conf_key *key, const char *name)
{
	for (; key && key->name; key++)
		if (strcmp(key->name, name) == 0 || (key->parts && rows_have(key->parts, name)))
			return true;
	return false;
}

static bool block_has(const struct conf_block *block, const char *name)
{
	return find_block(block, name, strlen(name)) || rows_have(block->keys, name) ||
	       rows_have(block->args, name);
}

static void end_block(struct count *count)
{
	if (count->n > 0)
		printf("%-46s %3u of %3u\n", count->name, count->n_found, count->n);
	count->n = count->n_found = 0;
}

static void take_block(struct count *count, const char *path)
{
	end_block(count);
	snprintf(count->name, sizeof(count->name), "%s", path);
	count->block = find_path(path);
	count->n_blocks++;
	if (!count->block) {
		printf("missing block: %s\n", path);
		count->n_missing++;
	}
}

static void take_keyword(struct count *count, const char *name)
{
	count->n++;
	count->n_all++;
	if (count->block && block_has(count->block, name)) {
		count->n_found++;
		return;
	}
	printf("missing in %s: %s\n", count->name, name);
	count->n_missing++;
}

static void take_line(struct count *count, char *line)
{
	char *rest = line;

	line[strcspn(line, "\n")] = '\0';
	if (*line == '#' || !*line)
		return;
	if (*line != '\t') {
		take_block(count, line);
		return;
	}
	for (char *word = strtok_r(line, "\t ", &rest); word; word = strtok_r(NULL, "\t ", &rest))
		take_keyword(count, word);
}

int main(void)
{
	const char *srcdir = getenv("srcdir");
	struct count count = { .block = NULL };
	char line[LINE_MAX_LEN];
	FILE *in;

	if (chdir(srcdir ? srcdir : ".") != 0 || !(in = fopen("test/conf/keywords.list", "r"))) {
		perror("test/conf/keywords.list");
		return 1;
	}
	while (fgets(line, sizeof(line), in))
		take_line(&count, line);
	fclose(in);
	end_block(&count);
	printf("%u blocks, %u keywords, %u missing\n", count.n_blocks, count.n_all,
	       count.n_missing);
	return count.n_missing > 0 || count.n_all == 0;
}
