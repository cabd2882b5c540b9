/*
 * BFD sessions at run time: packets go to the session they are for, timers follow its state
 * machine. See bfd_sessions.h. VRRP child; owns the sockets.
 */
#include "vrrp/bfd_sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/global_conf.h"
#include "lib/log.h"
#include "vrrp/bfd_io.h"
#include "vrrp/track_conf.h"

#define RETRY_US (5 * US_PER_S) /* to open a socket */
#define N_PORTS  4              /* IPv4 and IPv6, single hop and multihop */

struct session {
	struct session *next;
	struct bfd_sessions *owner;
	char *name;
	struct addr source, peer; /* its ends: with another one it is another session */
	bool is_multihop;
	const struct bfd_conf *conf; /* of the running configuration; NULL = on its way out */
	struct bfd b;
	struct timer timer;
	int fd; /* -1 = not open */
	bool is_failing;
	bool is_dirty; /* what was heard last is not reported yet */
	uint64_t drops;
};

struct bfd_sessions {
	struct loop *loop;
	void (*send)(const struct msg *msg, void *arg);
	void (*on_state)(const char *name, bool is_up, void *arg);
	void *arg;
	struct session *head;
	struct bfd_port ports[N_PORTS];
	struct timer retry;
};

/* ---- reports ---- */

static uint32_t random_number(void)
{
	uint32_t n = 0;

	while (n == 0)
		if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != (ssize_t)sizeof(n))
			n = (uint32_t)getpid();
	return n;
}

static void report(struct session *s)
{
	struct msg msg = { .kind = MSG_bfd_state, .fd = -1 };
	struct msg_bfd_state *m = &msg.bfd_state;
	char peer[ADDR_STR_MAX];

	s->is_dirty = false;
	m->bfd = s->name;
	m->neighbour = addr_str(&s->peer, peer);
	m->state = bfd_state_name(s->b.state);
	m->remote_state = bfd_state_name(s->b.remote_state);
	m->diag = s->b.diag;
	m->local_discr = s->b.local_discr;
	m->remote_discr = s->b.remote_discr;
	m->tx_interval_us = (uint32_t)bfd_tx_us(&s->b);
	m->detect_time_us = (uint64_t)bfd_detect_us(&s->b);
	m->remote_min_tx_us = (uint32_t)s->b.remote_min_tx_us;
	m->remote_min_rx_us = (uint32_t)s->b.remote_min_rx_us;
	m->remote_multiplier = s->b.remote_multiplier;
	m->since_us = s->b.since.us;
	s->owner->send(&msg, s->owner->arg);
}

static void tell(struct session *s)
{
	report(s);
	/* Neither word means both. */
	if (s->conf && (s->conf->vrrp || !s->conf->checker))
		s->owner->on_state(s->name, s->b.state == BFD_UP, s->owner->arg);
}

/* ---- packets ---- */

static void send_pkt(struct session *s, const struct bfd_pkt *pkt)
{
	uint8_t data[BFD_PKT_LEN];
	bool was_failing = s->is_failing;

	if (s->fd < 0)
		return;
	bfd_pkt_encode(pkt, data);
	s->is_failing = send(s->fd, data, sizeof(data), MSG_DONTWAIT) < 0 &&
			errno != ECONNREFUSED; /* the peer does not listen yet */
	if (s->is_failing && !was_failing)
		log_event(LOG_LEVEL_INFO, "bfd_send_failed",
			  log_kv("bfd=%s errno=%d", s->name, errno), "(%s) cannot send: %s",
			  s->name, strerror(errno));
}

static time_us earlier(time_us a, time_us b)
{
	return time_cmp(a, b) < 0 ? a : b;
}

static void carry_out(struct session *s, const struct bfd_out *out)
{
	if (out->has_pkt)
		send_pkt(s, &out->pkt);
	timer_arm_at(&s->timer, earlier(s->b.tx_at, s->b.detect_at));
	if (!out->is_changed)
		return;
	log_event(LOG_LEVEL_NOTICE, "bfd_state",
		  log_kv("bfd=%s state=%s diag=%u", s->name, bfd_state_name(s->b.state), s->b.diag),
		  "(%s) Entering %s state", s->name, bfd_state_name(s->b.state));
	tell(s);
}

static void read_waiting(struct bfd_sessions *bs);

/* A timer that is late tells of a pause: what the peer said meanwhile is read first. */
static void on_timer(struct timer *timer, void *arg)
{
	struct session *s = arg;
	struct bfd_out out;

	(void)timer;
	if (time_cmp(s->b.detect_at, loop_now(s->owner->loop)) <= 0)
		read_waiting(s->owner);
	bfd_tick(&s->b, loop_now(s->owner->loop), random_number() % 1000, &out);
	carry_out(s, &out);
	if (s->is_dirty)
		report(s);
}

