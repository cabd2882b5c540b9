/*
 * HTTP_GET, SSL_GET and what SSL_GET presents: tables and odd value types. The parent runs it while
 * it loads a file; the checker child when it decodes what the parent loaded.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "check/checker_rows.h"
#include "lib/clock.h"
#include "lib/conf_like.h"
#include "lib/global_conf.h"
#include "lib/rule.h"

#define DIGEST_LEN 32

/* ---- digest ---- */

static bool digest_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	char lower[DIGEST_LEN + 1] = "";
	struct conf_token token = argv[0];

	if (strlen(token.text) != DIGEST_LEN ||
	    strspn(token.text, "0123456789abcdefABCDEF") != DIGEST_LEN) {
		conf_error(walk, token.pos, CONF_VALUE, "bad-digest",
			   "diarchctl and genhash print it",
			   "a digest is an MD5 sum of %d hexadecimal digits", DIGEST_LEN);
		return false;
	}
	for (size_t i = 0; i < DIGEST_LEN; i++)
		lower[i] = (char)tolower((unsigned char)token.text[i]);
	token.text = lower;
	return conf_type_str.parse(walk, key, field, &token, argc);
}

CONF_LIKE(digest, conf_type_str)

static const struct conf_type type_digest = {
	.name = "MD5 digest",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(digest),
	.json_type = "string",
};

/* ---- regex ---- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The byte of \xHH or \ooo at *p, behind the backslash; -1 when it is neither. */
static int numeric_escape(const char **p)
{
	const char *s = *p;
	int value = 0, n = 0;

	if (s[0] == 'x' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
		*p += 3;
		return hex_digit(s[1]) * 16 + hex_digit(s[2]);
	}
	for (; n < 3 && s[n] >= '0' && s[n] <= '7'; n++)
		value = value * 8 + (s[n] - '0');
	*p += n;
	return n > 0 ? value & 0xff : -1;
}

/*
 * Copies `text` to `out` (as long as `text`) with keepalived's escapes replaced: a backslash before
 * any other character vanishes, so that \\d in the file is \d in the pattern. *lost is the first
 * letter that lost a backslash, or 0.
 */
static void unescape(const char *text, char *out, char *lost)
{
	static const char names[] = "abEfnrtv", values[] = "\a\b\033\f\n\r\t\v";

	*lost = '\0';
	while (*text) {
		const char *at;
		int byte;

		if (*text != '\\' || text[1] == '\0') {
			*out++ = *text++;
			continue;
		}
		text++;
		byte = numeric_escape(&text);
		if (byte >= 0) {
			/* A string cannot hold NUL, but PCRE2 knows it by this name. */
			if (byte == 0)
				*out++ = '\\';
			*out++ = (char)(byte ? byte : '0');
			continue;
		}
		at = strchr(names, *text);
		if (!at && !*lost && isalpha((unsigned char)*text))
			*lost = *text;
		*out++ = at ? values[at - names] : *text;
		text++;
	}
	*out = '\0';
}

static bool regex_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	char *pattern = conf_alloc(walk, strlen(argv[0].text) + 1), lost;

	(void)key;
	(void)argc;
	unescape(argv[0].text, pattern, &lost);
	if (lost)
		conf_warning(walk, argv[0].pos, CONF_VALUE, "lost-backslash",
			     "double the backslash to keep it", "\\%c is %c in a regex", lost,
			     lost);
	*(const char **)field = pattern;
	return true;
}

/* Escapes all that the lexer or unescape() would take for something else. */
static void regex_print(const struct conf_key *key, const void *field, FILE *out)
{
	const char *pattern = *(const char *const *)field;

	(void)key;
	if (!pattern)
		return;
	fputc('"', out);
	for (; *pattern; pattern++) {
		if (*pattern == '\\')
			fputs("\\\\", out);
		else if (isprint((unsigned char)*pattern) && !strchr("\"$", *pattern))
			fputc(*pattern, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*pattern);
	}
	fputc('"', out);
}

