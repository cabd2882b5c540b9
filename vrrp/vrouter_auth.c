/*
 * Authentication of a virtual router's packets: AH and auth_hmac; passwords are compared in pkt.c.
 * VRRP child.
 *
 * Owns the key ring and the marks of the senders. A packet that is not authentic moves no mark.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define WINDOW_MIN_US (5 * US_PER_S)
/* A sender that was silent for so many down intervals may begin anew: it was restarted. */
#define FORGET_DOWNS  3

static int64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

/* The time since boot goes on while the machine sleeps, as that of its peers does. */
static struct vrrp_clocks clocks_now(void)
{
	return (struct vrrp_clocks){ read_us(CLOCK_REALTIME), read_us(CLOCK_BOOTTIME) };
}

/* By the clock of stamps, which nobody sets. */
static int64_t stamp_us(const struct vrouter *r)
{
	return read_us(CLOCK_BOOTTIME) + r->auth.clock.ahead_us;
}

/* ---- configuration ---- */

static void keys_build(struct vrouter_auth *auth)
{
	const struct hmac_keys *keys = &auth->hmac->keys;

	auth->keys = xcalloc(keys->n + 1UL, sizeof(auth->keys[0]));
	auth->n_keys = keys->n;
	for (uint32_t i = 0; i < keys->n; i++) {
		auth->keys[i] = keys->v[i].key;
		if (auth->keys[i].id == auth->hmac->active_key &&
		    auth->hmac->mode != HMAC_MODE_RECEIVE_ONLY)
			auth->active_key = &auth->keys[i];
	}
}

/* Where a counter begins: after a restart above all that were used before, unless that was long
 * ago. */
static uint16_t first_counter(const struct vrouter *r)
{
	return (uint16_t)(stamp_us(r) / (r->conf->advert_int_us / 2));
}

static void set_by_wall_clock(struct vrouter_auth *auth, const struct vrrp_clocks *now)
{
	auth->clock.ahead_us = now->utc_us - now->boot_us;
}

/* Seconds: above those of the process before. */
static uint32_t first_sequence(const struct vrouter *r)
{
	return (uint32_t)(stamp_us(r) / US_PER_S);
}

void vrouter_auth_build(struct vrouter *r)
{
	struct vrouter_auth *auth = &r->auth;
	const struct vrrp_conf *conf = r->conf;
	int64_t three_us = 3 * conf->advert_int_us;

	vrouter_auth_free(r);
	auth->hmac = (const struct hmac_conf *)conf->auth_hmac.head;
	if (auth->clock.ahead_us == 0) {
		const struct vrrp_clocks now = clocks_now();
		set_by_wall_clock(auth, &now);
	}
	if (auth->ah_sequence == 0)
		auth->ah_sequence = first_sequence(r);
	if (!auth->hmac)
		return;
	keys_build(auth);
	if (auth->stamp.counter == 0)
		auth->stamp.counter = first_counter(r);
	auth->window_us = auth->hmac->time_window_s * US_PER_S;
	if (auth->window_us == 0)
		auth->window_us = three_us > WINDOW_MIN_US ? three_us : WINDOW_MIN_US;
}

void vrouter_auth_adopt(struct vrouter *r, int64_t ahead_us)
{
	if (ahead_us == 0)
		return;
	r->auth.clock.ahead_us = ahead_us;
	r->auth.ah_sequence = first_sequence(r);
	r->auth.stamp.counter = first_counter(r);
}

int64_t vrouter_auth_ahead_us(const struct vrouter *r)
{
	return r->auth.hmac || vrouter_uses_ah(r) ? r->auth.clock.ahead_us : 0;
}

void vrouter_auth_free(struct vrouter *r)
{
	if (r->auth.keys)
		explicit_bzero(r->auth.keys, r->auth.n_keys * sizeof(r->auth.keys[0]));
	free(r->auth.keys);
	r->auth.keys = NULL;
	r->auth.active_key = NULL;
	r->auth.n_keys = 0;
}

bool vrouter_uses_ah(const struct vrouter *r)
{
	return r->expect.auth_type == VRRP_AUTH_AH;
}

struct vio *vrouter_vio(const struct vrouter *r)
{
	return vrouter_uses_ah(r) ? &r->side->ah : &r->side->vio;
}

/* ---- sending ---- */

void vrouter_auth_next(struct vrouter *r)
{
	struct vrouter_auth *auth = &r->auth;

	auth->ah_sequence++;
	auth->is_ah_used = true;
	if (auth->active_key)
		auth->stamp = vrrp_hmac_stamp_of(stamp_us(r), (uint16_t)(auth->stamp.counter + 1));
}

/* RFC 9568 7.2: packets to the group have the virtual MAC as their source. */
static bool is_from_vmac(const struct vrouter *r, const struct vrrp_env *env)
{
	return r->vmac && !r->vmac->is_ipvlan && !r->conf->vmac_xmit_base &&
	       addr_cmp(&env->dst, &r->group) == 0;
}

size_t vrouter_auth_sign(const struct vrouter *r, const struct vrrp_env *env, uint8_t *msg,
			 size_t len)
{
	const struct vrouter_auth *auth = &r->auth;

	return auth->active_key ? vrrp_hmac_sign(auth->active_key, env, &auth->stamp, msg, len)
				: len;
}

