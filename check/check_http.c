/*
 * HTTP_GET and SSL_GET: a request, an answer, and tests of its status, digest and text. Runs in the
 * checker process, for the probe engine.
 *
 * A run asks for one url; the urls of a check take turns. The server is up when all of them passed
 * in a row since the last failure: the passes before the last one are REASON_PARTLY. After a
 * failure the same url is asked again. With one url, one good answer is enough.
 *
 * The answer is read to its end or to a limit, with digest and regex or without: a server that
 * stops in the middle of a page does not work. It ends where its head says, or with the connection.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "check/checkers.h"
#include "check/http_parse.h"
#include "check/http_regex.h"
#include "lib/log.h"

#define REQUEST_MAX      8192
#define READS_AT_ONCE    4                  /* then the others have their turn */
#define KEPT_BODY_MAX    (1024 * 1024)      /* what a regex sees; enough without digest */
#define DIGEST_BODY_MAX  (16 * 1024 * 1024) /* what a digest covers */
#define FIRST_BODY_ALLOC 4096

/* Of a run. */
struct http_run {
	struct http_parser parser;
	size_t sent; /* bytes of the request */
	bool is_sent;
	uint64_t seen; /* bytes of the body */
	uint64_t head_len;
	bool is_body;    /* the head is complete */
	EVP_MD_CTX *md5; /* with a digest */
	uint8_t *body;   /* with a regex: the first `kept` bytes of head and body */
	size_t kept, cap;
};

/* Of a probe. */
struct http_keep {
	uint32_t next;              /* index of the url to ask for */
	uint32_t passed;            /* in a row, at most the number of urls */
	struct http_regex **regexs; /* one per url, compiled when first needed */
	uint32_t n_regexs;
};

static const struct http_check_conf *http_conf(const struct probe *probe)
{
	return (const struct http_check_conf *)probe_conf(probe);
}

static const struct url_conf *current_url(struct probe *probe)
{
	const struct http_keep *keep = probe_keep(probe);
	const struct url_conf *url;
	uint32_t i = 0;

	conf_list_for_each (url, &http_conf(probe)->urls) {
		if (i++ == keep->next)
			return url;
	}
	return NULL;
}

/* ---- request ---- */

/* The Host field: the nearest virtualhost, or the server's name, or the address as keepalived
 * writes it. */
static void host_name(struct probe *probe, const struct url_conf *url, char *host, size_t size)
{
	const struct probe_spec *spec = probe_spec(probe);
	const char *name = url->virtualhost ? url->virtualhost : http_conf(probe)->virtualhost;
	char addr[ADDR_STR_MAX];

	if (!name)
		name = spec->virtualhost ? spec->virtualhost : spec->vs_virtualhost;
	if (name)
		snprintf(host, size, "%s", name);
	else if (spec->host)
		snprintf(host, size, "%s:%u", spec->host, spec->port);
	else
		snprintf(host, size, spec->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
			 addr_str(&spec->addr, addr), spec->port);
}

/* Writes the request; its length, REQUEST_MAX or more when it does not fit. */
static size_t build_request(struct probe *probe, char *request)
{
	static const struct {
		const char *version, *connection;
	} forms[] = {
		[HTTP_PROTOCOL_1_0] = { "1.0", "" },
		[HTTP_PROTOCOL_1_0C] = { "1.0", "Connection: close\r\n" },
		[HTTP_PROTOCOL_1_0K] = { "1.0", "Connection: keep-alive\r\n" },
		[HTTP_PROTOCOL_1_1] = { "1.1", "Connection: close\r\n" },
	};
	const struct url_conf *url = current_url(probe);
	const int form = http_conf(probe)->http_protocol;
	char host[REQUEST_MAX];

	host_name(probe, url, host, sizeof(host));
	return (size_t)snprintf(request, REQUEST_MAX,
				"GET %s HTTP/%s\r\n"
				"User-Agent: KeepAliveClient\r\n"
				"%sHost: %s\r\n\r\n",
				url->path, forms[form].version, forms[form].connection, host);
}

