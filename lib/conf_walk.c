/*
 * The tree against the tables: finds rows and blocks, fills objects, reports what does not fit.
 *
 * Runs in whoever loads a configuration, and in the children on what conf_wire rebuilt. Objects are
 * built on an explicit stack and attached to their parent when their block closes.
 */
#include "lib/conf_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A block under construction. */
struct walk_frame {
	const struct conf_block *block;
	struct conf_obj *obj; /* being filled; for a block of lines: the parent of its objects */
	const struct conf_stmt *next;
	struct conf_set *rejected; /* keys whose value was not accepted */
	bool is_dropped;           /* obj must not be attached */
	bool is_attached;          /* obj is in its list already, or is the root */
	bool is_lost; /* a brace is missing: what follows need not belong here, so is not called
			 unknown */
};

enum { HINT_MAX = 300, NAMES_MAX = 512 };

static const char *block_title(const struct conf_block *block)
{
	return block->name ? block->name : "the top level";
}

/* ---- unknown words ---- */

/* Nearest name that is valid in `block`. */
static const char *nearest_name(const struct conf_walk *walk, const struct conf_block *block,
				const char *word)
{
	const char *names[NAMES_MAX + 1];
	const struct conf_name *name;
	size_t n = 0;

	for (size_t i = 0; n < NAMES_MAX && (name = conf_index_at(walk->conf->index, i)); i++)
		if (name->in == block)
			names[n++] = name->name;
	names[n] = NULL;
	return conf_nearest(word, names);
}

/* A block of the schema where `word` is valid. */
static const struct conf_block *home_of(const struct conf_walk *walk, const char *word)
{
	const struct conf_name *name;

	for (size_t i = 0; (name = conf_index_at(walk->conf->index, i)); i++)
		if (strcmp(name->name, word) == 0)
			return name->in;
	return NULL;
}

/* An error that tolerance makes a warning: what is wrong is left out. */
__attribute__((format(printf, 6, 7))) static void
report_left_out(struct conf_walk *walk, struct conf_pos pos, enum conf_class class,
		const char *code, const char *hint, const char *fmt, ...)
{
	const struct conf_report report = { walk->is_tolerant ? CONF_WARNING : CONF_ERROR,
					    class,
					    code,
					    pos,
					    hint,
					    { 0 },
					    walk->is_tolerant };
	va_list ap;

	va_start(ap, fmt);
	conf_diag_vreport(walk->diags, &report, fmt, ap);
	va_end(ap);
}

/* Whether a word of a line looks like what the next line should hold. */
static bool is_next_line(const struct conf_block *block, const char *word)
{
	return conf_block_has_lines(block) && block->args && block->args->type->min_args == 1 &&
	       strpbrk(word, ".:/") && strspn(word, "0123456789abcdefABCDEF.:/") == strlen(word);
}

/* Whether a word begins a comment in other languages. */
static bool is_foreign_comment(const char *word)
{
	static const char *const all[] = { "//", "/*", "*/", ";", "--", "<!--" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strncmp(word, all[i], strlen(all[i])) == 0)
			return true;
	return false;
}

static void report_unknown(struct conf_walk *walk, const struct conf_block *block,
			   const struct conf_token *word, bool has_body)
{
	const struct conf_block *home;
	const char *near;
	char hint[HINT_MAX] = "";
	size_t n = 0;

	if (!conf_diags_is_full(walk->diags)) {
		near = nearest_name(walk, block, word->text);
		if (!near && is_next_line(block, word->text))
			n = (size_t)snprintf(hint, sizeof(hint),
					     "each address stands in a line of its own, its "
					     "length behind a slash");
		if (!near && is_foreign_comment(word->text))
			n = (size_t)snprintf(hint, sizeof(hint), "comments begin with # or !");
		home = home_of(walk, word->text);
		if (near)
			n = (size_t)snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near);
		if (home && n < sizeof(hint))
			snprintf(hint + n, sizeof(hint) - n, "%s\"%s\" belongs %s %s%s",
				 n ? " " : "", word->text, home->name ? "in" : "to",
				 block_title(home),
				 home->name ? "" : "; is a \"}\" missing above?");
	}
	report_left_out(walk, word->pos, CONF_SYNTAX, "unknown-keyword", hint[0] ? hint : NULL,
			"unknown keyword \"%s\" in %s%s", word->text, block_title(block),
			has_body ? "; its block is skipped" : "");
}

