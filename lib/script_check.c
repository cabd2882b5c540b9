/*
 * Looks at the commands of a configuration: are they there, and who can change them. Parent, before
 * a configuration is offered to the children, and the process that the user started for a test.
 */
#include "lib/script_check.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/global_conf.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULT_USER "keepalived_script"

/* A command as written, and where first. */
struct command {
	const char *name;
	struct conf_pos pos;
	bool is_root; /* it runs as root */
};

struct commands {
	struct command *v;
	size_t n, cap;
	bool is_root;   /* commands without user run as root */
	bool is_strict; /* enable_script_security */
	struct conf_diags *diags;
};

/* ---- collecting ---- */

static bool is_root_user(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	return pw && pw->pw_uid == 0;
}

/* The user that another keyword of the object names for its commands. */
static const char *user_of(const struct conf_obj *obj)
{
	for (const struct conf_set *set = obj->set; set; set = set->next)
		if (set->key->type == &conf_type_user)
			return ((const struct conf_script *)(const void *)((const char *)obj +
									   set->key->offset))
				->user;
	return NULL;
}

/* Whom the value of a key runs commands as, if it says so. */
static void check_user(const struct commands *commands, const struct conf_obj *obj,
		       const struct conf_set *set)
{
	const struct conf_script *script = (const void *)((const char *)obj + set->key->offset);
	const char *missing = NULL, *what = "user";

	if (script->user && !getpwnam(script->user))
		missing = script->user;
	else if (script->group && !getgrnam(script->group))
		missing = script->group, what = "group";
	if (missing)
		conf_diag_add(commands->diags, CONF_WARNING, CONF_ENVIRONMENT, "no-such-user",
			      set->pos,
			      script->argc > 0 ? "put the command and its arguments into one pair "
						 "of quotes"
					       : NULL,
			      "%s: \"%s\" is no %s on this host: the command cannot be run",
			      set->key->name, missing, what);
}

static void collect(struct commands *commands, const struct conf_obj *obj,
		    const struct conf_set *set)
{
	const struct conf_script *script = (const void *)((const char *)obj + set->key->offset);
	const char *user = script->user ? script->user : user_of(obj);

	if (script->argc == 0)
		return;
	if (commands->n == commands->cap) {
		size_t cap = commands->cap ? 2 * commands->cap : 64;
		struct command *v = reallocarray(commands->v, cap, sizeof(*v));

		if (!v)
			return;
		commands->v = v;
		commands->cap = cap;
	}
	commands->v[commands->n++] = (struct command){
		.name = script->argv[0],
		.pos = set->pos,
		.is_root = user ? is_root_user(user) : commands->is_root,
	};
}

static void collect_obj(struct commands *commands, const struct conf_obj *obj)
{
	const struct conf_block *const *blocks = obj->block->blocks;

	for (const struct conf_set *set = obj->set; set; set = set->next) {
		if (set->key->type->is_raw)
			collect(commands, obj, set);
		if (set->key->type->is_raw || set->key->type == &conf_type_user)
			check_user(commands, obj, set);
	}
	for (size_t i = 0; blocks && blocks[i]; i++) {
		const struct conf_list *list =
			(const void *)((const char *)obj + blocks[i]->list_offset);
		const struct conf_obj *sub;

		/* Blocks may share a list. */
		conf_list_for_each (sub, list)
			if (sub->block == blocks[i])
				collect_obj(commands, sub);
	}
}

/* By name, then those that run as root first, then by place. */
static int command_cmp(const void *a, const void *b)
{
	const struct command *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order == 0)
		order = y->is_root - x->is_root;
	if (order == 0)
		order = (x->pos.file > y->pos.file) - (x->pos.file < y->pos.file);
	return order ? order : (x->pos.line > y->pos.line) - (x->pos.line < y->pos.line);
}

/* ---- looking ---- */

