/*
 * The parent's memory of its children: keys, replacement, sweep, text and JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "director/store.h"

static struct msg rs(const char *vs, const char *name, bool is_up)
{
	return (struct msg){ .kind = MSG_rs_state,
			     .fd = -1,
			     .rs_state = { .vs = vs,
					   .rs = name,
					   .is_up = is_up,
					   .weight = 1,
					   .since_us = 5000000 } };
}

static struct msg instance(const char *name, const char *state)
{
	return (struct msg){
		.kind = MSG_vrrp_state,
		.fd = -1,
		.vrrp_state = { .instance = name, .interface = "eth0", .state = state, .vrid = 51 }
	};
}

static size_t count(const struct store *store, const char *section)
{
	json_t *object = json_object();
	size_t n;

	store_json(store, object);
	n = json_array_size(json_object_get(object, section));
	json_decref(object);
	return n;
}

static void put(struct store *store, struct msg msg)
{
	assert_true(store_put(store, &msg));
}

static void same_key_replaces(void **state)
{
	struct store *store = store_new();
	json_t *object = json_object(), *first;

	(void)state;
	put(store, rs("v1", "r1", true));
	put(store, rs("v1", "r2", true));
	put(store, rs("v2", "r1", true));
	put(store, rs("v1", "r1", false));
	assert_int_equal(count(store, "real_servers"), 3);
	store_json(store, object);
	first = json_array_get(json_object_get(object, "real_servers"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "rs")), "r1");
	assert_false(json_boolean_value(json_object_get(first, "is_up")));
	json_decref(object);
	store_free(store);
}

static void other_kinds_are_not_kept(void **state)
{
	struct store *store = store_new();
	struct msg pong = { .kind = MSG_pong, .fd = -1 };

	(void)state;
	assert_false(store_put(store, &pong));
	store_free(store);
}

static void sweep_takes_only_stale_records_of_the_role(void **state)
{
	struct store *store = store_new();

	(void)state;
	put(store, rs("v1", "r1", true));
	put(store, rs("v1", "r2", true));
	put(store, instance("VI_1", "MASTER"));
	store_mark(store, MSG_FROM_CHECK);
	put(store, rs("v1", "r2", false));
	store_sweep(store, MSG_FROM_CHECK);
	assert_int_equal(count(store, "real_servers"), 1);
	assert_int_equal(count(store, "vrrp"), 1);
	put(store, rs("v1", "r1", true)); /* the swept key can come back */
	assert_int_equal(count(store, "real_servers"), 2);
	store_free(store);
}

static void count_msg(const struct msg *msg, void *arg)
{
	(void)msg;
	++*(unsigned *)arg;
}

static void each_goes_to_its_role(void **state)
{
	struct store *store = store_new();
	unsigned vrrp = 0, check = 0;
	char name[16];

	(void)state;
	for (int i = 0; i < 1000; i++) { /* forces several rehashes */
		snprintf(name, sizeof(name), "r%d", i);
		put(store, rs("v", name, true));
	}
	put(store, instance("VI_1", "BACKUP"));
	store_each(store, MSG_FROM_VRRP, count_msg, &vrrp);
	store_each(store, MSG_FROM_CHECK, count_msg, &check);
	assert_int_equal(vrrp, 1);
	assert_int_equal(check, 1000);
	store_free(store);
}

/* Every column of the text tables names a field, or cell_text() would assert; ages count from
 * `now`. */
static void text_shows_every_section(void **state)
{
	static const struct msg all[] = {
		{ .kind = MSG_vrrp_state,
		  .fd = -1,
		  .vrrp_state = { .instance = "VI_1", .state = "MASTER" } },
		{ .kind = MSG_vrrp_stats,
		  .fd = -1,
		  .vrrp_stats = { .instance = "VI_1", .advert_sent = 42 } },
		{ .kind = MSG_vs_state, .fd = -1, .vs_state = { .vs = "v1", .is_up = true } },
		{ .kind = MSG_rs_state,
		  .fd = -1,
		  .rs_state = { .vs = "v1", .rs = "r1", .since_us = 5000000 } },
		{ .kind = MSG_check_state,
		  .fd = -1,
		  .check_state = { .vs = "v1", .rs = "r1", .kind = "TCP_CHECK" } },
	};
	struct store *store = store_new();
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		put(store, all[i]);
	store_text(store, (time_us){ 12300000 }, out);
	fclose(out);
	assert_non_null(strstr(text, "VRRP instances"));
	assert_non_null(strstr(text, "MASTER"));
	assert_non_null(strstr(text, "42"));
	assert_non_null(strstr(text, "TCP_CHECK"));
	assert_non_null(strstr(text, "7.3s"));
	free(text);
	store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_key_replaces),
		cmocka_unit_test(other_kinds_are_not_kept),
		cmocka_unit_test(sweep_takes_only_stale_records_of_the_role),
		cmocka_unit_test(each_goes_to_its_role),
		cmocka_unit_test(text_shows_every_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