/* ---- keys ---- */

static struct conf_set *rejected_find(const struct walk_frame *frame, const struct conf_key *key)
{
	struct conf_set *set = frame->rejected;

	while (set && set->key != key)
		set = set->next;
	return set;
}

static struct conf_set *set_new(struct conf_walk *walk, const struct conf_key *key,
				struct conf_pos pos, struct conf_set *next)
{
	struct conf_set *set = conf_alloc(walk, sizeof(*set));

	*set = (struct conf_set){ next, key, pos };
	return set;
}

/* Says once that the feature behind a name does not exist, what this means, or why. */
static void remark_no_effect(struct conf_walk *walk, struct conf_name *name,
			     const char *not_in_effect, const char *no_use, struct conf_pos pos)
{
	if (name->is_no_effect_told)
		return;
	name->is_no_effect_told = true;
	if (not_in_effect)
		conf_warning(walk, pos, CONF_SEMANTIC, "not-in-effect", NULL, "%s: %s", name->name,
			     not_in_effect);
	else
		conf_warning(walk, pos, CONF_SEMANTIC, "no-effect", NULL,
			     "\"%s\" has no effect%s%s", name->name,
			     no_use ? ": " : " in this version", no_use ? no_use : "");
}

/* Warns where a row has something to say about its use. */
static void remark_use(struct conf_walk *walk, struct conf_name *name, struct conf_pos pos)
{
	const struct conf_key *key = name->key;

	if (key->flags & CONF_DEPRECATED) {
		char hint[HINT_MAX];

		snprintf(hint, sizeof(hint), "use \"%s\"", key->alias_of ? key->alias_of : "");
		conf_warning(walk, pos, CONF_SEMANTIC, "deprecated", key->alias_of ? hint : NULL,
			     "\"%s\" is deprecated", key->name);
	}
	if (name->main->flags & CONF_NO_EFFECT)
		remark_no_effect(walk, name, name->main->not_in_effect, name->main->no_use, pos);
}

/* Warns when the key stands in the object already. */
static void remark_repeat(struct conf_walk *walk, const struct walk_frame *frame,
			  const struct conf_name *name, struct conf_pos pos)
{
	const struct conf_set *first = conf_obj_set(frame->obj, name->main);
	char hint[HINT_MAX];

	if (!first)
		first = rejected_find(frame, name->main);
	if (!first || (name->main->flags & CONF_REPEAT))
		return;
	snprintf(hint, sizeof(hint),
		 name->main->flags & CONF_FIRST ? "the one in line %u is used"
						: "the one in line %u is replaced",
		 first->pos.line);
	conf_warning(walk, pos, CONF_SEMANTIC, "duplicate-keyword",
		     first->pos.file == pos.file ? hint : NULL, "\"%s\" is given more than once",
		     name->key->name);
}

/* Stores the value of a key from its words; `word` is the keyword, or the first word without it. */
static void take_key(struct conf_walk *walk, struct walk_frame *frame, struct conf_name *name,
		     const struct conf_token *word, const struct conf_token *argv, unsigned argc)
{
	const struct conf_key *key = name->key;
	struct conf_set *set = conf_obj_set(frame->obj, name->main);
	bool is_taken = argc >= key->type->min_args;

	remark_use(walk, name, word->pos);
	remark_repeat(walk, frame, name, word->pos);
	if (set && (name->main->flags & CONF_FIRST))
		return;
	if (!is_taken)
		conf_error(walk, word->pos, CONF_SYNTAX, "missing-value", NULL,
			   "\"%s\" needs a value: %s", key->name, key->type->name);
	walk->can_go_on = true;
	if (is_taken)
		is_taken = key->type->parse(walk, key, conf_obj_field(frame->obj, key), argv, argc);
	walk->can_go_on = false;

	if (is_taken && set)
		set->pos = word->pos;
	else if (is_taken)
		frame->obj->set = set_new(walk, name->main, word->pos, frame->obj->set);
	else if (!rejected_find(frame, name->main))
		frame->rejected = set_new(walk, name->main, word->pos, frame->rejected);
}

