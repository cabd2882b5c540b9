/*
 * Unit tests of director/proc_news.c: messages of the proc connector, as recorded from Linux 6.18
 * and made here.
 */
#include "test/unit/lib_util.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <string.h>

#include "director/proc_events.h"

struct packet {
	char data[sizeof(struct cn_msg) + sizeof(struct proc_event) + 16];
	size_t n;
};

static struct packet pack(const struct cn_msg *cn, const struct proc_event *event)
{
	struct packet packet = { .n = sizeof(*cn) + cn->len };

	memcpy(packet.data, cn, sizeof(*cn));
	memcpy(packet.data + sizeof(*cn), event, sizeof(*event));
	return packet;
}

static struct packet event_packet(const struct proc_event *event)
{
	const struct cn_msg cn = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(*event) };

	return pack(&cn, event);
}

static bool parse(const struct proc_event *event, struct proc_news *news)
{
	const struct packet packet = event_packet(event);

	return proc_news_parse(packet.data, packet.n, news);
}

/* The answer to a request with the token 5. */
static void recorded_answer(void **state)
{
	static const unsigned char data[] = {
		0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0xdb, 0x98, 0x00, 0x00,
		0x06, 0x00, 0x00, 0x00, 0x28, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0xbc, 0xd1, 0x84, 0xab, 0x7f, 0x19, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	struct proc_news news;

	(void)state;
	assert_true(proc_news_parse(data, sizeof(data), &news));
	assert_int_equal(news.kind, PROC_NEWS_ANSWER);
	assert_int_equal(news.token, 5);
	assert_int_equal(news.error, 0);
}

static void refusal(void **state)
{
	const struct proc_event event = { .what = PROC_EVENT_NONE, .event_data.ack.err = 1 };
	struct proc_news news;

	(void)state;
	assert_true(parse(&event, &news));
	assert_int_equal(news.kind, PROC_NEWS_ANSWER);
	assert_int_equal(news.error, 1);
}

static void processes_fork(void **state)
{
	struct proc_event event = { .what = PROC_EVENT_FORK,
				    .event_data.fork = { .parent_pid = 11,
							 .parent_tgid = 10,
							 .child_pid = 20,
							 .child_tgid = 20 } };
	struct proc_news news;

	(void)state;
	assert_true(parse(&event, &news));
	assert_int_equal(news.kind, PROC_NEWS_FORK);
	assert_int_equal(news.parent, 10);
	assert_int_equal(news.pid, 20);
	event.event_data.fork.child_pid = 21; /* a thread */
	assert_false(parse(&event, &news));
}

static void processes_execute(void **state)
{
	const struct proc_event exec = {
		.what = PROC_EVENT_EXEC, .event_data.exec = { .process_pid = 7, .process_tgid = 7 }
	};
	const struct proc_event comm = {
		.what = PROC_EVENT_COMM, .event_data.comm = { .process_pid = 9, .process_tgid = 8 }
	};
	struct proc_news news;

	(void)state;
	assert_true(parse(&exec, &news));
	assert_int_equal(news.kind, PROC_NEWS_EXEC);
	assert_int_equal(news.pid, 7);
	assert_true(parse(&comm, &news));
	assert_int_equal(news.kind, PROC_NEWS_EXEC);
	assert_int_equal(news.pid, 8);
}

static void processes_end(void **state)
{
	struct proc_event event = { .what = PROC_EVENT_EXIT,
				    .event_data.exit = { .process_pid = 7, .process_tgid = 7 } };
	struct proc_news news;

	(void)state;
	assert_true(parse(&event, &news));
	assert_int_equal(news.kind, PROC_NEWS_EXIT);
	assert_int_equal(news.pid, 7);
	event.event_data.exit.process_pid = 8; /* a thread */
	assert_false(parse(&event, &news));
}

static void other_messages_are_nothing(void **state)
{
	const struct proc_event event = { .what = PROC_EVENT_EXEC };
	const struct proc_event uid = { .what = PROC_EVENT_UID };
	const struct cn_msg disk = { .id = { CN_W1_IDX, CN_W1_VAL }, .len = sizeof(event) };
	const struct cn_msg greedy = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = UINT16_MAX };
	struct packet packet = pack(&disk, &event);
	struct proc_news news;

	(void)state;
	assert_false(parse(&uid, &news));
	assert_false(proc_news_parse(packet.data, packet.n, &news));
	memcpy(packet.data, &greedy, sizeof(greedy));
	assert_false(proc_news_parse(packet.data, packet.n, &news));
	packet = event_packet(&event);
	for (size_t n = 0; n < packet.n; n++)
		assert_false(proc_news_parse(packet.data, n, &news));
}

/* Kernels before 5.x told less of an event. */
static void shorter_events(void **state)
{
	const struct proc_event event = {
		.what = PROC_EVENT_EXIT, .event_data.exit = { .process_pid = 7, .process_tgid = 7 }
	};
	const struct cn_msg cn = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = 32 };
	const struct cn_msg less = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = 31 };
	struct packet packet = pack(&cn, &event);
	struct proc_news news;

	(void)state;
	assert_true(proc_news_parse(packet.data, packet.n, &news));
	assert_int_equal(news.pid, 7);
	packet = pack(&less, &event);
	assert_false(proc_news_parse(packet.data, packet.n, &news));
}

static void requests(void **state)
{
	char data[PROC_NEWS_REQUEST_MAX] __attribute__((aligned(__alignof__(struct nlmsghdr))));
	struct nlmsghdr *nlh = (void *)data;
	struct cn_msg cn;
	uint32_t op;

	(void)state;
	for (int is_wanted = 0; is_wanted < 2; is_wanted++) {
		assert_int_equal(proc_news_request(data, is_wanted, 9), 40);
		assert_int_equal(nlh->nlmsg_len, 40);
		assert_int_equal(nlh->nlmsg_type, NLMSG_DONE);
		memcpy(&cn, NLMSG_DATA(nlh), sizeof(cn));
		memcpy(&op, (const char *)NLMSG_DATA(nlh) + sizeof(cn), sizeof(op));
		assert_int_equal(cn.id.idx, CN_IDX_PROC);
		assert_int_equal(cn.id.val, CN_VAL_PROC);
		assert_int_equal(cn.ack, 9);
		assert_int_equal(cn.len, sizeof(op));
		assert_int_equal(op, is_wanted ? PROC_CN_MCAST_LISTEN : PROC_CN_MCAST_IGNORE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_answer), cmocka_unit_test(refusal),
		cmocka_unit_test(processes_fork),  cmocka_unit_test(processes_execute),
		cmocka_unit_test(processes_end),   cmocka_unit_test(other_messages_are_nothing),
		cmocka_unit_test(shorter_events),  cmocka_unit_test(requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
