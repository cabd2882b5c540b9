/*
 * Unit tests of lib/msg.c and lib/ipc.c: every kind of message there and back, damaged ones,
 * violations, queue, descriptors.
 */
#include "test/unit/lib_util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ipc.h"

#define for_each_kind(kind) for (enum msg_kind kind = MSG_NONE + 1; kind < MSG_N; kind++)

/* ---- messages ---- */

/* A message of `kind` with random fields; its strings are in `texts`. */
struct sample {
	struct msg msg;
	char texts[32][40];
};

static void *field_at(struct msg *msg, const struct msg_field *field)
{
	return (char *)&msg->align + field->offset;
}

static void field_randomise(void *at, enum msg_type type, char *text)
{
	const uint64_t v = random_u64();
	const size_t len = v % 39;

	switch (type) {
	case MSG_U8: *(uint8_t *)at = (uint8_t)v; break;
	case MSG_U16: *(uint16_t *)at = (uint16_t)v; break;
	case MSG_U32: *(uint32_t *)at = (uint32_t)v; break;
	case MSG_U64: *(uint64_t *)at = v; break;
	case MSG_I64: *(int64_t *)at = (int64_t)v; break;
	case MSG_BOOL: *(bool *)at = v & 1; break;
	case MSG_STR:
		for (size_t i = 0; i < len; i++)
			text[i] = (char)(1 + random_u64() % 255);
		text[len] = '\0';
		*(const char **)at = text;
		break;
	}
}

static void sample_make(struct sample *s, enum msg_kind kind)
{
	const struct msg_desc *desc = msg_desc(kind);

	assert_non_null(desc);
	assert_true(desc->n_fields <= N_ELEMENTS(s->texts));
	memset(&s->msg, 0, sizeof(s->msg));
	s->msg.kind = kind;
	s->msg.fd = -1;
	for (unsigned i = 0; i < desc->n_fields; i++)
		field_randomise(field_at(&s->msg, &desc->fields[i]), desc->fields[i].type,
				s->texts[i]);
}

static size_t field_size(enum msg_type type)
{
	switch (type) {
	case MSG_U8: return sizeof(uint8_t);
	case MSG_U16: return sizeof(uint16_t);
	case MSG_U32: return sizeof(uint32_t);
	case MSG_U64: return sizeof(uint64_t);
	case MSG_I64: return sizeof(int64_t);
	case MSG_BOOL: return sizeof(bool);
	case MSG_STR: return sizeof(const char *);
	}
	return 0;
}

static void assert_same(const struct msg *a, const struct msg *b)
{
	const struct msg_desc *desc = msg_desc(a->kind);

	assert_int_equal(a->kind, b->kind);
	for (unsigned i = 0; i < desc->n_fields; i++) {
		const struct msg_field *field = &desc->fields[i];
		const void *va = msg_field_ptr(a, field), *vb = msg_field_ptr(b, field);

		if (field->type == MSG_STR)
			assert_string_equal(*(const char *const *)va, *(const char *const *)vb);
		else
			assert_memory_equal(va, vb, field_size(field->type));
	}
}

/* The encoding in a block of its own size, so that a read beyond it is caught. */
static uint8_t *encoded(const struct msg *msg, size_t *len)
{
	static uint8_t data[IPC_MSG_MAX];
	struct buf b = buf_writer(data, sizeof(data));
	uint8_t *copy;

	msg_encode(msg, &b);
	assert_true(buf_ok(&b));
	*len = b.len;
	copy = malloc(b.len);
	assert_non_null(copy);
	return memcpy(copy, data, b.len);
}

static bool decode(const void *data, size_t len, struct msg *msg)
{
	struct buf b = buf_reader(data, len);

	return msg_decode(&b, msg);
}

