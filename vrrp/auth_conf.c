/*
 * authentication and auth_hmac. The parent runs it while it loads a file; the VRRP child when it
 * decodes what the parent loaded.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "lib/conf_like.h"
#include "lib/rule.h"
#include "vrrp/vrrp_conf.h"

#define AUTH_PASS_MAX 8
#define HMAC_KEY_MIN  32
#define HMAC_KEY_MAX  64

/* ---- authentication ---- */

static bool pass_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	char cut[AUTH_PASS_MAX + 1] = "";
	struct conf_token token = argv[0];

	if (strlen(token.text) > AUTH_PASS_MAX) {
		conf_warning(walk, token.pos, CONF_SECURITY, "auth-pass-cut", NULL,
			     "only the first %d bytes of auth_pass count", AUTH_PASS_MAX);
		memcpy(cut, token.text, AUTH_PASS_MAX);
		token.text = cut;
	}
	return conf_type_str.parse(walk, key, field, &token, argc);
}

CONF_LIKE(pass, conf_type_str)

static const struct conf_type type_pass = {
	.name = "password",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(pass),
	.json_type = "string",
};

static const struct conf_word auth_words[] = {
	{ "PASS", VRRP_AUTH_PASS },
	{ "AH", VRRP_AUTH_AH },
	{ NULL, 0 },
};

static const struct conf_key auth_keys[] = {
	K_WORD("auth_type", struct auth_conf, auth_type, auth_words, .apply = CONF_APPLY_INSTANCE,
	       .help = "PASS sends the password in clear text, which protects against mistakes "
		       "only; AH has no effect yet."),
	K_CUSTOM("auth_pass", &type_pass, struct auth_conf, auth_pass, const char *,
		 .apply = CONF_APPLY_INSTANCE,
		 .help = "Password, of which the first 8 bytes count."),
	K_END,
};

static bool auth_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	struct auth_conf *auth = (struct auth_conf *)obj;

	if (auth->auth_type == VRRP_AUTH_AH) {
		conf_warning(walk, rule_pos(obj, "auth_type"), CONF_SEMANTIC, "not-in-effect",
			     "write \"auth_type PASS\" on all routers, or leave the block out",
			     "\"auth_type AH\" is not in effect in this version: advertisements "
			     "are sent and accepted without authentication, and a router that uses "
			     "AH is not heard");
	} else if (auth->auth_type == VRRP_AUTH_PASS && !auth->auth_pass) {
		conf_refuse(walk, MEND_RESET(obj, "auth_type"), CONF_SECURITY, "auth-without-pass",
			    NULL, "auth_type PASS needs an auth_pass");
	} else if (auth->auth_type == VRRP_AUTH_NONE && auth->auth_pass) {
		conf_warning(walk, rule_pos(obj, "auth_pass"), CONF_SECURITY, "auth-without-type",
			     "add \"auth_type PASS\"", "auth_pass without auth_type has no effect");
	}
	return true;
}

const struct conf_block auth_block = {
	.name = "authentication",
	.size = sizeof(struct auth_conf),
	.list_offset = offsetof(struct vrrp_conf, auth),
	.is_single = true,
	.keys = auth_keys,
	.finish = auth_finish,
	.help = "Authentication of VRRP version 2.",
};

/* ---- auth_hmac ---- */

/* Bytes of a key as written; 0 when it is not well formed. Files are read by who uses them. */
static size_t hmac_len(const char *text)
{
	size_t n;

	if (strncmp(text, "file:", 5) == 0)
		return text[5] ? HMAC_KEY_MIN : 0;
	if (strncmp(text, "hex:", 4) != 0)
		return strlen(text);
	n = strspn(text + 4, "0123456789abcdefABCDEF");
	return text[4 + n] || n % 2 ? 0 : n / 2;
}

static bool hmac_key_read(struct conf_walk *walk, const struct conf_token *argv,
			  struct hmac_key *value)
{
	static const struct conf_key id_row = {
		.name = "key", .type = &conf_type_u8, .size = 1, .min = 1, .max = 255
	};
	size_t len = hmac_len(argv[1].text);

	if (!conf_type_u8.parse(walk, &id_row, &value->id, argv, 1))
		return false;
	if (len < HMAC_KEY_MIN || len > HMAC_KEY_MAX) {
		conf_error(walk, argv[1].pos, CONF_SECURITY, "bad-key",
			   "hex:HEX, file:PATH or the key itself", "a key has %d to %d bytes",
			   HMAC_KEY_MIN, HMAC_KEY_MAX);
		return false;
	}
	value->text = conf_strdup(walk, argv[1].text);
	return true;
}