/* Sends what is left of the request; false when it is not out yet or the run ended. */
static bool send_request(struct probe *probe)
{
	struct http_run *run = probe_run(probe);
	char request[REQUEST_MAX];
	size_t len = build_request(probe, request);

	while (run->sent < len) {
		ssize_t n = probe_write(probe, request + run->sent, len - run->sent);

		if (n == -EAGAIN)
			return false;
		if (n < 0) {
			probe_done(probe, probe_io_reason((int)n), NULL);
			return false;
		}
		run->sent += (size_t)n;
	}
	run->is_sent = true;
	return true;
}

/* ---- verdict ---- */

static bool is_status_wanted(const struct url_conf *url, uint16_t status)
{
	const struct conf_ranges *codes = &url->status_code;

	for (uint32_t i = 0; i < codes->n; i++) {
		if (status >= codes->v[i].lo && status <= codes->v[i].hi)
			return true;
	}
	return false;
}

/* REASON_OK when the digest is as wanted; `hex` becomes the digest there is. */
static enum probe_reason judge_digest(struct http_run *run, const char *wanted, char *hex)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (run->seen > DIGEST_BODY_MAX)
		return REASON_HTTP_TOO_BIG;
	if (!EVP_DigestFinal_ex(run->md5, md, &len))
		return REASON_INTERNAL;
	for (unsigned int i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	return strcasecmp(hex, wanted) == 0 ? REASON_OK : REASON_HTTP_DIGEST;
}

static enum probe_reason judge_regex(struct probe *probe, const struct url_conf *url)
{
	const struct http_keep *keep = probe_keep(probe);
	const struct http_run *run = probe_run(probe);
	bool is_whole = run->head_len + run->seen <= KEPT_BODY_MAX;

	switch (http_regex_search(keep->regexs[keep->next], run->body, run->kept,
				  url->regex_min_offset, url->regex_max_offset)) {
	case HTTP_MATCH: return url->regex_no_match ? REASON_HTTP_REGEX : REASON_OK;
	case HTTP_NO_MATCH:
		if (!is_whole)
			return REASON_HTTP_TOO_BIG;
		return url->regex_no_match ? REASON_OK : REASON_HTTP_REGEX;
	case HTTP_MATCH_FAILED: break;
	}
	return REASON_HTTP_REGEX;
}

/* The body is there, or as much of it as there will be. */
static void judge_body(struct probe *probe, const struct url_conf *url)
{
	struct http_run *run = probe_run(probe);
	enum probe_reason reason = REASON_OK;
	char detail[2 * EVP_MAX_MD_SIZE + 1];

	snprintf(detail, sizeof(detail), "%u", run->parser.status);
	if (url->digest)
		reason = judge_digest(run, url->digest, detail);
	if (reason == REASON_OK && url->regex)
		reason = judge_regex(probe, url);
	probe_done(probe, reason, detail);
}

static void judge_head(struct probe *probe, const struct url_conf *url)
{
	const struct http_run *run = probe_run(probe);
	char status[8];

	snprintf(status, sizeof(status), "%u", run->parser.status);
	if (!is_status_wanted(url, run->parser.status))
		probe_done(probe, REASON_HTTP_STATUS, status);
}

/* ---- answer ---- */

/* Keeps up to KEPT_BODY_MAX bytes in a buffer that doubles; false when out of memory. */
static bool keep_answer(struct http_run *run, const struct http_piece *piece)
{
	size_t n = KEPT_BODY_MAX - run->kept;
	size_t cap = run->cap ? run->cap : FIRST_BODY_ALLOC;

	if (n > piece->len)
		n = piece->len;
	while (cap < run->kept + n)
		cap *= 2;
	if (cap != run->cap) {
		uint8_t *body = realloc(run->body, cap);

		if (!body)
			return false;
		run->body = body;
		run->cap = cap;
	}
	memcpy(run->body + run->kept, piece->data, n);
	run->kept += n;
	return true;
}

