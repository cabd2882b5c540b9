/*
 * conf_gen: writes what a build makes from the keyword tables. Run by make.
 *
 *	conf_gen man TEMPLATE	the template, with the reference of all keywords for its line
 *KEYWORDS conf_gen words		"block WORD", "keyword WORD" and "value WORD" lines, with
 *repeats
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "director/root_conf.h"

static int print_man(const char *path)
{
	FILE *in = fopen(path, "r");
	char line[1024];

	if (!in) {
		fprintf(stderr, "conf_gen: %s: %s\n", path, strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), in)) {
		if (strcmp(line, "KEYWORDS\n") == 0)
			conf_man(&diarch_schema, stdout);
		else
			fputs(line, stdout);
	}
	fclose(in);
	return 0;
}

static void print_rows(const struct conf_key *key)
{
	for (; key && key->name; key++) {
		printf("keyword %s\n", key->name);
		for (const struct conf_word *word = key->words; word && word->name; word++)
			printf("value %s\n", word->name);
	}
}

/* Words after a block name are values; only their word lists are known. */
static void print_args(const struct conf_key *key)
{
	for (; key && key->name; key++)
		for (const struct conf_word *word = key->words; word && word->name; word++)
			printf("value %s\n", word->name);
}

static void print_words(const struct conf_block *block)
{
	if (block->name)
		printf("block %s\n", block->name);
	print_args(block->args);
	print_rows(block->keys);
	for (size_t i = 0; block->blocks && block->blocks[i]; i++)
		print_words(block->blocks[i]);
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc == 3 && strcmp(argv[1], "man") == 0) {
		status = print_man(argv[2]);
	} else if (argc == 2 && strcmp(argv[1], "words") == 0) {
		print_words(diarch_schema.root);
	} else {
		fputs("usage: conf_gen man TEMPLATE | words\n", stderr);
		status = 2;
	}
	return fflush(stdout) == 0 ? status : 1;
}