static json_t *regex_json(const struct conf_key *key, const void *field)
{
	return conf_type_str.json(key, field);
}

static bool regex_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	return conf_type_str.is_equal(key, a, b);
}

static const struct conf_type type_regex = {
	.name = "regular expression",
	.min_args = 1,
	.max_args = 1,
	.parse = regex_parse,
	.print = regex_print,
	.json = regex_json,
	.is_equal = regex_is_equal,
	.json_type = "string",
};

static const struct regex_option {
	const char *name;
	uint32_t bit;
} regex_options[] = {
	{ "allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS },
	{ "alt_bsux", PCRE2_ALT_BSUX },
	{ "auto_callout", PCRE2_AUTO_CALLOUT },
	{ "caseless", PCRE2_CASELESS },
	{ "dollar_endonly", PCRE2_DOLLAR_ENDONLY },
	{ "dotall", PCRE2_DOTALL },
	{ "dupnames", PCRE2_DUPNAMES },
	{ "extended", PCRE2_EXTENDED },
	{ "firstline", PCRE2_FIRSTLINE },
	{ "match_unset_backref", PCRE2_MATCH_UNSET_BACKREF },
	{ "multiline", PCRE2_MULTILINE },
	{ "never_ucp", PCRE2_NEVER_UCP },
	{ "never_utf", PCRE2_NEVER_UTF },
	{ "no_auto_capture", PCRE2_NO_AUTO_CAPTURE },
	{ "no_auto_possess", PCRE2_NO_AUTO_POSSESS },
	{ "no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR },
	{ "no_start_optimize", PCRE2_NO_START_OPTIMIZE },
	{ "ucp", PCRE2_UCP },
	{ "ungreedy", PCRE2_UNGREEDY },
	{ "utf", PCRE2_UTF },
	{ "never_backslash_c", PCRE2_NEVER_BACKSLASH_C },
	{ "alt_circumflex", PCRE2_ALT_CIRCUMFLEX },
	{ "alt_verbnames", PCRE2_ALT_VERBNAMES },
	{ "use_offset_limit", PCRE2_USE_OFFSET_LIMIT },
};

#define N_REGEX_OPTIONS (sizeof(regex_options) / sizeof(regex_options[0]))

static bool options_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			  const struct conf_token *argv, unsigned argc)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < argc; i++) {
		size_t k = 0;

		while (k < N_REGEX_OPTIONS && strcmp(regex_options[k].name, argv[i].text) != 0)
			k++;
		if (k == N_REGEX_OPTIONS) {
			conf_error(walk, argv[i].pos, CONF_VALUE, "unknown-word", NULL,
				   "%s: \"%s\" is not an option", key->name, argv[i].text);
			return false;
		}
		bits |= regex_options[k].bit;
	}
	*(uint32_t *)field = bits;
	return true;
}

static void options_print(const struct conf_key *key, const void *field, FILE *out)
{
	uint32_t bits = *(const uint32_t *)field;
	const char *blank = "";

	(void)key;
	for (size_t k = 0; k < N_REGEX_OPTIONS; k++) {
		if (!(bits & regex_options[k].bit))
			continue;
		fprintf(out, "%s%s", blank, regex_options[k].name);
		blank = " ";
	}
}

static json_t *options_json(const struct conf_key *key, const void *field)
{
	uint32_t bits = *(const uint32_t *)field;
	json_t *array = json_array();

	(void)key;
	for (size_t k = 0; k < N_REGEX_OPTIONS; k++)
		if (bits & regex_options[k].bit)
			json_array_append_new(array, json_string(regex_options[k].name));
	return array;
}

static bool options_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return *(const uint32_t *)a == *(const uint32_t *)b;
}

static const struct conf_type type_regex_options = {
	.name = "options of a regular expression",
	.min_args = 1,
	.max_args = 255,
	.parse = options_parse,
	.print = options_print,
	.json = options_json,
	.is_equal = options_is_equal,
	.json_type = "array",
};

/* ---- regex_stack ---- */