/* Adds to the keys of earlier lines. */
static bool hmac_keys_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			    const struct conf_token *argv, unsigned argc)
{
	struct hmac_keys *value = field;
	struct hmac_key *v = conf_alloc(walk, (value->n + argc / 2) * sizeof(*v));
	uint32_t n = value->n;

	if (argc % 2) {
		conf_error(walk, argv[argc - 1].pos, CONF_VALUE, "missing-value", NULL,
			   "%s: a number and a key are expected", key->name);
		return false;
	}
	if (n > 0)
		memcpy(v, value->v, n * sizeof(*v));
	for (unsigned i = 0; i < argc; i += 2)
		if (!hmac_key_read(walk, argv + i, &v[n++]))
			return false;
	*value = (struct hmac_keys){ v, n };
	return true;
}

static void hmac_keys_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct hmac_keys *value = field;

	(void)key;
	for (uint32_t i = 0; i < value->n; i++) {
		fprintf(out, "%s%u ", i > 0 ? " " : "", value->v[i].id);
		conf_print_word(out, value->v[i].text);
	}
}

static json_t *hmac_keys_json(const struct conf_key *key, const void *field)
{
	const struct hmac_keys *value = field;
	json_t *json = json_array();

	(void)key;
	for (uint32_t i = 0; i < value->n; i++)
		json_array_append_new(json, json_pack("{s:i,s:o*}", "id", value->v[i].id, "key",
						      conf_json_string(value->v[i].text)));
	return json;
}

static bool hmac_keys_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct hmac_keys *x = a, *y = b;
	bool is_equal = x->n == y->n;

	(void)key;
	for (uint32_t i = 0; is_equal && i < x->n; i++)
		is_equal = x->v[i].id == y->v[i].id && strcmp(x->v[i].text, y->v[i].text) == 0;
	return is_equal;
}

static const struct conf_type type_hmac_keys = {
	.name = "number and key",
	.min_args = 2,
	.max_args = 255,
	.parse = hmac_keys_parse,
	.print = hmac_keys_print,
	.json = hmac_keys_json,
	.is_equal = hmac_keys_is_equal,
	.json_type = "array",
};

#define M        struct hmac_conf
#define INSTANCE .apply = CONF_APPLY_INSTANCE

static const struct conf_word replay_words[] = { { "time", 0 }, { "monotonic", 1 }, { NULL, 0 } };
static const struct conf_word mode_words[] = {
	{ "enforce", 0 },
	{ "permissive", 1 },
	{ "receive-only", 2 },
	{ NULL, 0 },
};

static const struct conf_key hmac_rows[] = {
	K_CUSTOM("key", &type_hmac_keys, M, keys, struct hmac_keys, INSTANCE, .flags = CONF_REPEAT,
		 .help = "A key of the key ring: its number, and hex:HEX, file:PATH or text."),
	K_U8("active_key", M, active_key, 1, 255, INSTANCE, .help = "Key used for sending."),
	K_U32("time_window", M, time_window_s, 1, 300, INSTANCE,
	      .help = "Allowed difference of clocks in seconds; default 5 or three intervals, what "
		      "is longer."),
	K_WORD("anti_replay", M, anti_replay, replay_words, INSTANCE,
	       .help = "How replays are recognised."),
	K_WORD("mode", M, mode, mode_words, INSTANCE,
	       .help = "What to do with advertisements without signature, and whether to sign."),
	K_END,
};

static bool hmac_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const M *hmac = (const M *)obj;
	bool is_known = false;

	for (uint32_t i = 0; i < hmac->keys.n; i++)
		is_known |= hmac->keys.v[i].id == hmac->active_key;
	if (!is_known)
		conf_error(walk, rule_pos(obj, "active_key"), CONF_SECURITY, "no-active-key", NULL,
			   "auth_hmac needs an active_key that is one of its keys");
	return true;
}

const struct conf_block auth_hmac_block = {
	.name = "auth_hmac",
	.size = sizeof(M),
	.list_offset = offsetof(struct vrrp_conf, idle.auth_hmac),
	.is_single = true,
	.keys = hmac_rows,
	.finish = hmac_finish,
	.not_in_effect =
		"advertisements are neither signed nor checked yet, and peers that enforce it drop "
		"ours",
	.help = "Signed advertisements.",
};
