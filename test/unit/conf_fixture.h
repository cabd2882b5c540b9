/*
 * A small grammar that uses everything the configuration machinery offers, for its unit tests.
 */
#ifndef DIARCH_TEST_CONF_FIXTURE_H
#define DIARCH_TEST_CONF_FIXTURE_H

#include "lib/conf.h"

struct fix_global {
	struct conf_obj obj;
	const char *router_id;
	uint32_t vrrp_repeat;
};

struct fix_addr {
	struct conf_obj obj;
	struct conf_prefix prefix;
	const char *dev;
	int scope;
	bool no_track;
};

struct fix_peer {
	struct conf_obj obj;
	struct conf_endpoint endpoint;
	uint8_t min_ttl;
	bool is_on;
	struct conf_ranges ports;
};

struct fix_auth {
	struct conf_obj obj;
	const char *pass;
	uint8_t strength;
};

struct fix_instance {
	struct conf_obj obj;
	const char *name;
	uint8_t vrid;
	uint8_t priority;
	uint16_t port;
	int64_t advert_int_us;
	int64_t weight;
	bool nopreempt;
	bool preempt; /* a flag whose default is true */
	bool accept;
	int state;
	uint32_t repeat;
	struct addr source;
	struct conf_endpoint sorry;
	const char *note;
	struct conf_script notify;
	uint32_t idle;
	unsigned n_resolved; /* by resolve */
	struct conf_list addrs;
	struct conf_list peers;
	struct conf_list auth;
};

struct fix_check {
	struct conf_obj obj;
	uint32_t retry;
	int64_t delay_us;
	struct conf_ranges status;
};

struct fix_server {
	struct conf_obj obj;
	struct conf_endpoint endpoint;
	uint32_t retry;
	int64_t weight;
	struct conf_list checks; /* struct fix_check, of several blocks */
};

struct fix_service {
	struct conf_obj obj;
	struct conf_endpoint endpoint;
	uint32_t retry;
	int64_t delay_us;
	struct conf_list servers;
};

struct fix_group_line {
	struct conf_obj obj;
	struct conf_endpoint endpoint;
};

struct fix_group {
	struct conf_obj obj;
	const char *name;
	uint32_t retry;
	struct conf_list lines;
};

struct fix_root {
	struct conf_obj obj;
	uint32_t wait_s;
	uint32_t retry;
	struct conf_list globals;
	struct conf_list instances;
	struct conf_list services;
	struct conf_list groups;
};

extern const struct conf_schema fix_schema;
extern const struct conf_block fix_tcp_block, fix_http_block;

/* Loads text; the diagnostics are in *diags (the caller frees both). */
struct conf *fix_load(const char *text, struct conf_diags **diags);

/* The same; any error or warning fails the test. */
struct conf *fix_load_clean(const char *text);

const struct fix_root *fix_root_of(const struct conf *conf);
const struct fix_global *fix_global_of(const struct conf *conf);

/* The i-th object of a list, or NULL. */
const void *fix_at(const struct conf_list *list, unsigned i);

/* Fails the test unless `diags` holds exactly these codes in this order; the list ends with NULL.
 */
void fix_expect_codes(const struct conf_diags *diags, const char *const *codes);
#define FIX_EXPECT(diags, ...) fix_expect_codes(diags, (const char *const[]){ __VA_ARGS__, NULL })

/* Loads `text`, expects these codes, frees everything. */
#define FIX_TEXT_EXPECT(text, ...) fix_text_expect(text, (const char *const[]){ __VA_ARGS__, NULL })
void fix_text_expect(const char *text, const char *const *codes);

/* Canonical dump; the caller frees it. */
char *fix_dump(const struct conf *conf, bool with_origin);

#endif