static bool stack_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	struct conf_key row = *key;
	struct regex_stack stack;

	(void)argc;
	row.size = sizeof(stack.start);
	if (!conf_type_u32.parse(walk, &row, &stack.start, &argv[0], 1) ||
	    !conf_type_u32.parse(walk, &row, &stack.max, &argv[1], 1))
		return false;
	if (stack.max < stack.start) {
		conf_error(walk, argv[1].pos, CONF_VALUE, "out-of-range", NULL,
			   "%s: the most is below what it starts with", key->name);
		return false;
	}
	*(struct regex_stack *)field = stack;
	return true;
}

static void stack_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct regex_stack *stack = field;

	(void)key;
	if (stack->max)
		fprintf(out, "%" PRIu32 " %" PRIu32, stack->start, stack->max);
}

static json_t *stack_json(const struct conf_key *key, const void *field)
{
	const struct regex_stack *stack = field;

	(void)key;
	if (!stack->max)
		return NULL;
	return json_pack("{sI sI}", "start", (json_int_t)stack->start, "max",
			 (json_int_t)stack->max);
}

static bool stack_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct regex_stack *sa = a, *sb = b;

	(void)key;
	return sa->start == sb->start && sa->max == sb->max;
}

static const struct conf_type type_regex_stack = {
	.name = "two numbers of bytes",
	.min_args = 2,
	.max_args = 2,
	.parse = stack_parse,
	.print = stack_print,
	.json = stack_json,
	.is_equal = stack_is_equal,
	.json_type = "object",
};

/* ---- url ---- */

#define URL struct url_conf

#define URL_KEYS                                                                                   \
	K_STR("path", URL, path, LIVE, .flags = CONF_REQUIRED, .help = "What to ask for."),        \
		K_CUSTOM("digest", &type_digest, URL, digest, const char *, LIVE,                  \
			 .help = "MD5 sum that the body must have."),                              \
		K_RANGES("status_code", URL, status_code, 100, 599, .dflt_text = "200-299", LIVE,  \
			 .help = "Status codes that count as success."),                           \
		K_STR("virtualhost", URL, virtualhost, LIVE,                                       \
		      .help = "Host header of this request."),                                     \
		K_CUSTOM(                                                                          \
			"regex", &type_regex, URL, regex, const char *, LIVE,                      \
			.help = "Perl-compatible regular expression that the answer must match."), \
		K_FLAG("regex_no_match", URL, regex_no_match, LIVE,                                \
		       .help = "The answer must not match the regex."),                            \
		K_CUSTOM("regex_options", &type_regex_options, URL, regex_options, uint32_t, LIVE, \
			 .help = "Options of PCRE2, in small letters without PCRE2_."),            \
		K_U32("regex_min_offset", URL, regex_min_offset, 0, UINT32_MAX, LIVE,              \
		      .help = "Byte of the answer, head included, where a match may start."),      \
		K_U32("regex_max_offset", URL, regex_max_offset, 0, UINT32_MAX,                    \
		      .dflt = UINT32_MAX, LIVE,                                                    \
		      .help = "Byte of the answer where a match may start at the latest."),        \
		K_CUSTOM("regex_stack", &type_regex_stack, URL, regex_stack, struct regex_stack,   \
			 .min = 1, .max = UINT32_MAX, LIVE,                                        \
			 .help = "Bytes for matching, at start and at most; the second one "       \
				 "counts.")

static const struct conf_key http_url_keys[] = {
	URL_KEYS,
	K_END,
};

static const struct conf_key ssl_url_keys[] = {
	URL_KEYS,
	K_BOOL("tls_compliant", URL, tls_compliant, .apply = CONF_APPLY_LIVE, .flags = CONF_INHERIT,
	       .help = "Close TLS with a close_notify."),
	K_END,
};