static void descriptions(void **state)
{
	(void)state;
	for_each_kind(kind)
	{
		const struct msg_desc *desc = msg_desc(kind);

		assert_true(desc->n_fields > 0);
		assert_true(desc->from && desc->to && desc->phase & MSG_PHASE_ANY);
		assert_string_equal(msg_name(kind), desc->name);
	}
	assert_null(msg_desc(MSG_NONE));
	assert_null(msg_desc(MSG_N));
	assert_string_equal(msg_name(MSG_N), "unknown");
	assert_string_equal(msg_name(MSG_vrrp_state), "vrrp_state");
}

static void round_trip(void **state)
{
	(void)state;
	for_each_kind(kind) for (int i = 0; i < 50; i++)
	{
		struct sample s;
		struct msg back, *copy;
		size_t len;
		uint8_t *data;

		sample_make(&s, kind);
		data = encoded(&s.msg, &len);
		assert_true(decode(data, len, &back));
		assert_int_equal(back.fd, -1);
		assert_same(&s.msg, &back);
		copy = msg_dup(&back);
		free(data);
		memset(&back, 0, sizeof(back));
		assert_same(&s.msg, copy);
		msg_free(copy);
	}
	msg_free(NULL);
}

static void wire_format(void **state)
{
	static const uint8_t wire[] = { 0,    MSG_conf_ack, 0, 0, 0, 0,   0,   0,
					0x01, 0x02,         1, 0, 2, 'o', 'k', 0 };
	const struct msg msg = { .kind = MSG_conf_ack, .conf_ack = { 0x0102, true, "ok" } };
	const struct msg without = { .kind = MSG_stop };
	size_t len;
	uint8_t *data = encoded(&msg, &len);

	(void)state;
	assert_int_equal(len, sizeof(wire));
	assert_memory_equal(data, wire, sizeof(wire));
	free(data);
	data = encoded(&without, &len); /* NULL is an empty string */
	assert_int_equal(len, 6);
	free(data);
}

static void truncated(void **state)
{
	(void)state;
	for_each_kind(kind)
	{
		struct sample s;
		struct msg back;
		size_t len;
		uint8_t *data;

		sample_make(&s, kind);
		data = encoded(&s.msg, &len);
		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *part = malloc(cut ? cut : 1);

			assert_non_null(part);
			memcpy(part, data, cut);
			assert_false(decode(part, cut, &back));
			free(part);
		}
		data = realloc(data, len + 1);
		assert_non_null(data);
		data[len] = 0;
		assert_false(decode(data, len + 1, &back));
		free(data);
	}
}

/* A damaged byte is noticed, or gives another message whose encoding is exactly these bytes. */
static void check_damaged(const uint8_t *data, size_t len)
{
	struct msg back;
	size_t again_len;
	uint8_t *again;

	if (!decode(data, len, &back))
		return;
	again = encoded(&back, &again_len);
	assert_int_equal(again_len, len);
	assert_memory_equal(again, data, len);
	free(again);
}

static void corrupted(void **state)
{
	(void)state;
	for_each_kind(kind)
	{
		struct sample s;
		size_t len;
		uint8_t *data;

		sample_make(&s, kind);
		data = encoded(&s.msg, &len);
		for (size_t i = 0; i < len; i++) {
			const uint8_t right = data[i];

			for (unsigned wrong = 0; wrong < 256; wrong++) {
				data[i] = (uint8_t)wrong;
				check_damaged(data, len);
			}
			data[i] = right;
		}
		free(data);
	}
}

static void malformed_fields(void **state)
{
	static const uint8_t bool_two[] = { 0, MSG_conf_ack, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0 };
	static const uint8_t inner_nul[] = { 0, MSG_stop, 0, 3, 'a', 0, 'b', 0, 0 };
	static const uint8_t no_nul[] = { 0, MSG_stop, 0, 3, 'a', 'b', 'c', 'd', 0 };
	static const uint8_t good[] = { 0, MSG_stop, 0, 3, 'a', 'b', 'c', 0, 1 };
	struct msg msg;

	(void)state;
	assert_false(decode(bool_two, sizeof(bool_two), &msg));
	assert_false(decode(inner_nul, sizeof(inner_nul), &msg));
	assert_false(decode(no_nul, sizeof(no_nul), &msg));
	assert_true(decode(good, sizeof(good), &msg));
	assert_string_equal(msg.stop.reason, "abc");
}

