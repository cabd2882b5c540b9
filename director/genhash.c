/*
 * genhash: the MD5 sum of a page. A process of its own that ends when it has the answer: it runs
 * the plug-in of HTTP_GET or SSL_GET once, with a digest that no page has, whose failure tells the
 * right one. So what is printed is what the check computes.
 */
#include "director/genhash.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "check/checkers.h"
#include "lib/log.h"

#define TIMEOUT_US (5 * US_PER_S)
#define NO_DIGEST  "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
#define DUMP_WIDTH 16
#define ANSWER_MAX (1024 * 1024) /* what --verbose shows */

struct genhash {
	struct http_check_conf conf;
	struct url_conf url;
	struct probe_spec spec;
	struct probe_sub sub;
	struct loop *loop;
	bool is_verbose, is_done;
	char *answer; /* heap; as it came, with --verbose */
	size_t n_answer;
};

bool genhash_is_name(const char *argv0)
{
	static const char name[] = "genhash";
	const size_t len = argv0 ? strlen(argv0) : 0;

	return len >= strlen(name) && strcmp(argv0 + len - strlen(name), name) == 0;
}

static int usage(const char *self, FILE *out, int status)
{
	fprintf(out,
		"Usage: %s [OPTION...] -s ADDRESS -p PORT -u URL\n"
		"Prints the MD5 sum of a page, for `digest` of HTTP_GET and SSL_GET.\n\n"
		"  -s, --server ADDRESS        address of the server\n"
		"  -p, --port PORT             its port\n"
		"  -u, --url URL               path of the page\n"
		"  -S, --use-ssl               speak TLS\n"
		"  -I, --use-sni               name the virtual host when TLS begins\n"
		"  -V, --use-virtualhost HOST  virtual host to ask for\n"
		"  -P, --protocol VERSION      1.0, 1.0c (with Connection: close) or 1.1\n"
		"  -m, --fwmark MARK           mark of the packets\n"
		"  -t, --timeout SECONDS       time to connect; the page may take as long again\n"
		"  -v, --verbose               print the answer, too\n"
		"  -r, --release               print the version and exit\n"
		"  -h, --help                  print this help and exit\n",
		self);
	return status;
}

/* ---- command line ---- */

static bool parse_number(const char *text, int64_t max, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 0);
	return errno == 0 && end != text && !*end && *out > 0 && *out <= max;
}

static bool parse_protocol(const char *text, int *out)
{
	static const struct {
		const char *name;
		int protocol;
	} names[] = {
		{ "1.0", HTTP_PROTOCOL_1_0 },
		{ "1.0c", HTTP_PROTOCOL_1_0C },
		{ "1.0k", HTTP_PROTOCOL_1_0K },
		{ "1.1", HTTP_PROTOCOL_1_1 },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i].name, text) == 0) {
			*out = names[i].protocol;
			return true;
		}
	return false;
}

/* False when the value is wrong. */
static bool apply(struct genhash *g, int key, const char *arg)
{
	int64_t number;

	switch (key) {
	case 's': return addr_parse(arg, &g->spec.addr);
	case 'u': g->url.path = arg; return *arg != '\0';
	case 'V': g->conf.virtualhost = arg; return true;
	case 'P': return parse_protocol(arg, &g->conf.http_protocol);
	case 'S': g->spec.ops = &check_ssl_get; return true;
	case 'I': g->conf.enable_sni = true; return true;
	case 'v': g->is_verbose = true; return true;
	case 'p':
		if (!parse_number(arg, UINT16_MAX, &number))
			return false;
		g->spec.port = (uint16_t)number;
		return true;
	case 'm':
		if (!parse_number(arg, UINT32_MAX, &number))
			return false;
		g->conf.common.fwmark = (uint32_t)number;
		return true;
	default: /* t */
		if (!parse_number(arg, INT32_MAX, &number))
			return false;
		g->conf.common.connect_timeout_us = number * US_PER_S;
		return true;
	}
}