static void check_regex(struct conf_walk *walk, const struct url_conf *url)
{
	PCRE2_SIZE at;
	PCRE2_UCHAR text[120];
	int code;
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)url->regex, PCRE2_ZERO_TERMINATED,
					     url->regex_options, &code, &at, NULL);

	if (!compiled) {
		pcre2_get_error_message(code, text, sizeof(text));
		conf_refuse(walk, MEND_RESET_QUIET(&url->obj, "regex"), CONF_VALUE, "bad-regex",
			    NULL, "regex does not compile: %s at offset %zu", (const char *)text,
			    at);
	}
	pcre2_code_free(compiled);
}

static bool url_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	static const char *const words[] = { "regex_no_match", "regex_options", "regex_min_offset",
					     "regex_max_offset" };
	const struct url_conf *url = (const struct url_conf *)obj;
	struct conf_pos pos;

	if (url->regex) {
		check_regex(walk, url);
		if (conf_is_set(obj, "regex_max_offset", &pos) &&
		    url->regex_max_offset < url->regex_min_offset)
			conf_refuse(walk, MEND_RESET_QUIET(obj, "regex_max_offset"), CONF_SEMANTIC,
				    "offset-order", NULL,
				    "regex_max_offset is below regex_min_offset");
		return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (conf_is_set(obj, words[i], &pos))
			conf_warning(walk, pos, CONF_SEMANTIC, "without-regex", NULL,
				     "%s without regex has no effect", words[i]);
	return true;
}

#define URL_BLOCK(rows)                                                                \
	{                                                                              \
		.name = "url", .size = sizeof(struct url_conf),                        \
		.list_offset = offsetof(struct http_check_conf, urls), .keys = rows,   \
		.finish = url_finish, .help = "A request and what its answer must be." \
	}

static const struct conf_block http_url_block = URL_BLOCK(http_url_keys);
static const struct conf_block ssl_url_block = URL_BLOCK(ssl_url_keys);

/* ---- HTTP_GET, SSL_GET ---- */

#define HTTP   struct http_check_conf
#define IF_SET .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET

static const struct conf_word http_words[] = {
	{ "1.0", HTTP_PROTOCOL_1_0 },
	{ "1.0C", HTTP_PROTOCOL_1_0C },
	{ "1.0c", HTTP_PROTOCOL_1_0C },
	{ "1.0K", HTTP_PROTOCOL_1_0K },
	{ "1.0k", HTTP_PROTOCOL_1_0K },
	{ "1.1", HTTP_PROTOCOL_1_1 },
	{ NULL, 0 },
};

#define HTTP_KEYS                                                                                \
	CHECKER_KEYS(1, 3 * US_PER_S), CHECKER_THROUGH_VIP,                                      \
		K_U32("nb_get_retry", CHECKER, retry, 0, UINT32_MAX, .alias_of = "retry",        \
		      .flags = CONF_DEPRECATED, .help = "Old name of retry."),                   \
		K_STR("virtualhost", HTTP, virtualhost, INHERIT,                                 \
		      .help = "Host header of requests; default the server's name or address."), \
		K_WORD("http_protocol", HTTP, http_protocol, http_words, LIVE,                   \
		       .help = "1.0, 1.0C (with Connection: close), 1.0K (keep-alive) or 1.1."), \
		K_BOOL("enable_sni", HTTP, enable_sni, LIVE,                                     \
		       .help = "Name the host when TLS begins."),                                \
		K_STR("sni_name", HTTP, sni_name, LIVE,                                          \
		      .help = "Name to give when TLS begins; default the Host header."),         \
		K_BOOL("fast_recovery", HTTP, fast_recovery, LIVE,                               \
		       .help = "While the server is not up ask for all urls without waiting.")

static const struct conf_key http_keys[] = {
	HTTP_KEYS,
	K_END,
};

