/*
 * Trackers: what is watched, and the lines that refer to it. The parent runs it while it loads a
 * file; the VRRP child when it decodes what the parent loaded.
 */
#include "vrrp/track_conf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_conf.h"
#include "check/service_type.h"
#include "lib/clock.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/rule.h"
#include "vrrp/vrrp_conf.h"

#define LIVE     .apply = CONF_APPLY_LIVE
#define DELAY_US INT64_C(3600000000)

/* ---- INT [reverse|noreverse] ---- */

static bool weight_accepts(const struct conf_token *word)
{
	return strcmp(word->text, "reverse") == 0 || strcmp(word->text, "noreverse") == 0;
}

static bool weight_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	struct conf_weight value = { .is_given = true };
	struct conf_key number = *key;

	number.size = sizeof(value.weight);
	if (!conf_type_i64.parse(walk, &number, &value.weight, argv, 1))
		return false;
	if (argc > 1 && !weight_accepts(&argv[1])) {
		conf_error(walk, argv[1].pos, CONF_VALUE, "unknown-word",
			   "reverse or noreverse is expected", "%s: unknown word \"%s\"", key->name,
			   argv[1].text);
		return false;
	}
	value.is_reverse = argc > 1 && strcmp(argv[1].text, "reverse") == 0;
	*(struct conf_weight *)field = value;
	return true;
}

static void weight_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_weight *value = field;

	(void)key;
	if (value->is_given)
		fprintf(out, "%" PRId64 "%s", value->weight, value->is_reverse ? " reverse" : "");
}

static json_t *weight_json(const struct conf_key *key, const void *field)
{
	const struct conf_weight *value = field;
	json_t *json;

	(void)key;
	if (!value->is_given)
		return NULL;
	json = json_object();
	json_object_set_new(json, "weight", json_integer(value->weight));
	json_object_set_new(json, "reverse", json_boolean(value->is_reverse));
	return json;
}

static bool weight_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_weight *x = a, *y = b;

	(void)key;
	return x->is_given == y->is_given && x->weight == y->weight &&
	       x->is_reverse == y->is_reverse;
}

const struct conf_type conf_type_weight = {
	.name = "weight [reverse]",
	.min_args = 1,
	.max_args = 2,
	.parse = weight_parse,
	.print = weight_print,
	.json = weight_json,
	.is_equal = weight_is_equal,
	.accepts = weight_accepts,
	.json_type = "object",
};

#define WEIGHT(s, limit, ...)                                                      \
	K_CUSTOM("weight", &conf_type_weight, s, weight, struct conf_weight, LIVE, \
		 .min = -(limit), .max = limit, __VA_ARGS__)

#define NAME(s, of)                                                                 \
	static const struct conf_key of[] = {                                       \
		K_STR("name", s, name, LIVE, .help = "Name that others refer to."), \
		K_END,                                                              \
	}

/* ---- vrrp_script ---- */

#define SC struct script_conf

NAME(SC, script_args);

static const struct conf_key script_keys[] = {
	K_SCRIPT("script", SC, script, LIVE, .flags = CONF_REQUIRED,
		 .help = "Command to run; \"</PATH\" tests that the file can be opened."),
	K_SECS("interval", SC, interval_us, US_PER_MS, UINT32_MAX *US_PER_S, .dflt = US_PER_S, LIVE,
	       .help = "Seconds between runs."),
	K_SECS("timeout", SC, timeout_us, US_PER_MS, UINT32_MAX *US_PER_S, LIVE,
	       .help = "Seconds a run may take; default the interval."),
	WEIGHT(SC, 253, .dflt_text = "0",
	       .help = "Effect on the priority where the line that tracks the script names none; 0 "
		       "means FAULT while it fails."),
	K_U32("rise", SC, rise, 1, UINT32_MAX, .dflt = 1, LIVE,
	      .help = "Successes needed to count as up."),
	K_U32("fall", SC, fall, 1, UINT32_MAX, .dflt = 1, LIVE,
	      .help = "Failures needed to count as down."),
	K_CUSTOM("user", &conf_type_user, SC, user, struct conf_script, LIVE,
		 .help = "User and group to run as; default script_user."),
	K_FLAG("init_fail", SC, init_fail, LIVE, .help = "Count as failed until the first result."),
	K_END,
};