/* RFC 5881 5 and keepalived's max_hops: how far it may have come. */
static bool is_near(const struct session *s, const struct bfd_datagram *d)
{
	return s->conf->max_hops < 0 || s->conf->ttl - d->ttl <= s->conf->max_hops;
}

static bool is_between(const struct session *s, const struct bfd_datagram *d)
{
	return s->is_multihop == d->is_multihop && addr_cmp(&s->peer, &d->src) == 0 &&
	       (addr_is_unset(&s->source) || addr_cmp(&s->source, &d->dst) == 0);
}

/* RFC 5880 6.8.6: by discriminator, or while there is none by its ends. */
static struct session *find_session(struct bfd_sessions *bs, const struct bfd_datagram *d,
				    const struct bfd_pkt *pkt)
{
	for (struct session *s = bs->head; s; s = s->next) {
		if (!s->conf || !is_between(s, d))
			continue;
		if (pkt->your_discr == 0 || pkt->your_discr == s->b.local_discr)
			return s;
	}
	return NULL;
}

static bool is_news(const struct bfd *b, const struct bfd_pkt *pkt)
{
	return b->remote_discr != pkt->my_discr || b->remote_state != pkt->state ||
	       b->remote_min_tx_us != pkt->min_tx_us || b->remote_min_rx_us != pkt->min_rx_us ||
	       b->remote_multiplier != pkt->multiplier;
}

static void on_datagram(const struct bfd_datagram *d, void *arg)
{
	struct bfd_sessions *bs = arg;
	struct session *s;
	struct bfd_pkt pkt;
	struct bfd_out out;

	if (!bfd_pkt_decode(d->data, d->len, &pkt))
		return;
	s = find_session(bs, d, &pkt);
	if (!s || !is_near(s, d)) {
		if (s && s->drops++ == 0)
			log_event(LOG_LEVEL_WARNING, "bfd_ttl",
				  log_kv("bfd=%s ttl=%u", s->name, d->ttl),
				  "(%s) a packet came from too far, TTL %u", s->name, d->ttl);
		return;
	}
	/* For whoever goes on after us; with our own next packet, however many come. */
	s->is_dirty |= is_news(&s->b, &pkt);
	bfd_receive(&s->b, loop_now(bs->loop), &pkt, &out);
	carry_out(s, &out);
}

/* ---- sockets ---- */

static void read_waiting(struct bfd_sessions *bs)
{
	for (int i = 0; i < N_PORTS; i++) {
		if (bs->ports[i].fd >= 0)
			bs->ports[i].io.on_ready(&bs->ports[i].io, 0, &bs->ports[i]);
	}
}

static bool is_port_wanted(const struct bfd_sessions *bs, int family, bool is_multihop)
{
	for (const struct session *s = bs->head; s; s = s->next) {
		if (s->peer.family == family && s->is_multihop == is_multihop)
			return true;
	}
	return false;
}

static int open_ports(struct bfd_sessions *bs)
{
	int result = 0;

	for (int i = 0; i < N_PORTS; i++) {
		struct bfd_port *port = &bs->ports[i];
		int family = i & 1 ? AF_INET6 : AF_INET, error;
		bool is_multihop = i & 2;

		if (!is_port_wanted(bs, family, is_multihop)) {
			bfd_port_close(port);
			continue;
		}
		error = port->fd < 0 ? bfd_port_open(port, bs->loop, family, is_multihop) : 0;
		result = error < 0 ? error : result;
	}
	return result;
}

static int open_sender(struct session *s)
{
	uint16_t port = s->is_multihop ? BFD_PORT_MULTIHOP : BFD_PORT;

	if (s->fd < 0)
		s->fd = bfd_open_sender(&s->source, &s->peer, port, s->conf->ttl, s->b.local_discr);
	return s->fd < 0 ? s->fd : 0;
}

/* An address that is not there yet may come. */
static void open_sockets(struct bfd_sessions *bs)
{
	int result = open_ports(bs);

	for (struct session *s = bs->head; s; s = s->next) {
		int error = open_sender(s);

		result = error < 0 ? error : result;
	}
	if (result == 0)
		return;
	log_event(LOG_LEVEL_WARNING, "bfd_socket", log_kv("errno=%d", -result),
		  "Cannot open a BFD socket: %s", strerror(-result));
	timer_arm_in(&bs->retry, RETRY_US);
}

static void on_retry(struct timer *timer, void *arg)
{
	(void)timer;
	open_sockets(arg);
}

/* ---- configuration ---- */

static struct bfd_params params_of(const struct bfd_conf *conf)
{
	return (struct bfd_params){ .min_tx_us = conf->min_tx_us,
				    .min_rx_us = conf->min_rx_us,
				    .idle_tx_us = conf->idle_tx_us,
				    .multiplier = conf->multiplier,
				    .is_passive = conf->passive };
}