static void too_long_for_the_buffer(void **state)
{
	char *reason = malloc(70000);
	const struct msg msg = { .kind = MSG_stop, .stop.reason = reason };
	const struct msg unknown = { .kind = MSG_N };
	uint8_t data[100];
	struct buf b;

	(void)state;
	assert_non_null(reason);
	for (size_t len = 96; len < 70000; len = len < 1000 ? 69999 : 70000) {
		memset(reason, 'x', len);
		reason[len] = '\0';
		b = buf_writer(data, sizeof(data));
		msg_encode(&msg, &b);
		assert_false(buf_ok(&b));
	}
	b = buf_writer(data, sizeof(data));
	msg_encode(&unknown, &b);
	assert_false(buf_ok(&b));
	free(reason);
}

/* ---- channels ---- */

/* One end under test, the other a bare socket; what the channel reported. */
struct end {
	struct loop *loop;
	struct ipc_chan *chan;
	int raw;
	unsigned n_msgs, n_closes;
	uint64_t last_seq;
	int fd; /* that came along */
	bool is_freed_by_msg;
	char why[128];
};

static void on_msg(struct ipc_chan *chan, const struct msg *msg, void *arg)
{
	struct end *end = arg;

	assert_ptr_equal(chan, end->chan);
	end->n_msgs++;
	if (msg->kind == MSG_ping)
		end->last_seq = msg->ping.seq;
	if (msg->fd >= 0)
		end->fd = msg->fd;
	if (end->is_freed_by_msg) {
		ipc_free(chan);
		end->chan = NULL;
		assert_int_equal(msg->kind, MSG_ping); /* still readable */
	}
}

static void on_close(struct ipc_chan *chan, const char *why, void *arg)
{
	struct end *end = arg;

	assert_ptr_equal(chan, end->chan);
	end->n_closes++;
	snprintf(end->why, sizeof(end->why), "%s", why);
	ipc_free(chan);
	end->chan = NULL;
}

static void end_init(struct end *end, enum msg_role own, enum msg_role peer)
{
	const struct ipc_handlers handlers = { on_msg, on_close, end };
	int pair[2];

	memset(end, 0, sizeof(*end));
	end->fd = -1;
	end->loop = loop_new(NULL);
	assert_non_null(end->loop);
	assert_int_equal(ipc_pair(pair), 0);
	assert_true(fcntl(pair[0], F_GETFD) & FD_CLOEXEC && fcntl(pair[1], F_GETFD) & FD_CLOEXEC);
	end->raw = pair[1];
	end->chan = ipc_new(end->loop, pair[0], own, peer, &handlers);
	assert_non_null(end->chan);
}

static void end_done(struct end *end)
{
	ipc_free(end->chan);
	if (end->raw >= 0)
		close(end->raw);
	if (end->fd >= 0)
		close(end->fd);
	loop_free(end->loop);
}

static void pass(struct end *end)
{
	assert_int_equal(loop_run_once(end->loop, 0), 0);
}

/* Sends bytes with `n_fds` copies of a descriptor from the bare socket. */
static void raw_send(const struct end *end, const void *data, size_t len, unsigned n_fds)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	const int fds[2] = { STDIN_FILENO, STDIN_FILENO };

	if (n_fds) {
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, n_fds * sizeof(int));
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_LEN(n_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(end->raw, &hdr, MSG_NOSIGNAL), len);
}

static void raw_send_msg(const struct end *end, const struct msg *msg, unsigned n_fds)
{
	size_t len;
	uint8_t *data = encoded(msg, &len);

	raw_send(end, data, len, n_fds);
	free(data);
}