static void take_body(struct probe *probe, const struct url_conf *url,
		      const struct http_piece *piece)
{
	struct http_run *run = probe_run(probe);

	run->seen += piece->len;
	if (run->md5 && !EVP_DigestUpdate(run->md5, piece->data, piece->len))
		probe_done(probe, REASON_INTERNAL, "digest");
	else if (url->regex && !keep_answer(run, piece))
		probe_done(probe, REASON_RESOURCES, NULL);
	else if (run->seen > (url->digest ? DIGEST_BODY_MAX : KEPT_BODY_MAX))
		judge_body(probe, url);
}

/* What a regex sees begins with the head, as it came. */
static void take_head(struct probe *probe, const uint8_t *data, size_t len)
{
	const struct http_piece piece = { .data = data, .len = len };
	struct http_run *run = probe_run(probe);

	run->head_len += len;
	if (current_url(probe)->regex && !keep_answer(run, &piece))
		probe_done(probe, REASON_RESOURCES, NULL);
}

static void take_event(struct probe *probe, enum http_event event, const struct http_piece *piece)
{
	const struct url_conf *url = current_url(probe);

	switch (event) {
	case HTTP_MORE: break;
	case HTTP_HEAD: judge_head(probe, url); break;
	case HTTP_BODY: take_body(probe, url, piece); break;
	case HTTP_END: judge_body(probe, url); break;
	case HTTP_BAD: probe_done(probe, REASON_HTTP_MALFORMED, NULL); break;
	case HTTP_BIG: probe_done(probe, REASON_HTTP_TOO_BIG, NULL); break;
	}
}

static void take_bytes(struct probe *probe, const uint8_t *data, size_t len)
{
	struct http_run *run = probe_run(probe);
	const uint8_t *at = data;
	struct http_piece piece = { 0 };
	enum http_event event;

	do {
		const uint8_t *before = at;

		event = http_parse(&run->parser, &at, data + len, &piece);
		if (!run->is_body)
			take_head(probe, before, (size_t)(at - before));
		run->is_body |= event == HTTP_HEAD;
		if (!probe_is_done(probe))
			take_event(probe, event, &piece);
	} while (event != HTTP_MORE && !probe_is_done(probe));
}

static void take_eof(struct probe *probe)
{
	struct http_run *run = probe_run(probe);

	if (http_parse_eof(&run->parser) == HTTP_END)
		judge_body(probe, current_url(probe));
	else
		probe_done(probe, REASON_CLOSED_EARLY, NULL);
}

static void receive_answer(struct probe *probe)
{
	uint8_t buf[PROBE_READ_SIZE];

	for (int i = 0; i < READS_AT_ONCE && !probe_is_done(probe); i++) {
		ssize_t n = probe_read(probe, buf, sizeof(buf));

		if (n == -EAGAIN)
			return;
		if (n < 0)
			probe_done(probe, probe_io_reason((int)n), NULL);
		else if (n == 0)
			take_eof(probe);
		else
			take_bytes(probe, buf, (size_t)n);
	}
}

/* ---- the plug-in ---- */

static void http_io(struct probe *probe, uint32_t ready)
{
	const struct http_run *run = probe_run(probe);
	bool was_sent = run->is_sent;

	if (!was_sent && !send_request(probe))
		return;
	if (was_sent || ready & EPOLLIN)
		receive_answer(probe);
	else
		probe_wait_read(probe); /* no answer can be there yet */
}

