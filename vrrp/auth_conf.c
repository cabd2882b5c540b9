/*
 * authentication and auth_hmac. The parent runs it while it loads a file; the VRRP child when it
 * decodes what the parent loaded.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/conf_like.h"
#include "lib/rule.h"
#include "vrrp/vrrp_conf.h"

#define AUTH_PASS_MAX 8

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
		       "only; AH signs advertisements of IPv4 with HMAC-MD5."),
	K_CUSTOM("auth_pass", &type_pass, struct auth_conf, auth_pass, const char *,
		 .apply = CONF_APPLY_INSTANCE,
		 .help = "Password, of which the first 8 bytes count."),
	K_END,
};

static bool auth_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	struct auth_conf *auth = (struct auth_conf *)obj;

	if (auth->auth_type != VRRP_AUTH_NONE && (!auth->auth_pass || !*auth->auth_pass)) {
		conf_refuse(walk, MEND_RESET(obj, "auth_type"), CONF_SECURITY, "auth-without-pass",
			    NULL, "auth_type %s needs an auth_pass",
			    auth->auth_type == VRRP_AUTH_AH ? "AH" : "PASS");
	} else if (auth->auth_type == VRRP_AUTH_NONE && auth->auth_pass) {
		conf_warning(walk, rule_pos(obj, "auth_pass"), CONF_SECURITY, "auth-without-type",
			     "add \"auth_type PASS\" or AH",
			     "auth_pass without auth_type has no effect");
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

static int nibble(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, tolower((unsigned char)c));

	return c && at ? (int)(at - digits) : -1;
}

/* "hex:" and an even number of digits; what is too long is cut, which the length tells. */
static bool key_from_hex(const char *text, struct vrrp_hmac_key *key, size_t *len)
{
	for (*len = 0; *text; text += 2, (*len)++) {
		int high = nibble(text[0]), low = high < 0 ? -1 : nibble(text[1]);
		if (low < 0)
			return false;
		if (*len < sizeof(key->bytes))
			key->bytes[*len] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void key_from_text(const char *text, struct vrrp_hmac_key *key, size_t *len)
{
	*len = strlen(text);
	memcpy(key->bytes, text, *len < sizeof(key->bytes) ? *len : sizeof(key->bytes));
}

/* NULL, or why the file cannot hold a key: others must not read it. */
static const char *key_file_fault(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs to another user";
	return st->st_mode & (S_IRWXG | S_IRWXO) ? "others than its owner may use it" : NULL;
}

/* The first line of a file; NULL, or why there is none. A key longer than allowed shows in the
 * length. */
static const char *key_from_file(const char *path, struct vrrp_hmac_key *key, size_t *len)
{
	char text[4 + 2 * VRRP_HMAC_KEY_MAX + 2] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *fault = NULL;
	struct stat st;

	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st) < 0 || read(fd, text, sizeof(text) - 1) < 0)
		fault = strerror(errno);
	else
		fault = key_file_fault(&st);
	close(fd);
	text[strcspn(text, "\r\n")] = '\0';
	if (!fault && strncmp(text, "hex:", 4) != 0)
		key_from_text(text, key, len);
	else if (!fault && !key_from_hex(text + 4, key, len))
		fault = "it has no hexadecimal digits";
	explicit_bzero(text, sizeof(text));
	return fault;
}

/* Reads the key that `text` is or names; NULL, or what is wrong. */
static const char *key_take(const char *text, struct vrrp_hmac_key *key)
{
	const char *fault = NULL;
	size_t len = 0;

	if (strncmp(text, "file:", 5) == 0)
		fault = key_from_file(text + 5, key, &len);
	else if (strncmp(text, "hex:", 4) != 0)
		key_from_text(text, key, &len);
	else if (!key_from_hex(text + 4, key, &len))
		fault = "it has no hexadecimal digits";
	if (!fault && (len < VRRP_HMAC_KEY_MIN || len > VRRP_HMAC_KEY_MAX))
		fault = "it has not 32 to 64 bytes";
	key->len = (uint8_t)len;
	return fault;
}

static bool hmac_key_read(struct conf_walk *walk, const struct conf_token *argv,
			  struct hmac_key *value)
{
	static const struct conf_key id_row = {
		.name = "key", .type = &conf_type_u8, .size = 1, .min = 1, .max = 255
	};

	if (!conf_type_u8.parse(walk, &id_row, &value->key.id, argv, 1))
		return false;
	const char *fault = key_take(argv[1].text, &value->key);
	if (fault) {
		conf_error(walk, argv[1].pos, CONF_SECURITY, "bad-key",
			   "hex:HEX, file:PATH or the key itself, of 32 to 64 bytes", "key %u: %s",
			   value->key.id, fault);
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
		fprintf(out, "%s%u ", i > 0 ? " " : "", value->v[i].key.id);
		conf_print_word(out, value->v[i].text);
	}
}

static json_t *hmac_keys_json(const struct conf_key *key, const void *field)
{
	const struct hmac_keys *value = field;
	json_t *json = json_array();

	(void)key;
	for (uint32_t i = 0; i < value->n; i++)
		json_array_append_new(json, json_pack("{s:i,s:o*}", "id", value->v[i].key.id, "key",
						      conf_json_string(value->v[i].text)));
	return json;
}

static bool hmac_keys_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct hmac_keys *x = a, *y = b;
	bool is_equal = x->n == y->n;

	(void)key;
	for (uint32_t i = 0; is_equal && i < x->n; i++)
		is_equal =
			x->v[i].key.id == y->v[i].key.id && strcmp(x->v[i].text, y->v[i].text) == 0;
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

static const struct conf_word replay_words[] = {
	{ "time", HMAC_REPLAY_TIME },
	{ "monotonic", HMAC_REPLAY_MONOTONIC },
	{ NULL, 0 },
};
static const struct conf_word mode_words[] = {
	{ "enforce", HMAC_MODE_ENFORCE },
	{ "permissive", HMAC_MODE_PERMISSIVE },
	{ "receive-only", HMAC_MODE_RECEIVE_ONLY },
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
		is_known |= hmac->keys.v[i].key.id == hmac->active_key;
	if (!is_known)
		conf_error(walk, rule_pos(obj, "active_key"), CONF_SECURITY, "no-active-key", NULL,
			   "auth_hmac needs an active_key that is one of its keys");
	return true;
}

const struct conf_block auth_hmac_block = {
	.name = "auth_hmac",
	.size = sizeof(M),
	.list_offset = offsetof(struct vrrp_conf, auth_hmac),
	.is_single = true,
	.keys = hmac_rows,
	.finish = hmac_finish,
	.help = "Signed advertisements.",
};