int vrouter_auth_send(struct vrouter *r, const struct vrrp_env *env, uint8_t *msg, size_t len)
{
	const struct vrouter_auth *auth = &r->auth;
	uint8_t datagram[VRRP_DATAGRAM_MAX];

	if (vrouter_uses_ah(r)) {
		len = vrrp_ah_wrap(env, auth->ah_sequence, r->expect.auth_data, msg, len, datagram);
		if (len == 0)
			return -EINVAL;
		return is_from_vmac(r, env)
			       ? vmac_send_datagram(r, &env->dst, datagram, len)
			       : vio_send_datagram(&r->side->ah, &env->dst, datagram, len);
	}
	len = vrouter_auth_sign(r, env, msg, len);
	if (len == 0)
		return -EINVAL;
	if (is_from_vmac(r, env))
		return vmac_send(r, env, msg, len);
	return vio_send(&r->side->vio, env, msg, len);
}

/* ---- receiving ---- */

static int64_t forget_us(const struct vrouter *r)
{
	int64_t downs_us = FORGET_DOWNS * vrrp_down_us(&r->fsm);
	bool has_window = r->auth.hmac && r->auth.hmac->anti_replay == HMAC_REPLAY_TIME;

	/* What is older than the window is stale anyway. */
	return has_window && 2 * r->auth.window_us > downs_us ? 2 * r->auth.window_us : downs_us;
}

/* Whether the packet is new; if so its sender's mark moves. What goes over both paths has one stamp
 * and may have one source, and no packet of one path passes for one of the other. */
static bool take_sequence(struct vrouter *r, enum vrrp_path path,
			  const struct vrrp_sequence *sequence)
{
	time_us now = loop_now(r->app->loop);
	struct vrrp_replay *replay = &r->auth.replay[path];

	if (!vrrp_replay_is_new(replay, sequence, now, forget_us(r)))
		return false;
	vrrp_replay_accept(replay, sequence, now);
	return true;
}

static enum vrrp_drop check_ah(struct vrouter *r, const struct vio_packet *packet)
{
	struct vrouter_auth *auth = &r->auth;
	uint32_t sequence = packet->ah->sequence;

	if (!vrrp_ah_is_right(packet->ah, r->expect.auth_data))
		return VRRP_DROP_AUTH_DATA;
	if (auth->is_ah_used && !vrrp_ah_is_newer(sequence, auth->ah_sequence))
		return VRRP_DROP_REPLAY;
	auth->is_ah_used = true;
	auth->ah_sequence = sequence;
	return VRRP_DROP_NONE;
}

/*
 * Our clock was right by nobody. Marks of senders were made by it, and would call what they send
 * now old: one packet of the past could pass here, once for each time that the wall clock is set.
 */
static void follow_wall_clock(struct vrouter *r, const struct vrrp_clocks *now,
			      const struct addr *src)
{
	struct vrouter_auth *auth = &r->auth;
	int64_t before_us = auth->clock.ahead_us;
	char text[ADDR_STR_MAX];

	set_by_wall_clock(auth, now);
	memset(auth->replay, 0, sizeof(auth->replay));
	r->is_record_stale = true;
	log_event(LOG_LEVEL_NOTICE, "vrrp_stamp_clock",
		  log_kv("instance=%s src=%s by_us=%" PRId64, r->conf->name, addr_str(src, text),
			 auth->clock.ahead_us - before_us),
		  "(%s) the wall clock was set by %.1f s, and %s goes by it: so do our time stamps",
		  r->conf->name, (double)(auth->clock.ahead_us - before_us) / US_PER_S, text);
}

static enum vrrp_drop check_hmac(struct vrouter *r, enum vrrp_path path,
				 const struct vio_packet *packet, const struct vrrp_pkt *pkt)
{
	struct vrouter_auth *auth = &r->auth;
	const struct vrrp_signed message = { packet->msg, pkt->len, packet->len };
	struct vrrp_hmac_stamp stamp;
	enum vrrp_drop drop =
		vrrp_hmac_check(auth->keys, auth->n_keys, &packet->env, &message, &stamp);

	if (drop == VRRP_DROP_AUTH_MISSING && auth->hmac->mode != HMAC_MODE_ENFORCE)
		return VRRP_DROP_NONE;
	if (drop != VRRP_DROP_NONE)
		return drop;

	bool has_time = auth->hmac->anti_replay == HMAC_REPLAY_TIME;
	const struct vrrp_sequence sequence = { packet->env.src,
						has_time ? vrrp_hmac_stamp_order(&stamp) : 0,
						stamp.counter };
	if (has_time) {
		const struct vrrp_clocks now = clocks_now();
		enum vrrp_stamp_age age = vrrp_stamp_age(
			&auth->clock, &now, vrrp_hmac_stamp_us(&stamp), auth->window_us);
		if (age == VRRP_STAMP_STALE)
			return VRRP_DROP_AUTH_STALE;
		if (age == VRRP_STAMP_BY_WALL_CLOCK)
			follow_wall_clock(r, &now, &packet->env.src);
	}
	return take_sequence(r, path, &sequence) ? VRRP_DROP_NONE : VRRP_DROP_AUTH_REPLAY;
}

enum vrrp_drop vrouter_auth_check(struct vrouter *r, enum vrrp_path path,
				  const struct vio_packet *packet, const struct vrrp_pkt *pkt)
{
	if (vrouter_uses_ah(r) != (packet->ah != NULL))
		return VRRP_DROP_AUTH_TYPE;
	if (packet->ah)
		return check_ah(r, packet);
	return r->auth.hmac ? check_hmac(r, path, packet, pkt) : VRRP_DROP_NONE;
}