const struct conf_block vrrp_script_block = {
	.name = "vrrp_script",
	.size = sizeof(SC),
	.list_offset = offsetof(struct root_conf, vrrp_scripts),
	.args = script_args,
	.keys = script_keys,
	.help = "A command that decides about FAULT or the priority.",
};

/* ---- vrrp_track_process ---- */

#define PR struct process_conf

static const struct conf_word match_words[] = {
	{ "exact", PARAM_EXACT },
	{ "initial", PARAM_INITIAL },
	{ "partial", PARAM_PARTIAL },
	{ NULL, 0 },
};

static bool match_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	if (argc > 0)
		return conf_type_word.parse(walk, key, field, argv, argc);
	*(int *)field = PARAM_EXACT;
	return true;
}

/* The bare keyword means an exact match. */
static void match_print(const struct conf_key *key, const void *field, FILE *out)
{
	if (*(const int *)field > PARAM_EXACT)
		conf_type_word.print(key, field, out);
}

static json_t *match_json(const struct conf_key *key, const void *field)
{
	return conf_type_word.json(key, field);
}

static bool match_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	return conf_type_word.is_equal(key, a, b);
}

static const struct conf_type type_match = {
	.name = "match",
	.max_args = 1,
	.parse = match_parse,
	.print = match_print,
	.json = match_json,
	.is_equal = match_is_equal,
	.json_type = "string",
};

NAME(PR, process_args);

static const struct conf_key process_keys[] = {
	K_WORDS("process", PR, process, 255, LIVE, .flags = CONF_REQUIRED | CONF_FIRST,
		.help = "Name or path of the process, and parameters that it must have."),
	K_CUSTOM("param_match", &type_match, PR, param_match, int, .words = match_words, LIVE,
		 .help = "How parameters are compared: initial, partial, or exactly without word."),
	WEIGHT(PR, 254, .dflt_text = "0",
	       .help = "Effect on the priority; 0 means FAULT without quorum."),
	K_U32("quorum", PR, quorum, 1, 65535, .dflt = 1, LIVE, .help = "Fewest processes."),
	K_U32("quorum_max", PR, quorum_max, 0, 65535, .dflt = -1, LIVE,
	      .help = "Most processes; 0 means that the process must not run."),
	K_SECS("delay", PR, delay_us, 1, DELAY_US, LIVE,
	       .help = "Seconds before a change of the quorum counts."),
	K_SECS("terminate_delay", PR, terminate_delay_us, 1, DELAY_US, LIVE,
	       .help = "Seconds before a loss of the quorum counts; default delay."),
	K_SECS("fork_delay", PR, fork_delay_us, 1, DELAY_US, LIVE,
	       .help = "Seconds before a gain of the quorum counts; default delay."),
	K_FLAG("full_command", PR, full_command, LIVE,
	       .help = "Compare the path and the whole command line."),
	K_END,
};

static bool process_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const PR *process = (const PR *)obj;

	if (conf_is_set(obj, "quorum_max", NULL) && process->quorum > process->quorum_max &&
	    conf_is_set(obj, "quorum", NULL))
		conf_refuse(walk, MEND_RESET(obj, "quorum_max"), CONF_SEMANTIC, "quorum-order",
			    NULL, "quorum_max %" PRIu32 " is below quorum %" PRIu32,
			    process->quorum_max, process->quorum);
	return true;
}

static void process_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	PR *process = (PR *)obj;

	(void)walk;
	if (!conf_is_set(obj, "terminate_delay", NULL))
		process->terminate_delay_us = process->delay_us;
	if (!conf_is_set(obj, "fork_delay", NULL))
		process->fork_delay_us = process->delay_us;
}