static void raw_ping(const struct end *end, uint64_t seq)
{
	const struct msg ping = { .kind = MSG_ping, .fd = -1, .ping.seq = seq };

	raw_send_msg(end, &ping, 0);
}

/* Every kind in every direction and phase: delivered exactly when msg.def allows it, else refused
 * by name. */
static void check_direction(enum msg_kind kind, enum msg_role own, enum msg_role peer,
			    enum msg_phase phase)
{
	const struct msg_desc *desc = msg_desc(kind);
	const bool is_allowed = desc->from & peer && desc->to & own && desc->phase & phase;
	struct sample s;
	struct end end;

	end_init(&end, own, peer);
	ipc_set_phase(end.chan, phase);
	sample_make(&s, kind);
	raw_send_msg(&end, &s.msg, desc->phase & MSG_WITH_FD ? 1 : 0);
	pass(&end);
	assert_int_equal(end.n_msgs, is_allowed);
	assert_int_equal(end.n_closes, !is_allowed);
	if (!is_allowed)
		assert_non_null(strstr(end.why, msg_name(kind)));
	end_done(&end);
}

static void direction_and_phase(void **state)
{
	static const enum msg_phase phases[] = { MSG_PHASE_INIT, MSG_PHASE_RUN };

	(void)state;
	for_each_kind(kind) for (size_t i = 0; i < N_ELEMENTS(phases); i++)
	{
		check_direction(kind, MSG_FROM_PARENT, MSG_FROM_VRRP, phases[i]);
		check_direction(kind, MSG_FROM_PARENT, MSG_FROM_CHECK, phases[i]);
		check_direction(kind, MSG_FROM_VRRP, MSG_FROM_PARENT, phases[i]);
		check_direction(kind, MSG_FROM_CHECK, MSG_FROM_PARENT, phases[i]);
	}
}