static const struct conf_key ssl_keys[] = {
	HTTP_KEYS,
	K_BOOL("tls_verify", CHECKER, tls.is_verified, IF_SET,
	       .help = "Verify the certificate, with the system's authorities or tls_ca_file."),
	K_STR("tls_ca_file", CHECKER, tls.ca_file, IF_SET,
	      .help = "File with authorities; verifies the certificate with them."),
	K_STR("tls_name", CHECKER, tls.name, IF_SET,
	      .help = "Name that the certificate must be for; default that of SNI, else the "
		      "server's name or address; verifies it."),
	K_U32("tls_expiry_warning", CHECKER, tls.expiry_warning, 1, 36500, IF_SET,
	      .help = "Days before the certificate expires from which on the log warns of it."),
	K_BOOL("tls_compliant", HTTP, tls_compliant, LIVE,
	       .help = "Close TLS with a close_notify."),
	K_END,
};

static bool http_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct http_check_conf *http = (const struct http_check_conf *)obj;

	if (http->urls.n == 0)
		conf_refuse(walk, MEND_OUT(obj), CONF_SEMANTIC, "no-url", NULL,
			    "%s needs a url, or it would check nothing", obj->block->name);
	return true;
}

/* Says something about this host, not about the file: a warning. */
static void resolve_ca_file(struct conf_walk *walk, const struct http_check_conf *http)
{
	const struct tls_check_conf *tls = &http->common.tls;
	struct conf_pos pos;

	if (!tls->is_verified || !tls->ca_file || access(tls->ca_file, R_OK) == 0 ||
	    !conf_is_set(&http->common.obj, "tls_ca_file", &pos))
		return;
	conf_warning(walk, pos, CONF_SEMANTIC, "ca-file-missing", NULL,
		     "tls_ca_file %s cannot be read; the check says nothing until it can",
		     tls->ca_file);
}

static void http_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	struct http_check_conf *http = (struct http_check_conf *)obj;

	checker_resolve(walk, obj);
	if (http->sni_name)
		http->enable_sni = true;
	if ((http->common.tls.ca_file || http->common.tls.name) &&
	    !conf_is_set(obj, "tls_verify", NULL))
		http->common.tls.is_verified = true;
	resolve_ca_file(walk, http);
}

const struct conf_block http_get_block = {
	.name = "HTTP_GET",
	.size = sizeof(struct http_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = http_keys,
	.blocks = (const struct conf_block *const[]){ &http_url_block, NULL },
	.finish = http_finish,
	.resolve = http_resolve,
	.help = "The server is up when all its urls answer over HTTP as they should.",
};

const struct conf_block ssl_get_block = {
	.name = "SSL_GET",
	.size = sizeof(struct http_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = ssl_keys,
	.blocks = (const struct conf_block *const[]){ &ssl_url_block, NULL },
	.finish = http_finish,
	.resolve = http_resolve,
	.help = "The server is up when all its urls answer over HTTPS as they should.",
};

/* ---- SSL ---- */

#define SSL_CONF struct ssl_conf

static const struct conf_key ssl_client_keys[] = {
	K_STR("password", SSL_CONF, password, LIVE, .help = "Password of the key."),
	K_STR("ca", SSL_CONF, ca, LIVE, .help = "File with the authorities that servers have."),
	K_STR("certificate", SSL_CONF, certificate, LIVE, .help = "File with our certificate."),
	K_STR("key", SSL_CONF, key, LIVE, .help = "File with the key of our certificate."),
	K_END,
};

/* The host may get the files later. */
static bool ssl_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct ssl_conf *ssl = (const struct ssl_conf *)obj;
	const struct {
		const char *key, *path;
	} files[] = { { "ca", ssl->ca }, { "certificate", ssl->certificate }, { "key", ssl->key } };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].path && access(files[i].path, R_OK) < 0)
			conf_warning(walk, rule_pos(obj, files[i].key), CONF_ENVIRONMENT,
				     "file-missing", NULL, "%s %s cannot be read", files[i].key,
				     files[i].path);
	return true;
}

const struct conf_block ssl_block = {
	.name = "SSL",
	.size = sizeof(struct ssl_conf),
	.list_offset = offsetof(struct root_conf, ssl),
	.keys = ssl_client_keys,
	.finish = ssl_finish,
	.help = "What all SSL_GET checks present to servers.",
};
