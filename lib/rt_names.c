/*
 * iproute2's names of numbers: see rt_names.h. The parent while it judges a file, the VRRP child
 * while it prepares a configuration.
 */
#include "lib/rt_names.h"

#include <errno.h>
#include <glob.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETC_DIR        "/etc/iproute2"
#define USR_DIR        "/usr/share/iproute2"
#define LINE_MAX_BYTES 512

static const char *const file_names[] = {
	[RT_KIND_TABLE] = "rt_tables", [RT_KIND_PROTOCOL] = "rt_protos",
	[RT_KIND_SCOPE] = "rt_scopes", [RT_KIND_DSFIELD] = "rt_dsfield",
	[RT_KIND_REALM] = "rt_realms", [RT_KIND_GROUP] = "group",
};

/* What every host has, with or without files. */
static const struct {
	enum rt_kind kind;
	const char *name;
	uint32_t id;
} built_in[] = {
	{ RT_KIND_TABLE, "main", RT_TABLE_MAIN },
	{ RT_KIND_TABLE, "local", RT_TABLE_LOCAL },
	{ RT_KIND_TABLE, "default", RT_TABLE_DEFAULT },
	{ RT_KIND_PROTOCOL, "kernel", RTPROT_KERNEL },
	{ RT_KIND_PROTOCOL, "boot", RTPROT_BOOT },
	{ RT_KIND_PROTOCOL, "static", RTPROT_STATIC },
	{ RT_KIND_PROTOCOL, "keepalived", RTPROT_KEEPALIVED },
	{ RT_KIND_SCOPE, "global", RT_SCOPE_UNIVERSE },
	{ RT_KIND_SCOPE, "universe", RT_SCOPE_UNIVERSE },
	{ RT_KIND_SCOPE, "site", RT_SCOPE_SITE },
	{ RT_KIND_SCOPE, "link", RT_SCOPE_LINK },
	{ RT_KIND_SCOPE, "host", RT_SCOPE_HOST },
	{ RT_KIND_SCOPE, "nowhere", RT_SCOPE_NOWHERE },
	{ RT_KIND_GROUP, "default", 0 },
};

/* "NUMBER NAME", the number decimal or 0x; everything behind # is a comment. */
static bool line_has(const char *line, const char *name, uint32_t *id)
{
	char *end;
	unsigned long number;

	line += strspn(line, " \t");
	if (*line < '0' || *line > '9')
		return false;
	errno = 0;
	number = strtoul(line, &end, 0);
	if (errno || number > UINT32_MAX || (*end != ' ' && *end != '\t'))
		return false;
	end += strspn(end, " \t");
	if (strcspn(end, " \t\n#") != strlen(name) || strncmp(end, name, strlen(name)) != 0)
		return false;
	*id = (uint32_t)number;
	return true;
}

static bool file_has(const char *path, const char *name, uint32_t *id)
{
	char line[LINE_MAX_BYTES];
	bool is_found = false;
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file))
		is_found = line_has(line, name, id);
	fclose(file);
	return is_found;
}

static bool dir_has(const char *dir, const char *file, const char *name, uint32_t *id)
{
	char path[4096];
	glob_t more;
	bool is_found;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path) - 8)
		return false;
	is_found = file_has(path, name, id);
	strcat(path, ".d/*.conf");
	if (!is_found && glob(path, 0, NULL, &more) == 0) {
		for (size_t i = 0; i < more.gl_pathc && !is_found; i++)
			is_found = file_has(more.gl_pathv[i], name, id);
		globfree(&more);
	}
	return is_found;
}

bool rt_name_find(const struct rt_dirs *dirs, enum rt_kind kind, const char *name, uint32_t *id)
{
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		if (built_in[i].kind == kind && strcmp(built_in[i].name, name) == 0) {
			*id = built_in[i].id;
			return true;
		}
	}
	return dir_has(dirs->etc ? dirs->etc : ETC_DIR, file_names[kind], name, id) ||
	       dir_has(dirs->usr ? dirs->usr : USR_DIR, file_names[kind], name, id);
}

bool rt_group_find(const struct rt_dirs *dirs, const char *text, uint32_t *id)
{
	char *end;

	errno = 0;
	unsigned long number = strtoul(text, &end, 0);
	if (end != text && *end == '\0' && !errno && number <= UINT32_MAX) {
		*id = (uint32_t)number;
		return true;
	}
	return rt_name_find(dirs, RT_KIND_GROUP, text, id);
}