static void report_extra(struct conf_walk *walk, const struct conf_token *word, const char *what)
{
	conf_warning(walk, word->pos, CONF_SYNTAX, "extra-words", NULL,
		     "\"%s\" after %s is ignored", word->text, what);
}

/* A keyword line of a block. */
static void walk_key(struct conf_walk *walk, struct walk_frame *frame, struct conf_name *name,
		     const struct conf_stmt *stmt)
{
	unsigned argc = stmt->argc - 1, max = name->key->type->max_args;

	if (stmt->has_body)
		conf_error(walk, stmt->open, CONF_SYNTAX, "unexpected-brace", NULL,
			   "\"%s\" has no block; what is in it is skipped", name->name);
	if (max != 255 && argc > max) {
		if (!name->key->type->is_raw || !stmt->argv[1].raw)
			report_extra(walk, &stmt->argv[1 + max], name->name);
		argc = max;
	}
	take_key(walk, frame, name, stmt->argv, stmt->argv + 1, argc);
}

/* ---- words of blocks and lines ---- */

/* How many of `argc` optional words belong to a value where keywords share the line. */
static unsigned count_optional(const struct conf_walk *walk, const struct conf_block *block,
			       const struct conf_type *type, const struct conf_token *argv,
			       unsigned argc)
{
	unsigned n = 0;

	while (n < argc) {
		if (type->accepts && !type->accepts(&argv[n]))
			break;
		if (!type->accepts && !argv[n].is_quoted &&
		    conf_index_find(walk->conf->index, block, argv[n].text))
			break;
		n++;
	}
	return n;
}

/* How many of `argc` words the value of `key` takes. */
static unsigned count_words(const struct conf_walk *walk, const struct conf_block *block,
			    const struct conf_key *key, const struct conf_token *argv,
			    unsigned argc)
{
	const struct conf_type *type = key->type;
	unsigned max = type->max_args != 255 && argc > type->max_args ? type->max_args : argc;

	if (!conf_block_has_lines(block) || max < type->min_args)
		return max;
	if (type->count)
		return type->count(key, argv, max);
	if (max == type->min_args)
		return max;
	return type->min_args +
	       count_optional(walk, block, type, argv + type->min_args, max - type->min_args);
}

/* Fills the args of the frame's object; returns how many words were taken. */
static unsigned take_args(struct conf_walk *walk, struct walk_frame *frame,
			  const struct conf_token *argv, unsigned argc, struct conf_pos pos)
{
	unsigned at = 0, n;

	for (const struct conf_key *key = frame->block->args; key && key->name; key++, at += n) {
		n = count_words(walk, frame->block, key, argv + at, argc - at);
		if (n < key->type->min_args) {
			conf_error(walk, pos, CONF_SYNTAX, "missing-value", NULL, "%s needs %s: %s",
				   block_title(frame->block), key->name, key->type->name);
			frame->is_dropped = true;
			return argc;
		}
		if (n == 0)
			continue;
		walk->can_go_on = true;
		if (key->type->parse(walk, key, conf_obj_field(frame->obj, key), argv + at, n))
			frame->obj->set = set_new(walk, key, argv[at].pos, frame->obj->set);
		else
			frame->is_dropped = true;
		walk->can_go_on = false;
	}
	return at;
}

/* ---- objects ---- */

static struct conf_list *parent_list(struct conf_obj *parent, const struct conf_block *block)
{
	return (void *)((char *)parent + block->list_offset);
}

static struct conf_obj *obj_new(struct conf_walk *walk, struct conf_obj *parent,
				const struct conf_block *block, struct conf_pos pos)
{
	struct conf_obj *obj = conf_alloc(walk, block->size);

	obj->parent = parent;
	obj->block = block;
	obj->pos = pos;
	return obj;
}

static void obj_attach(struct conf_obj *obj)
{
	struct conf_list *list = parent_list(obj->parent, obj->block);

	if (!list->tail)
		list->tail = &list->head;
	obj->index = list->n++;
	*list->tail = obj;
	list->tail = &obj->next;
}

/* The object of a block whose repeats merge, if there is one already. */
static struct conf_obj *obj_single(struct conf_obj *parent, const struct conf_block *block)
{
	struct conf_obj *obj = parent_list(parent, block)->head;

	while (obj && obj->block != block)
		obj = obj->next;
	return obj;
}