/* The file of a name without slash, as PATH finds it. */
static bool find_in_path(const char *name, char *found)
{
	const char *path = getenv("PATH");

	for (path = path ? path : DEFAULT_PATH; *path; path += *path == ':') {
		size_t len = strcspn(path, ":");
		int n = snprintf(found, PATH_MAX, "%.*s/%s", (int)len, path, name);

		path += len;
		if (n < PATH_MAX && access(found, X_OK) == 0)
			return true;
	}
	return false;
}

static bool is_others(const struct stat *st)
{
	/* In a sticky directory nobody replaces what belongs to root. */
	if (S_ISDIR(st->st_mode) && st->st_uid == 0 && (st->st_mode & S_ISVTX))
		return false;
	return st->st_uid != 0 || (st->st_mode & S_IWOTH) ||
	       ((st->st_mode & S_IWGRP) && st->st_gid != 0);
}

/* Cuts `path` after its first part that somebody else than root can change; *st is that part's. */
static bool find_weak_part(char *path, struct stat *st)
{
	for (char *end = path; *end;) {
		char c;

		end += 1 + strcspn(end + 1, "/");
		c = *end;
		*end = '\0';
		if (stat(path, st) == 0 && is_others(st))
			return true;
		*end = c;
	}
	return false;
}

/* "mode 0775, owner root, group staff" */
static void describe(const struct stat *st, char *text, size_t size)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	const struct group *gr;
	char user[16], group[16];

	snprintf(user, sizeof(user), "%u", (unsigned)st->st_uid);
	snprintf(group, sizeof(group), "%u", (unsigned)st->st_gid);
	gr = getgrgid(st->st_gid);
	snprintf(text, size, "mode %04o, owner %s, group %s", (unsigned)st->st_mode & 07777,
		 pw ? pw->pw_name : user, gr ? gr->gr_name : group);
}

static void check_weak(const struct commands *commands, const struct command *command,
		       const char *path)
{
	char *as_written = strdup(path), *resolved = realpath(path, NULL);
	const char *weak = NULL;
	struct stat st;
	char text[128];

	if (as_written && find_weak_part(as_written, &st))
		weak = as_written;
	else if (resolved && find_weak_part(resolved, &st))
		weak = resolved;
	if (weak)
		describe(&st, text, sizeof(text));
	if (weak)
		conf_diag_add(commands->diags, commands->is_strict ? CONF_ERROR : CONF_WARNING,
			      CONF_SECURITY, "script-writable", command->pos,
			      "let root own it, and nobody else write it; or name another user",
			      "\"%s\" runs as root, and others than root can change %s (%s)",
			      command->name, weak, text);
	free(as_written);
	free(resolved);
}

static void check_command(const struct commands *commands, const struct command *command)
{
	/* "</PATH" of a vrrp_script only opens the file. */
	bool is_opened = command->name[0] == '<';
	const char *path = command->name + is_opened;
	char found[PATH_MAX];
	struct stat st;

	if (!strchr(path, '/'))
		path = find_in_path(path, found) ? found : path;
	if (stat(path, &st) < 0) {
		conf_diag_add(commands->diags, CONF_WARNING, CONF_ENVIRONMENT, "script-missing",
			      command->pos, NULL, "\"%s\" is not on this host", command->name);
		return;
	}
	if (is_opened)
		return;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		conf_diag_add(commands->diags, CONF_WARNING, CONF_ENVIRONMENT,
			      "script-not-executable", command->pos, NULL,
			      "\"%s\" is not an executable file", command->name);
	else if (command->is_root)
		check_weak(commands, command, path);
}

void script_check(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct global_conf *global = root_global(root);
	const char *user = global->script_user.user;
	struct commands commands = {
		.diags = diags,
		.is_strict = global->enable_script_security,
		.is_root = user ? is_root_user(user) : !getpwnam(DEFAULT_USER),
	};

	collect_obj(&commands, root);
	if (commands.n > 0)
		qsort(commands.v, commands.n, sizeof(*commands.v), command_cmp);
	for (size_t i = 0; i < commands.n; i++)
		if (i == 0 || strcmp(commands.v[i].name, commands.v[i - 1].name) != 0)
			check_command(&commands, &commands.v[i]);
	free(commands.v);
}