const struct conf_block vrrp_track_process_block = {
	.name = "vrrp_track_process",
	.size = sizeof(PR),
	.list_offset = offsetof(struct root_conf, track_processes),
	.args = process_args,
	.keys = process_keys,
	.finish = process_finish,
	.resolve = process_resolve,
	.help = "Processes that decide about FAULT or the priority.",
};

/* ---- track_file ---- */

#define TF struct file_conf
#define IF struct init_file_conf

NAME(TF, file_args);

static const struct conf_key init_file_parts[] = {
	K_FLAG("overwrite", IF, overwrite, .help = "Also when the file exists."),
	K_I64("value", IF, value, INT32_MIN, INT32_MAX, .flags = CONF_BARE,
	      .help = "Number to write."),
	K_END,
};

static const struct conf_key file_keys[] = {
	K_STR("file", TF, file, LIVE, .flags = CONF_REQUIRED | CONF_FIRST,
	      .help = "File whose first number is the value."),
	WEIGHT(TF, 254, .dflt_text = "1",
	       .help = "Factor for the value; 0 means FAULT while the value is not 0."),
	K_CUSTOM("init_file", &conf_type_opt_parts, TF, init_file, IF, .parts = init_file_parts,
		 LIVE,
		 .help = "Create the file at start, with a number; overwrite also when it "
			 "exists."),
	K_END,
};

/* Whoever follows the file without a weight of his own has that of the file. */
static void file_weigh(const TF *file, const struct conf_list *checkers)
{
	struct conf_obj *obj;

	conf_list_for_each (obj, checkers) {
		struct file_check_conf *check = (struct file_check_conf *)obj;

		if (obj->block != &file_check_block || check->weight.is_set ||
		    strcmp(check->track_file, file->name) != 0)
			continue;
		check->weight = (struct file_weight){ .factor = file->weight.weight,
						      .is_reversed = file->weight.is_reverse,
						      .is_set = true };
	}
}

static void file_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct root_conf *root = (const struct root_conf *)obj->parent;
	const struct vs_conf *vs;
	const struct rs_conf *rs;

	(void)walk;
	conf_list_for_each (vs, &root->virtual_servers)
		conf_list_for_each (rs, &vs->real_servers)
			file_weigh((const TF *)obj, &rs->checkers);
}

#define FILE_BLOCK                                                                  \
	.size = sizeof(TF), .list_offset = offsetof(struct root_conf, track_files), \
	.args = file_args, .keys = file_keys, .resolve = file_resolve

const struct conf_block track_file_block = {
	.name = "track_file",
	FILE_BLOCK,
	.help = "A file whose number moves the priority.",
};

const struct conf_block vrrp_track_file_block = {
	.name = "vrrp_track_file",
	FILE_BLOCK,
	.help = "Old name of track_file.",
};

/* ---- lines: track_interface ---- */

const struct conf_key track_if_args[] = {
	K_CUSTOM("interface", &conf_type_ifname, struct track_if_conf, name, const char *, LIVE,
		 .help = "The interface to watch."),
	K_END,
};

const struct conf_key track_if_keys[] = {
	K_I64("weight", struct track_if_conf, weight, -253, 253, LIVE,
	      .help = "Added to the priority while the link is up, or if negative while it is "
		      "down; 0 means FAULT while it is down."),
	K_FLAG("reverse", struct track_if_conf, is_reverse, LIVE,
	       .help = "A weight is subtracted where it would be added; with weight 0 the "
		       "interface must be down."),
	K_END,
};

static int track_if_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return strcmp(((const struct track_if_conf *)a)->name,
		      ((const struct track_if_conf *)b)->name);
}

static const struct conf_list *own_list(const struct conf_obj *obj)
{
	return (const void *)((const char *)obj->parent + obj->block->list_offset);
}

bool track_if_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	if (conf_is_set(obj, "reverse", NULL) && !conf_is_set(obj, "weight", NULL))
		conf_error(walk, rule_pos(obj, "reverse"), CONF_SYNTAX, "reverse-without-weight",
			   NULL, "\"reverse\" follows a weight");
	return rule_keep_first(walk, own_list(obj), obj, track_if_cmp, "this interface");
}