static void check_required(struct conf_walk *walk, struct walk_frame *frame)
{
	for (const struct conf_key *key = frame->block->keys; key && key->name; key++) {
		if (!(key->flags & CONF_REQUIRED) || conf_obj_set(frame->obj, key))
			continue;
		frame->is_dropped = true;
		if (rejected_find(frame, key))
			continue;
		if (frame->block->is_vital)
			conf_error(walk, frame->obj->pos, CONF_SEMANTIC, "missing-keyword", NULL,
				   "%s needs the keyword \"%s\"", block_title(frame->block),
				   key->name);
		else
			report_left_out(walk, frame->obj->pos, CONF_SEMANTIC, "missing-keyword",
					NULL, "%s needs the keyword \"%s\"",
					block_title(frame->block), key->name);
	}
}

/* The object is complete: checks it, and attaches it unless that was done before. */
static void obj_close(struct conf_walk *walk, struct walk_frame *frame)
{
	const struct conf_block *block = frame->block;

	if (!frame->is_dropped)
		check_required(walk, frame);
	if (!frame->is_dropped && block->finish && !block->finish(walk, frame->obj))
		frame->is_dropped = true;
	if (!frame->is_dropped && !frame->is_attached)
		obj_attach(frame->obj);
}

/* ---- lines ---- */

/* The row that takes a word which is no keyword of a line. */
static struct conf_name *find_bare(const struct conf_walk *walk, const struct walk_frame *line,
				   const struct conf_token *word)
{
	for (const struct conf_key *key = line->block->keys; key && key->name; key++)
		if ((key->flags & CONF_BARE) && !conf_obj_set(line->obj, key) &&
		    (!key->type->accepts || key->type->accepts(word)))
			return conf_index_find(walk->conf->index, line->block, key->name);
	return NULL;
}

/* A keyword of a line with its words, or a value without keyword; returns how many were taken. */
static unsigned walk_line_word(struct conf_walk *walk, struct walk_frame *line,
			       const struct conf_token *word, unsigned argc)
{
	struct conf_name *name = conf_index_find(walk->conf->index, line->block, word->text);
	unsigned n = 0, n_name = 1;

	if (!name) {
		name = find_bare(walk, line, word);
		n_name = 0;
	}
	if (name) {
		n = count_words(walk, line->block, name->key, word + n_name, argc - n_name);
		take_key(walk, line, name, word, word + n_name, n);
		return n_name + n;
	}
	report_unknown(walk, line->block, word, false);
	do
		n++;
	while (n < argc && !conf_index_find(walk->conf->index, line->block, word[n].text));
	return n;
}

/* One object of one line in `parent`: args, then keywords with their words in any order. */
static void walk_line(struct conf_walk *walk, const struct conf_block *block,
		      struct conf_obj *parent, const struct conf_stmt *stmt)
{
	struct walk_frame line = { .block = block };
	unsigned at;

	if (stmt->has_body)
		conf_error(walk, stmt->open, CONF_SYNTAX, "unexpected-brace", NULL,
			   "a line of %s has no block; what is in it is skipped",
			   block_title(block));
	if (stmt->argc == 0)
		return;
	line.obj = obj_new(walk, parent, block, stmt->argv[0].pos);
	at = take_args(walk, &line, stmt->argv, stmt->argc, stmt->argv[0].pos);
	while (at < stmt->argc)
		at += walk_line_word(walk, &line, &stmt->argv[at], stmt->argc - at);
	obj_close(walk, &line);
}

/* ---- blocks ---- */

/* Opens the object that a block of keywords fills, and reads the words after the block's name. */
static void block_begin(struct conf_walk *walk, struct walk_frame *frame, struct conf_obj *parent,
			const struct conf_stmt *stmt)
{
	const struct conf_block *block = frame->block;
	struct conf_pos pos = stmt->argv[0].pos;
	unsigned at = 0;

	if (conf_block_has_lines(block)) {
		frame->obj = parent;
	} else {
		frame->obj = block->is_single ? obj_single(parent, block) : NULL;
		frame->is_attached = frame->obj != NULL;
		if (!frame->obj)
			frame->obj = obj_new(walk, parent, block, pos);
		if (frame->obj->pos.line == 0)
			frame->obj->pos = pos;
		at = take_args(walk, frame, stmt->argv + 1, stmt->argc - 1, pos);
	}
	if (at + 1 == stmt->argc)
		return;
	if (stmt->has_body && (block->is_alone || conf_block_has_lines(block)))
		report_left_out(walk, stmt->argv[at + 1].pos, CONF_SYNTAX, "extra-words",
				block->is_alone ? "a name with blanks stands in double quotes"
						: "they belong between the braces, one a line",
				"\"%s\" after %s has no place here", stmt->argv[at + 1].text,
				block->name);
	else
		report_extra(walk, &stmt->argv[at + 1], block->name);
}

