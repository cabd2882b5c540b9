/*
 * The small grammar, and helpers around it. Linked into the unit tests of the configuration
 * machinery.
 */
#include "test/unit/conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- tables ---- */

static const struct conf_word state_words[] = { { "MASTER", 1 }, { "BACKUP", 0 }, { NULL, 0 } };
static const struct conf_word scope_words[] = {
	{ "global", 0 }, { "link", 253 }, { "universe", 0 }, { NULL, 0 }
};

static const struct conf_key fix_global_keys[] = {
	K_STR("router_id", struct fix_global, router_id, .help = "Name."),
	K_U32("vrrp_repeat", struct fix_global, vrrp_repeat, 1, 100, .dflt = 5, .help = "Count."),
	K_END,
};

static const struct conf_key addr_args[] = {
	K_PREFIX("address", struct fix_addr, prefix, .apply = CONF_APPLY_LIVE, .help = "Address."),
	K_END,
};

static const struct conf_key addr_keys[] = {
	K_STR("dev", struct fix_addr, dev, .help = "Interface."),
	K_WORD("scope", struct fix_addr, scope, scope_words, .help = "Scope."),
	K_FLAG("no_track", struct fix_addr, no_track, .help = "Flag."),
	K_END,
};

static const struct conf_key peer_args[] = {
	K_ENDPOINT("peer", struct fix_peer, endpoint, .help = "Peer."),
	K_END,
};

static const struct conf_key peer_keys[] = {
	K_U8("min_ttl", struct fix_peer, min_ttl, 1, 255, .help = "TTL."),
	K_BOOL("on", struct fix_peer, is_on, .help = "Boolean."),
	K_RANGES("ports", struct fix_peer, ports, 1, 65535, .help = "Ranges."),
	K_END,
};

static const struct conf_key auth_keys[] = {
	K_STR("pass", struct fix_auth, pass, .flags = CONF_REQUIRED, .help = "Secret."),
	K_U8("strength", struct fix_auth, strength, 0, 9, .help = "Number."),
	K_END,
};

static const struct conf_key instance_args[] = {
	K_STR("name", struct fix_instance, name, .apply = CONF_APPLY_RESTART, .help = "Name."),
	K_END,
};

static const struct conf_key instance_keys[] = {
	K_U8("vrid", struct fix_instance, vrid, 1, 255, .flags = CONF_REQUIRED,
	     .apply = CONF_APPLY_INSTANCE, .help = "Id."),
	K_U8("priority", struct fix_instance, priority, 1, 255, .dflt = 100,
	     .apply = CONF_APPLY_LIVE, .help = "Priority."),
	K_U8("prio", struct fix_instance, priority, 1, 255, .alias_of = "priority",
	     .help = "Alias."),
	K_U8("oldprio", struct fix_instance, priority, 1, 255, .alias_of = "priority",
	     .flags = CONF_DEPRECATED, .help = "Alias."),
	K_U16("port", struct fix_instance, port, 1, 65535, .help = "Unset by default."),
	K_SECS("advert_int", struct fix_instance, advert_int_us, 10000, 40950000, .dflt = 1000000,
	       .apply = CONF_APPLY_CHILD, .help = "Interval."),
	K_I64("weight", struct fix_instance, weight, -253, 253, .flags = CONF_REPEAT,
	      .help = "Weight."),
	K_FLAG("nopreempt", struct fix_instance, nopreempt, .help = "Flag."),
	K_FLAG("no_preempt", struct fix_instance, preempt, .dflt = true, .help = "Flag."),
	K_BOOL("accept", struct fix_instance, accept, .dflt = true, .help = "Boolean."),
	K_WORD("state", struct fix_instance, state, state_words, .help = "Word."),
	K_U32("repeat", struct fix_instance, repeat, 1, 100, .dflt_from = "vrrp_repeat",
	      .help = "Number from global_defs."),
	K_ADDR("source", struct fix_instance, source, .dflt_text = "10.0.0.9", .help = "Address."),
	K_ENDPOINT("sorry", struct fix_instance, sorry, .help = "Endpoint."),
	K_STR("note", struct fix_instance, note, .help = "Text."),
	K_SCRIPT("notify", struct fix_instance, notify, .help = "Command."),
	K_U32("idle", struct fix_instance, idle, 0, 9, .flags = CONF_NO_EFFECT, .no_use = "why not",
	      .help = "Nothing."),
	K_END,
};