static int prepare_regex(struct probe *probe, const struct url_conf *url)
{
	struct http_keep *keep = probe_keep(probe);

	if (!keep->regexs) {
		keep->n_regexs = http_conf(probe)->urls.n;
		keep->regexs = xcalloc(keep->n_regexs, sizeof(*keep->regexs));
	}
	if (!keep->regexs[keep->next])
		keep->regexs[keep->next] =
			http_regex_new(url->regex, url->regex_options, url->regex_stack.max);
	return keep->regexs[keep->next] ? 0 : -EINVAL;
}

static int http_start(struct probe *probe)
{
	const struct url_conf *url = current_url(probe);
	struct http_run *run = probe_run(probe);
	char request[REQUEST_MAX];

	if (!url || build_request(probe, request) >= sizeof(request))
		return -EINVAL;
	if (url->regex && prepare_regex(probe, url) < 0)
		return -EINVAL;
	if (url->tls_compliant)
		probe_close_politely(probe);
	http_parse_init(&run->parser);
	if (url->digest) {
		run->md5 = EVP_MD_CTX_new();
		if (!run->md5 || !EVP_DigestInit_ex(run->md5, EVP_md5(), NULL))
			return -ENOTSUP;
	}
	http_io(probe, 0);
	return 0;
}

static void http_stop(struct probe *probe)
{
	struct http_run *run = probe_run(probe);

	EVP_MD_CTX_free(run->md5);
	free(run->body);
}

static enum probe_reason http_judge(struct probe *probe, enum probe_reason reason)
{
	const uint32_t n_urls = http_conf(probe)->urls.n;
	struct http_keep *keep = probe_keep(probe);

	if (reason_verdict(reason) == VERDICT_DOWN)
		keep->passed = 0;
	if (reason != REASON_OK)
		return reason;
	keep->next = (keep->next + 1) % n_urls;
	if (keep->passed < n_urls)
		keep->passed++;
	return keep->passed < n_urls ? REASON_PARTLY : REASON_OK;
}

static bool http_is_hasty(const struct probe *probe)
{
	return http_conf(probe)->fast_recovery;
}

static void http_drop(void *arg)
{
	struct http_keep *keep = arg;

	for (uint32_t i = 0; i < keep->n_regexs; i++)
		http_regex_free(keep->regexs[i]);
	free(keep->regexs);
}

/* The name to ask for, which is never the real server's virtualhost, as in keepalived; an address
 * is none. */
static const char *http_sni(struct probe *probe)
{
	const struct http_check_conf *conf = http_conf(probe);
	const struct url_conf *url = current_url(probe);
	const char *name = conf->sni_name;
	struct addr addr;

	if (!conf->enable_sni && !name)
		return NULL;
	if (!name && url)
		name = url->virtualhost;
	if (!name)
		name = conf->virtualhost;
	if (!name)
		name = probe_spec(probe)->vs_virtualhost;
	if (!name)
		name = probe_spec(probe)->host;
	return name && !addr_parse(name, &addr) ? name : NULL;
}

const struct checker_ops check_http_get = {
	.name = "HTTP_GET",
	.log_up_before = "Remote Web server",
	.log_up_after = "succeed on service.",
	.log_down_name = "HTTP_CHECK",
	.conf = &http_get_block,
	.run_size = sizeof(struct http_run),
	.keep_size = sizeof(struct http_keep),
	.talks_first = true,
	.start = http_start,
	.io = http_io,
	.stop = http_stop,
	.judge = http_judge,
	.is_hasty = http_is_hasty,
	.drop = http_drop,
};

const struct checker_ops check_ssl_get = {
	.name = "SSL_GET",
	.log_up_before = "Remote Web server",
	.log_up_after = "succeed on service.",
	.log_down_name = "HTTP_CHECK",
	.conf = &ssl_get_block,
	.run_size = sizeof(struct http_run),
	.keep_size = sizeof(struct http_keep),
	.is_tls = true,
	.talks_first = true,
	.start = http_start,
	.io = http_io,
	.stop = http_stop,
	.judge = http_judge,
	.is_hasty = http_is_hasty,
	.drop = http_drop,
	.sni = http_sni,
};