const struct conf_block vrrp_track_if_block = {
	.name = "track_interface",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct track_if_conf),
	.list_offset = offsetof(struct vrrp_conf, track_interfaces),
	.args = track_if_args,
	.keys = track_if_keys,
	.finish = track_if_finish,
	.help = "Interfaces whose link decides about FAULT or the priority.",
};

/* ---- lines: scripts, files, processes, BFD sessions ---- */

const struct conf_key track_args[] = {
	K_STR("name", struct track_conf, name, LIVE, .help = "What is watched."),
	K_END,
};

const struct conf_key track_keys[] = {
	WEIGHT(struct track_conf, 254,
	       .help = "Effect on the priority; 0 means FAULT. Default that of what is watched."),
	K_END,
};

static int track_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return strcmp(((const struct track_conf *)a)->name, ((const struct track_conf *)b)->name);
}

bool track_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	return rule_keep_first(walk, own_list(obj), obj, track_cmp, "this name");
}

/* ---- lines: track_virtual_server ---- */

#define TV struct track_vs_conf

const struct conf_key track_vs_args[] = {
	K_CUSTOM(
		"address", &service_type_address, TV, addr, struct vs_addr, LIVE,
		.help = "The service: IP PORT, fwmark N, or group NAME, as virtual_server has it."),
	K_END,
};

const struct conf_key track_vs_keys[] = {
	WEIGHT(TV, 254, .dflt_text = "0",
	       .help = "Effect on the priority while the service has its quorum, or if negative "
		       "while it has not; 0 means FAULT without quorum."),
	K_SECS("down_delay", TV, down_delay_us, 0, DELAY_US, .dflt = US_PER_S, LIVE,
	       .help = "Seconds before a loss of the quorum counts."),
	K_SECS("up_delay", TV, up_delay_us, 0, DELAY_US, .dflt = 5 * US_PER_S, LIVE,
	       .help = "Seconds before a gain of the quorum counts."),
	K_END,
};

static int track_vs_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return service_type_address.is_equal(track_vs_args, &((const TV *)a)->addr,
					     &((const TV *)b)->addr)
		       ? 0
		       : 1;
}

bool track_vs_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	return rule_keep_first(walk, own_list(obj), obj, track_vs_cmp, "this service");
}

void track_vs_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	TV *line = (TV *)obj;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		fatal(EXIT_FAILURE, "out of memory");
	service_type_address.print(track_vs_args, &line->addr, out);
	fclose(out);
	line->name = conf_strdup(walk, text);
	free(text);
}

const struct conf_block vrrp_track_vs_block = {
	.name = "track_virtual_server",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(TV),
	.list_offset = offsetof(struct vrrp_conf, track_services),
	.args = track_vs_args,
	.keys = track_vs_keys,
	.finish = track_vs_finish,
	.resolve = track_vs_resolve,
	.help = "Virtual servers whose quorum the instance depends on.",
};

#define TRACK_LINES(block_name, list)                                                            \
	.name = block_name, .style = CONF_BLOCK_LINES, .size = sizeof(struct track_conf),        \
	.list_offset = offsetof(struct vrrp_conf, list), .args = track_args, .keys = track_keys, \
	.finish = track_finish

const struct conf_block vrrp_track_script_block = {
	TRACK_LINES("track_script", track_scripts),
	.help = "Scripts that the instance depends on.",
};

const struct conf_block vrrp_track_file_lines_block = {
	TRACK_LINES("track_file", track_files),
	.help = "Files that the instance depends on.",
};

const struct conf_block vrrp_track_process_lines_block = {
	TRACK_LINES("track_process", track_processes),
	.help = "Processes that the instance depends on.",
};

const struct conf_block vrrp_track_bfd_block = {
	TRACK_LINES("track_bfd", track_bfds),
	.help = "BFD sessions that the instance depends on.",
};