static void walk_block(struct conf_walk *walk, struct walk_frame *outer, struct conf_name *name,
		       const struct conf_stmt *stmt)
{
	struct walk_frame *frame = &walk->stack[walk->depth++];
	const struct conf_block *block = name->block;

	*frame = (struct walk_frame){ .block = block, .next = stmt->body };
	if (!stmt->has_body) {
		conf_error(walk, stmt->argv[0].pos, CONF_SYNTAX, "missing-brace", NULL,
			   "\"%s\" needs a block: \"{\" is missing", block->name);
		outer->is_lost = true;
		frame->is_dropped = true;
	}
	block_begin(walk, frame, outer->obj, stmt);
	if (block->not_in_effect)
		remark_no_effect(walk, name, block->not_in_effect, NULL, stmt->argv[0].pos);
}

/* What lines are that begin with no name of `block`; NULL = unknown. */
static const struct conf_block *bare_block(const struct conf_block *block)
{
	const struct conf_block *const *blocks = block->blocks;

	while (blocks && *blocks && (*blocks)->style != CONF_BLOCK_BARE)
		blocks++;
	return blocks ? *blocks : NULL;
}

static void walk_stmt(struct conf_walk *walk, struct walk_frame *frame,
		      const struct conf_stmt *stmt)
{
	const struct conf_block *bare = bare_block(frame->block);
	struct conf_name *name;

	if (conf_block_has_lines(frame->block)) {
		walk_line(walk, frame->block, frame->obj, stmt);
		return;
	}
	if (stmt->argc == 0)
		return;
	name = conf_index_find(walk->conf->index, frame->block, stmt->argv[0].text);
	if (!name && bare)
		walk_line(walk, bare, frame->obj, stmt);
	else if (!name && !frame->is_lost)
		report_unknown(walk, frame->block, &stmt->argv[0], stmt->has_body);
	else if (name && name->key && (!name->block || !stmt->has_body))
		walk_key(walk, frame, name, stmt);
	else if (name)
		walk_block(walk, frame, name, stmt);
}

/* Blocks that are single always have their object in the root. */
static void root_begin(struct conf_walk *walk)
{
	const struct conf_block *const *blocks = walk->conf->schema->root->blocks;

	for (; blocks && *blocks; blocks++)
		if ((*blocks)->is_single)
			obj_attach(
				obj_new(walk, walk->conf->root, *blocks, (struct conf_pos){ 0 }));
}

/* What the file does not hold is checked like the rest. */
static void root_end(struct conf_walk *walk)
{
	const struct conf_block *const *blocks = walk->conf->schema->root->blocks;

	for (; blocks && *blocks; blocks++) {
		struct walk_frame frame = { .block = *blocks, .is_attached = true };

		frame.obj = (*blocks)->is_single ? obj_single(walk->conf->root, *blocks) : NULL;
		if (frame.obj && frame.obj->pos.line == 0)
			obj_close(walk, &frame);
	}
}

void conf_walk_tree(struct conf_walk *walk, const struct conf_stmt *tree)
{
	struct walk_frame stack[CONF_DEPTH_MAX + 1];

	walk->stack = stack;
	walk->depth = 1;
	stack[0] = (struct walk_frame){
		.block = walk->conf->schema->root,
		.obj = walk->conf->root,
		.next = tree,
		.is_attached = true,
	};
	root_begin(walk);
	while (walk->depth > 0) {
		struct walk_frame *frame = &stack[walk->depth - 1];
		const struct conf_stmt *stmt = frame->next;

		if (stmt) {
			frame->next = stmt->next;
			walk_stmt(walk, frame, stmt);
			continue;
		}
		if (frame->block->style == CONF_BLOCK_KEYS)
			obj_close(walk, frame);
		walk->depth--;
	}
	walk->stack = NULL;
	root_end(walk);
}