static void violations(void **state)
{
	static const struct {
		const char *why;
		uint8_t data[12];
		size_t len;
		unsigned n_fds;
	} rows[] = {
		{ "unknown message kind 999", { 999 >> 8, 999 & 0xff }, 2, 0 },
		{ "unknown message kind 0", { 0 }, 1, 0 },
		{ "malformed message ping", { 0, MSG_ping, 1 }, 3, 0 },
		{ "malformed message ping", { 0, MSG_ping }, 11, 0 },
		{ "unexpected descriptor in message ping", { 0, MSG_ping }, 10, 1 },
		{ "too many descriptors", { 0, MSG_ping }, 10, 2 },
		{ "malformed message ping", { 0, MSG_ping }, 9, 1 },
		{ "descriptor missing in message conf", { 0, MSG_conf }, 18, 0 },
		{ "peer closed", { 0 }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint8_t data[32] = { 0 };
		struct end end;
		unsigned fds;

		memcpy(data, rows[i].data, sizeof(rows[i].data));
		end_init(&end, MSG_FROM_VRRP, MSG_FROM_PARENT);
		fds = fds_open(false);
		raw_send(&end, data, rows[i].len, rows[i].n_fds);
		raw_ping(&end, 1);
		pass(&end);
		assert_non_null(strstr(end.why, rows[i].why));
		assert_int_equal(end.n_closes, 1);
		assert_int_equal(end.n_msgs, 0);
		assert_int_equal(fds_open(false), fds - 1); /* only the channel's own is gone */
		end_done(&end);
	}
}

static void oversized(void **state)
{
	static const uint8_t data[IPC_MSG_MAX + 1];
	struct end end;

	(void)state;
	end_init(&end, MSG_FROM_VRRP, MSG_FROM_PARENT);
	raw_send(&end, data, sizeof(data), 0);
	pass(&end);
	assert_non_null(strstr(end.why, "too long"));
	end_done(&end);
}

static void chatty_peer_is_taken_in_portions(void **state)
{
	struct end end;

	(void)state;
	end_init(&end, MSG_FROM_VRRP, MSG_FROM_PARENT);
	for (unsigned i = 0; i < 100; i++)
		raw_ping(&end, i);
	pass(&end);
	assert_int_equal(end.n_msgs, 64);
	pass(&end);
	assert_int_equal(end.n_msgs, 100);
	end_done(&end);
}

static void freed_in_its_own_callback(void **state)
{
	struct end end;

	(void)state;
	end_init(&end, MSG_FROM_VRRP, MSG_FROM_PARENT);
	end.is_freed_by_msg = true;
	raw_ping(&end, 1);
	raw_ping(&end, 2);
	pass(&end);
	pass(&end);
	assert_int_equal(end.n_msgs, 1);
	assert_int_equal(end.n_closes, 0);
	end_done(&end);
}

/* What a peer said last counts, even if it was killed with mail of ours unread, and whoever notices
 * first. */
static void check_last_words(bool is_send_first)
{
	const struct msg pong = { .kind = MSG_pong, .fd = -1 };
	struct end end;

	end_init(&end, MSG_FROM_VRRP, MSG_FROM_PARENT);
	assert_int_equal(ipc_send(end.chan, &pong), 0);
	raw_ping(&end, 41);
	raw_ping(&end, 42);
	close(end.raw);
	end.raw = -1;
	if (is_send_first)
		assert_int_equal(ipc_send(end.chan, &pong), -EPIPE);
	pass(&end);
	assert_int_equal(end.n_msgs, 2);
	assert_int_equal(end.last_seq, 42);
	assert_int_equal(end.n_closes, 1);
	assert_string_equal(end.why, "peer closed the channel");
	end_done(&end);
}

static void last_words_of_a_dead_peer(void **state)
{
	(void)state;
	check_last_words(false);
	check_last_words(true);
}

/* A memfd with a number in it. */
static int numbered_fd(uint64_t number)
{
	const int fd = memfd_create("number", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &number, sizeof(number), 0), sizeof(number));
	return fd;
}

static int send_conf(struct ipc_chan *chan, uint64_t number)
{
	const struct msg conf = { .kind = MSG_conf,
				  .fd = numbered_fd(number),
				  .conf = { number, 8 } };
	const int result = ipc_send(chan, &conf);

	close(conf.fd);
	return result;
}

struct receiver {
	uint64_t next;
};