static bool instance_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct fix_instance *instance = (const void *)obj;

	if (strcmp(instance->name, "bad") != 0)
		return true;
	conf_error(walk, obj->pos, CONF_SEMANTIC, "bad-name", NULL, "no instance may be bad");
	return false;
}

static void instance_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	struct fix_instance *instance = (void *)obj;

	(void)walk;
	instance->n_resolved += instance->repeat;
}

static const struct conf_block addr_block = {
	.name = "virtual_ipaddress",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct fix_addr),
	.list_offset = offsetof(struct fix_instance, addrs),
	.args = addr_args,
	.keys = addr_keys,
};

static const struct conf_block peer_block = {
	.name = "unicast_peer",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct fix_peer),
	.list_offset = offsetof(struct fix_instance, peers),
	.args = peer_args,
	.keys = peer_keys,
};

static const struct conf_block auth_block = {
	.name = "authentication",
	.size = sizeof(struct fix_auth),
	.list_offset = offsetof(struct fix_instance, auth),
	.is_single = true,
	.keys = auth_keys,
};

static const struct conf_block *const instance_blocks[] = { &addr_block, &peer_block, &auth_block,
							    NULL };

static const struct conf_block instance_block = {
	.name = "vrrp_instance",
	.is_vital = true,
	.size = sizeof(struct fix_instance),
	.list_offset = offsetof(struct fix_root, instances),
	.args = instance_args,
	.keys = instance_keys,
	.blocks = instance_blocks,
	.finish = instance_finish,
	.resolve = instance_resolve,
};

static const struct conf_key check_keys[] = {
	K_U32("retry", struct fix_check, retry, 1, 99, .dflt = 3, .flags = CONF_INHERIT,
	      .help = "Number."),
	K_SECS("delay_loop", struct fix_check, delay_us, 1, 100000000, .dflt = 7000000,
	       .flags = CONF_INHERIT, .help = "Time."),
	K_RANGES("status_code", struct fix_check, status, 100, 599, .dflt_text = "200-299",
		 .help = "Ranges."),
	K_END,
};

#define CHECK_BLOCK(n)                                                                 \
	{                                                                              \
		.name = n, .size = sizeof(struct fix_check),                           \
		.list_offset = offsetof(struct fix_server, checks), .keys = check_keys \
	}

const struct conf_block fix_tcp_block = CHECK_BLOCK("TCP_CHECK");
const struct conf_block fix_http_block = CHECK_BLOCK("HTTP_GET");

static const struct conf_key server_args[] = {
	K_ENDPOINT("server", struct fix_server, endpoint, .help = "Address."),
	K_END,
};

static const struct conf_key server_keys[] = {
	K_U32("retry", struct fix_server, retry, 1, 99, .dflt = 2, .flags = CONF_INHERIT,
	      .help = "Number."),
	K_I64("weight", struct fix_server, weight, 0, 65535, .dflt = 1, .help = "Weight."),
	K_END,
};

static const struct conf_block *const server_blocks[] = { &fix_tcp_block, &fix_http_block, NULL };

static const struct conf_block server_block = {
	.name = "real_server",
	.size = sizeof(struct fix_server),
	.list_offset = offsetof(struct fix_service, servers),
	.args = server_args,
	.keys = server_keys,
	.blocks = server_blocks,
};

static const struct conf_key service_args[] = {
	K_ENDPOINT("service", struct fix_service, endpoint, .help = "Address."),
	K_END,
};

static const struct conf_key service_keys[] = {
	K_U32("retry", struct fix_service, retry, 1, 99, .dflt = 1, .help = "Number."),
	K_SECS("delay_loop", struct fix_service, delay_us, 1, 100000000, .dflt = 60000000,
	       .help = "Time."),
	K_END,
};

static const struct conf_block *const service_blocks[] = { &server_block, NULL };

static const struct conf_block service_block = {
	.name = "virtual_server",
	.size = sizeof(struct fix_service),
	.list_offset = offsetof(struct fix_root, services),
	.args = service_args,
	.keys = service_keys,
	.blocks = service_blocks,
};