/* Fills `g`; -1 to go on, else the exit status. */
static int parse(struct genhash *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "server", required_argument, NULL, 's' },
		{ "port", required_argument, NULL, 'p' },
		{ "url", required_argument, NULL, 'u' },
		{ "use-ssl", no_argument, NULL, 'S' },
		{ "use-sni", no_argument, NULL, 'I' },
		{ "use-virtualhost", required_argument, NULL, 'V' },
		{ "protocol", required_argument, NULL, 'P' },
		{ "fwmark", required_argument, NULL, 'm' },
		{ "timeout", required_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "release", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int key;

	optind = 1;
	while ((key = getopt_long(argc, argv, "s:p:u:SIV:P:m:t:vrh", options, NULL)) != -1) {
		if (key == 'h')
			return usage(argv[0], stdout, EXIT_SUCCESS);
		if (key == '?')
			return usage(argv[0], stderr, EXIT_FAILURE);
		if (key == 'r') {
			printf("genhash of diarch v%s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		}
		if (!apply(g, key, optarg)) {
			fprintf(stderr, "%s: -%c cannot be \"%s\"\n", argv[0], key, optarg);
			return EXIT_FAILURE;
		}
	}
	if (argc == optind && !addr_is_unset(&g->spec.addr) && g->spec.port && g->url.path)
		return -1;
	return usage(argv[0], stderr, EXIT_FAILURE);
}

/* ---- the page ---- */

static void on_bytes(const void *data, size_t len, void *arg)
{
	struct genhash *g = arg;
	size_t n = ANSWER_MAX - g->n_answer;

	if (n > len)
		n = len;
	g->answer = xrealloc(g->answer, g->n_answer + n + 1);
	memcpy(g->answer + g->n_answer, data, n);
	g->n_answer += n;
}

static void on_result(struct probe_sub *sub, enum health_edge edge, void *arg)
{
	struct genhash *g = arg;

	(void)sub;
	(void)edge;
	g->is_done = true;
	loop_quit(g->loop, 0);
}

static void fetch(struct genhash *g)
{
	struct probe_engine *engine = probe_engine_new(g->loop, 0);

	if (g->is_verbose)
		probe_engine_set_tap(engine, on_bytes, g);
	g->sub.on_result = on_result;
	g->sub.arg = g;
	g->sub.params = probe_health_params(&g->conf.common);
	if (probe_subscribe(engine, &g->spec, &g->sub, false) == 0)
		loop_run(g->loop);
	probe_engine_free(engine);
}

/* ---- printing ---- */

static void print_title(const char *title)
{
	printf("-----------------------[ %26s ]-----------------------\n", title);
}

static void dump_line(const char *bytes, size_t len, size_t offset)
{
	printf("%04zu ", offset);
	for (size_t i = 0; i < DUMP_WIDTH; i++) {
		if (i == DUMP_WIDTH / 2)
			printf(" -");
		if (i < len)
			printf(" %02x", (unsigned char)bytes[i]);
		else
			printf("   ");
	}
	printf("   ");
	for (size_t i = 0; i < len; i++)
		putchar(isprint((unsigned char)bytes[i]) ? bytes[i] : '.');
	putchar('\n');
}

static void dump(const char *title, const char *bytes, size_t len)
{
	print_title(title);
	for (size_t at = 0; at < len; at += DUMP_WIDTH)
		dump_line(bytes + at, len - at < DUMP_WIDTH ? len - at : DUMP_WIDTH, at);
}

static void print_answer(const struct genhash *g)
{
	const char *end = g->answer ? memmem(g->answer, g->n_answer, "\r\n\r\n", 4) : NULL;
	const size_t head = end ? (size_t)(end - g->answer) + 4 : g->n_answer;

	if (!g->answer)
		return;
	dump("HTTP Header Buffer", g->answer, head);
	print_title("HTTP Header Ascii Buffer");
	fwrite(g->answer, 1, head, stdout);
	dump("HTML Buffer", g->answer + head, g->n_answer - head);
	print_title("HTML hash final resulting");
}

int genhash_main(int argc, char **argv)
{
	static const struct conf_range all_codes[] = { { 100, 599 } };
	struct genhash g = {
		.conf.common = { .connect_timeout_us = TIMEOUT_US, .delay_loop_us = TIMEOUT_US },
		.conf.urls = { .n = 1 },
		.url = { .digest = NO_DIGEST, .status_code = { .v = all_codes, .n = 1 } },
		.spec = { .ops = &check_http_get },
	};
	int status = parse(&g, argc, argv);

	if (status >= 0)
		return status;
	g.conf.urls.head = &g.url.obj;
	g.conf.common.obj.block = g.spec.ops->conf;
	g.spec.conf = &g.conf.common;
	g.loop = loop_new(NULL);
	if (!g.loop)
		return EXIT_FAILURE;
	fetch(&g);
	loop_free(g.loop);
	if (g.is_verbose)
		print_answer(&g);
	free(g.answer);
	if (g.is_done && g.sub.reason == REASON_HTTP_DIGEST) {
		printf("%s\n", g.sub.detail);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "%s: %s\n", argv[0], reason_text(g.sub.reason));
	return EXIT_FAILURE;
}