static void on_conf_in_order(struct ipc_chan *chan, const struct msg *msg, void *arg)
{
	struct receiver *r = arg;
	uint64_t number = 0;

	(void)chan;
	assert_int_equal(msg->kind, MSG_conf);
	assert_true(fcntl(msg->fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(pread(msg->fd, &number, sizeof(number), 0), sizeof(number));
	assert_int_equal(msg->conf.generation, r->next);
	assert_int_equal(number, r->next);
	r->next++;
	close(msg->fd);
}

/* More than the socket takes: the rest waits, with its descriptors, and arrives in order. */
static void queue_keeps_order_and_descriptors(void **state)
{
	struct receiver r = { 0 };
	const struct ipc_handlers handlers = { on_conf_in_order, NULL, &r };
	uint64_t n = 0;
	unsigned fds;
	struct end end;
	struct ipc_chan *peer;

	(void)state;
	end_init(&end, MSG_FROM_PARENT, MSG_FROM_VRRP);
	fds = fds_open(false);
	while (ipc_queued(end.chan) == 0 || n % 64 != 0) {
		assert_int_equal(send_conf(end.chan, n++), 0);
		assert_true(n < 10000);
	}
	assert_int_equal(ipc_flush(end.chan, 0), -ETIMEDOUT);
	peer = ipc_new(end.loop, end.raw, MSG_FROM_VRRP, MSG_FROM_PARENT, &handlers);
	assert_non_null(peer);
	for (unsigned i = 0; r.next < n && i < n; i++)
		pass(&end);
	assert_int_equal(r.next, n);
	assert_int_equal(ipc_queued(end.chan), 0);
	assert_int_equal(ipc_flush(end.chan, 0), 0);
	assert_int_equal(fds_open(false), fds);
	ipc_free(peer);
	end.raw = -1;
	end_done(&end);
}

static void queue_overflow_closes(void **state)
{
	char *reason = malloc(60001);
	const struct msg stop = { .kind = MSG_stop, .fd = -1, .stop.reason = reason };
	size_t n = 0;
	struct end end;
	int result;

	(void)state;
	assert_non_null(reason);
	memset(reason, 'x', 60000);
	reason[60000] = '\0';
	end_init(&end, MSG_FROM_PARENT, MSG_FROM_VRRP);
	while ((result = ipc_send(end.chan, &stop)) == 0) {
		assert_true(++n < 1000);
		assert_true(ipc_queued(end.chan) <= IPC_QUEUE_MAX);
	}
	assert_int_equal(result, -ENOBUFS);
	assert_true(n * 60000 > IPC_QUEUE_MAX);
	assert_int_equal(end.n_closes, 0); /* not from within ipc_send() */
	assert_int_equal(ipc_send(end.chan, &stop), -EPIPE);
	pass(&end);
	assert_int_equal(end.n_closes, 1);
	assert_non_null(strstr(end.why, "overflow"));
	end_done(&end);
	free(reason);
}

static void overflow_then_free(void **state)
{
	const struct msg hello = { .kind = MSG_hello, .fd = -1 };
	struct end end;

	(void)state;
	end_init(&end, MSG_FROM_VRRP, MSG_FROM_PARENT);
	while (ipc_send(end.chan, &hello) == 0)
		;
	ipc_free(end.chan);
	end.chan = NULL;
	pass(&end);
	assert_int_equal(end.n_closes, 0);
	end_done(&end);
}

static void message_too_long(void **state)
{
	char *reason = malloc(IPC_MSG_MAX);
	const struct msg ack = { .kind = MSG_conf_ack, .fd = -1, .conf_ack.reason = reason };
	const struct msg pong = { .kind = MSG_pong, .fd = -1 };
	struct end end;

	(void)state;
	assert_non_null(reason);
	memset(reason, 'x', IPC_MSG_MAX - 1);
	reason[IPC_MSG_MAX - 1] = '\0';
	end_init(&end, MSG_FROM_CHECK, MSG_FROM_PARENT);
	assert_int_equal(ipc_send(end.chan, &ack), -EMSGSIZE);
	assert_int_equal(ipc_send(end.chan, &pong), 0);
	end_done(&end);
	free(reason);
}

static void bad_descriptor_is_refused(void **state)
{
	const struct ipc_handlers handlers = { on_msg, on_close, NULL };
	struct loop *loop = loop_new(NULL);

	(void)state;
	assert_null(ipc_new(loop, -1, MSG_FROM_VRRP, MSG_FROM_PARENT, &handlers));
	assert_int_equal(errno, EBADF);
	ipc_free(NULL);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptions),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(wire_format),
		cmocka_unit_test(truncated),
		cmocka_unit_test(corrupted),
		cmocka_unit_test(malformed_fields),
		cmocka_unit_test(too_long_for_the_buffer),
		cmocka_unit_test(direction_and_phase),
		cmocka_unit_test(violations),
		cmocka_unit_test(oversized),
		cmocka_unit_test(chatty_peer_is_taken_in_portions),
		cmocka_unit_test(freed_in_its_own_callback),
		cmocka_unit_test(last_words_of_a_dead_peer),
		cmocka_unit_test(queue_keeps_order_and_descriptors),
		cmocka_unit_test(queue_overflow_closes),
		cmocka_unit_test(overflow_then_free),
		cmocka_unit_test(message_too_long),
		cmocka_unit_test(bad_descriptor_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