static bool is_same_session(const struct session *s, const struct bfd_conf *conf)
{
	return strcmp(s->name, conf->name) == 0 && s->is_multihop == conf->multihop &&
	       addr_cmp(&s->peer, &conf->neighbor_ip) == 0 &&
	       addr_cmp(&s->source, &conf->source_ip) == 0;
}

static void adopt(struct session *s, const struct msg_bfd_state *saved)
{
	enum bfd_state state;

	if (strcmp(saved->bfd, s->name) != 0 || !bfd_state_parse(saved->state, &state))
		return;
	s->b.local_discr = saved->local_discr;
	s->b.remote_discr = saved->remote_discr;
	s->b.remote_min_tx_us = saved->remote_min_tx_us;
	s->b.remote_min_rx_us = saved->remote_min_rx_us;
	s->b.remote_multiplier = saved->remote_multiplier;
	bfd_state_parse(saved->remote_state, &s->b.remote_state);
	s->b.since = (time_us){ saved->since_us };
	bfd_adopt(&s->b, state, loop_now(s->owner->loop));
}

static struct session *session_new(struct bfd_sessions *bs, const struct bfd_conf *conf)
{
	struct session *s = xcalloc(1, sizeof(*s));
	const struct bfd_params params = params_of(conf);

	s->owner = bs;
	s->name = xstrdup(conf->name);
	s->source = conf->source_ip;
	s->peer = conf->neighbor_ip;
	s->is_multihop = conf->multihop;
	s->fd = -1;
	timer_init(&s->timer, bs->loop, on_timer, s);
	s->timer.is_urgent = true;
	bfd_init(&s->b, &params, random_number(), loop_now(bs->loop));
	s->next = bs->head;
	bs->head = s;
	return s;
}

static void session_free(struct session *s)
{
	timer_cancel(&s->timer);
	if (s->fd >= 0)
		close(s->fd);
	free(s->name);
	free(s);
}

static void session_stop(struct session *s)
{
	struct bfd_out out;

	bfd_stop(&s->b, &out);
	send_pkt(s, &out.pkt);
	session_free(s);
}

static void take_conf(struct bfd_sessions *bs, const struct bfd_conf *conf,
		      struct msg *const *saved, uint32_t n_saved)
{
	const struct bfd_params params = params_of(conf);
	struct session *s = bs->head;

	while (s && !is_same_session(s, conf))
		s = s->next;
	if (s) {
		bfd_set_params(&s->b, &params);
	} else {
		s = session_new(bs, conf);
		for (uint32_t i = 0; i < n_saved; i++)
			if (saved[i]->kind == MSG_bfd_state)
				adopt(s, &saved[i]->bfd_state);
	}
	s->conf = conf;
}

void bfd_sessions_set_conf(struct bfd_sessions *bs, const struct root_conf *root,
			   struct msg *const *saved, uint32_t n_saved)
{
	const struct bfd_conf *conf;

	for (struct session *s = bs->head; s; s = s->next)
		s->conf = NULL;
	conf_list_for_each (conf, &root->bfd_instances)
		take_conf(bs, conf, saved, n_saved);
	for (struct session **link = &bs->head; *link;) {
		struct session *s = *link;

		if (s->conf) {
			link = &s->next;
			continue;
		}
		*link = s->next;
		session_stop(s);
	}
	open_sockets(bs);
	for (struct session *s = bs->head; s; s = s->next) {
		timer_arm_at(&s->timer, earlier(s->b.tx_at, s->b.detect_at));
		tell(s);
	}
}

void bfd_sessions_stop(struct bfd_sessions *bs)
{
	struct session *next;

	for (struct session *s = bs->head; s; s = next) {
		next = s->next;
		session_stop(s);
	}
	bs->head = NULL;
	open_ports(bs);
}

struct bfd_sessions *bfd_sessions_new(struct loop *loop,
				      void (*send)(const struct msg *msg, void *arg),
				      void (*on_state)(const char *name, bool is_up, void *arg),
				      void *arg)
{
	struct bfd_sessions *bs = xcalloc(1, sizeof(*bs));

	bs->loop = loop;
	bs->send = send;
	bs->on_state = on_state;
	bs->arg = arg;
	timer_init(&bs->retry, loop, on_retry, bs);
	for (int i = 0; i < N_PORTS; i++)
		bs->ports[i] = (struct bfd_port){ .fd = -1, .on_datagram = on_datagram, .arg = bs };
	return bs;
}

void bfd_sessions_free(struct bfd_sessions *bs)
{
	struct session *next;

	if (!bs)
		return;
	for (struct session *s = bs->head; s; s = next) {
		next = s->next;
		session_free(s);
	}
	for (int i = 0; i < N_PORTS; i++)
		bfd_port_close(&bs->ports[i]);
	timer_cancel(&bs->retry);
	free(bs);
}