static const struct conf_key group_line_args[] = {
	K_ENDPOINT("address", struct fix_group_line, endpoint, .help = "Address."),
	K_END,
};

static const struct conf_block group_line_block = {
	.name = "member",
	.style = CONF_BLOCK_BARE,
	.size = sizeof(struct fix_group_line),
	.list_offset = offsetof(struct fix_group, lines),
	.args = group_line_args,
	.help = "One address.",
};

static const struct conf_key group_args[] = {
	K_STR("name", struct fix_group, name, .help = "Name."),
	K_END,
};

static const struct conf_key group_keys[] = {
	K_U32("retry", struct fix_group, retry, 1, 99, .help = "Number."),
	K_END,
};

static const struct conf_block *const group_blocks[] = { &group_line_block, NULL };

static const struct conf_block group_block = {
	.name = "server_group",
	.size = sizeof(struct fix_group),
	.list_offset = offsetof(struct fix_root, groups),
	.args = group_args,
	.keys = group_keys,
	.blocks = group_blocks,
	.not_in_effect = "groups do nothing",
	.help = "Group.",
};

static const struct conf_block global_block_row = {
	.name = "global_defs",
	.size = sizeof(struct fix_global),
	.list_offset = offsetof(struct fix_root, globals),
	.is_single = true,
	.keys = fix_global_keys,
};

static const struct conf_key root_keys[] = {
	K_U32("wait", struct fix_root, wait_s, 1, 100, .dflt = 5, .help = "Time."),
	K_U32("retry", struct fix_root, retry, 1, 99, .help = "Not for what is in services."),
	K_END,
};

static const struct conf_block *const root_blocks[] = { &global_block_row, &instance_block,
							&service_block, &group_block, NULL };

static const struct conf_block root_block = {
	.size = sizeof(struct fix_root),
	.keys = root_keys,
	.blocks = root_blocks,
};

/* Two instances with one id. */
static void rule_vrid(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct fix_root *r = (const void *)root;
	const struct fix_instance *a, *b;

	conf_list_for_each (a, &r->instances)
		for (b = (const void *)a->obj.next; b; b = (const void *)b->obj.next)
			if (a->vrid == b->vrid)
				conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, "duplicate-vrid",
					      b->obj.pos, NULL, "vrid %u is taken", b->vrid);
}

static const conf_rule rules[] = { rule_vrid, NULL };

const struct conf_schema fix_schema = { &root_block, fix_global_keys, &global_block_row, rules };

/* ---- helpers ---- */

struct conf *fix_load(const char *text, struct conf_diags **diags)
{
	*diags = conf_diags_new();
	return conf_load_text(text, strlen(text), "t.conf", &fix_schema, NULL, *diags);
}

struct conf *fix_load_clean(const char *text)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load(text, &diags);

	conf_diags_print(diags, stderr);
	assert_int_equal(conf_diags_count(diags), 0);
	conf_diags_free(diags);
	return conf;
}

const struct fix_root *fix_root_of(const struct conf *conf)
{
	return (const void *)conf_root(conf);
}

const struct fix_global *fix_global_of(const struct conf *conf)
{
	return fix_at(&fix_root_of(conf)->globals, 0);
}

const void *fix_at(const struct conf_list *list, unsigned i)
{
	const struct conf_obj *obj = list->head;

	while (obj && i-- > 0)
		obj = obj->next;
	return obj;
}

void fix_expect_codes(const struct conf_diags *diags, const char *const *codes)
{
	size_t i = 0;

	for (; codes[i] && i < conf_diags_count(diags); i++)
		if (strcmp(codes[i], conf_diags_at(diags, i)->code) != 0)
			break;
	if (!codes[i] && i == conf_diags_count(diags))
		return;
	conf_diags_print(diags, stderr);
	fail_msg("diagnostic %zu: expected %s, got %s", i, codes[i] ? codes[i] : "none",
		 i < conf_diags_count(diags) ? conf_diags_at(diags, i)->code : "none");
}

void fix_text_expect(const char *text, const char *const *codes)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load(text, &diags);

	fix_expect_codes(diags, codes);
	conf_free(conf);
	conf_diags_free(diags);
}

char *fix_dump(const struct conf *conf, bool with_origin)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_dump(conf, &fix_schema, with_origin, out);
	fclose(out);
	return text;
}
