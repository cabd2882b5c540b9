/*
 * FILE_CHECK and BFD_CHECK: what a number in a file, or a BFD session, says about a server. Checker
 * child; pure.
 *
 * The number times the weight is added to the weight of the server. With weight 0 a number other
 * than 0 is a failure; so is a product that no weight can make up for.
 */
#include <stdio.h>

#include "check/checkers.h"

#define FILE_DOWN INT32_MIN

static const char *file_name(const struct checker_conf *conf)
{
	return ((const struct file_check_conf *)conf)->track_file;
}

static int64_t clamp(int64_t value)
{
	if (value > INT32_MAX)
		return INT32_MAX;
	return value < INT32_MIN ? INT32_MIN : value;
}

static enum probe_reason file_judge(const struct checker_conf *conf, int64_t value,
				    struct weight_advice *advice)
{
	const struct file_weight *weight = &((const struct file_check_conf *)conf)->weight;
	const int64_t factor = weight->is_reversed ? -weight->factor : weight->factor;
	const int64_t product = clamp(clamp(value) * factor);

	*advice = (struct weight_advice){ ADVICE_NONE, 0 };
	if (factor == 0)
		return (value != 0) != weight->is_reversed ? REASON_FILE : REASON_OK;
	if (product <= FILE_DOWN)
		return REASON_FILE;
	*advice = (struct weight_advice){ ADVICE_ADD, (int32_t)product };
	return REASON_OK;
}

static const char *bfd_name(const struct checker_conf *conf)
{
	return ((const struct bfd_check_conf *)conf)->name;
}

static enum probe_reason bfd_judge(const struct checker_conf *conf, int64_t value,
				   struct weight_advice *advice)
{
	(void)conf;
	(void)advice;
	return value ? REASON_OK : REASON_BFD;
}

static void bfd_say(const struct check_words *words, char *line, size_t size)
{
	snprintf(line, size, "BFD check of [%s] RS(%s) is %s", bfd_name(words->conf), words->rs,
		 words->is_up ? "UP" : "DOWN");
}

static void file_say(const struct check_words *words, char *line, size_t size)
{
	snprintf(line, size, "File check of [%s] on service %s %s (%s)", file_name(words->conf),
		 words->rs, words->is_up ? "succeeded" : "failed", words->detail);
}

const struct checker_ops check_file = {
	.name = "FILE_CHECK",
	.say = file_say,
	.conf = &file_check_block,
	.feed = "file",
	.feed_name = file_name,
	.feed_judge = file_judge,
};

const struct checker_ops check_bfd = {
	.name = "BFD_CHECK",
	.say = bfd_say,
	.conf = &bfd_check_block,
	.feed = "bfd",
	.feed_name = bfd_name,
	.feed_judge = bfd_judge,
};
