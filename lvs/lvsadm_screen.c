/*
 * lvsadm watch: rates, connections and health, line by line.
 *
 * Only lvsadm uses it. Owns nothing.
 */
#include "lvs/lvsadm_screen.h"

#include <inttypes.h>
#include <string.h>

#include "lvs/lvsadm.h"

#define LINE_MAX_BYTES 512
#define HEAD_LINES     3
#define NAME_WIDTH     32

const char *lvsadm_short_number(uint64_t value, char *buf, size_t size)
{
	static const char units[] = "kMGTPE";
	uint64_t tenths;
	unsigned i = 0;

	if (value < 100000) {
		snprintf(buf, size, "%" PRIu64, value);
		return buf;
	}
	for (tenths = value / 100; tenths >= 10000; tenths /= 1000)
		i++;
	if (tenths < 100)
		snprintf(buf, size, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10,
			 units[i]);
	else
		snprintf(buf, size, "%" PRIu64 "%c", tenths / 10, units[i]);
	return buf;
}

/* Writes one line, cut to the width; a character that goes on in further bytes counts once. */
static void put_line(FILE *out, const struct lvsadm_screen *s, const char *text)
{
	size_t n = 0, shown = 0;

	while (text[n] && (!s->width || shown < s->width || (text[n] & 0xc0) == 0x80))
		shown += (text[n++] & 0xc0) != 0x80;
	fprintf(out, "%.*s%s", (int)n, text, s->line_end);
}

/* Lines of the table, of which some are shown. */
struct table {
	FILE *out;
	const struct lvsadm_screen *screen;
	unsigned n;
};

static void put_row(struct table *t, const char *text)
{
	const struct lvsadm_screen *s = t->screen;
	bool is_shown =
		t->n >= s->first && (!s->height || t->n - s->first + HEAD_LINES < s->height);

	t->n++;
	if (is_shown)
		put_line(t->out, s, text);
}

static const char *rates(const struct ipvs_stats *stats, char *buf, size_t size)
{
	char n[5][24];

	snprintf(buf, size, "%7s %7s %7s %7s %7s", lvsadm_short_number(stats->cps, n[0], 24),
		 lvsadm_short_number(stats->in_pps, n[1], 24),
		 lvsadm_short_number(stats->out_pps, n[2], 24),
		 lvsadm_short_number(stats->in_bps, n[3], 24),
		 lvsadm_short_number(stats->out_bps, n[4], 24));
	return buf;
}

static const char *svc_title(const struct lvsadm_screen *s, const struct ipvs_svc *svc, char *buf,
			     size_t size)
{
	const struct ipvs_svc_key *key = &svc->key;
	char text[LINE_MAX_BYTES / 2];

	if (key->fwmark)
		snprintf(buf, size, "FWM  %" PRIu32 "%s", key->fwmark,
			 key->family == AF_INET6 ? " IPv6" : "");
	else
		snprintf(buf, size, "%-4s %s",
			 key->protocol == IPPROTO_TCP   ? "TCP"
			 : key->protocol == IPPROTO_UDP ? "UDP"
							: "SCTP",
			 lvsadm_endpoint_str(&key->addr, key->port, key->protocol, s->is_numeric,
					     text, sizeof(text)));
	return buf;
}

static void put_svc(struct table *t, const struct ipvs_svc *svc)
{
	const struct lvsadm_screen *s = t->screen;
	char line[LINE_MAX_BYTES], title[LINE_MAX_BYTES / 2], numbers[96], health[64], n[2][24];
	const char *name = lvsadm_state_name(s->state, &svc->key);
	const struct ipvs_dest *d;
	uint64_t active = 0, inactive = 0;

	ipvs_dest_for_each (d, svc) {
		active += d->active;
		inactive += d->inactive;
	}
	snprintf(line, sizeof(line), "%-*s %-6s %6s %7s %7s %s  %s%s%s", NAME_WIDTH,
		 svc_title(s, svc, title, sizeof(title)), svc->sched, "",
		 lvsadm_short_number(active, n[0], 24), lvsadm_short_number(inactive, n[1], 24),
		 rates(&svc->stats, numbers, sizeof(numbers)),
		 lvsadm_state_svc(s->state, &svc->key, health, sizeof(health)), name[0] ? " " : "",
		 name);
	put_row(t, line);
}

static void put_dest(struct table *t, const struct ipvs_svc *svc, const struct ipvs_dest *d)
{
	const struct lvsadm_screen *s = t->screen;
	char line[LINE_MAX_BYTES], text[LINE_MAX_BYTES / 2], numbers[96], health[128], n[2][24];

	lvsadm_endpoint_str(&d->key.addr, d->key.port, svc->key.protocol, s->is_numeric, text,
			    sizeof(text));
	snprintf(line, sizeof(line), "  -> %-*s %-6s %6d %7s %7s %s  %s", NAME_WIDTH - 5, text,
		 ipvs_fwd_name(d->fwd), d->weight, lvsadm_short_number(d->active, n[0], 24),
		 lvsadm_short_number(d->inactive, n[1], 24),
		 rates(&d->stats, numbers, sizeof(numbers)),
		 lvsadm_state_dest(s->state, &svc->key, &d->key, health, sizeof(health)));
	put_row(t, line);
}

static void put_head(FILE *out, const struct lvsadm_screen *s)
{
	char line[LINE_MAX_BYTES], n[3][24];
	struct ipvs_stats sum = { 0 };
	const struct ipvs_svc *svc;
	unsigned n_dests = 0;

	ipvs_set_for_each (svc, s->set) {
		n_dests += svc->n_dests;
		sum.cps += svc->stats.cps;
		sum.in_bps += svc->stats.in_bps;
		sum.out_bps += svc->stats.out_bps;
	}
	snprintf(line, sizeof(line),
		 "%s  services %u, servers %u, connections/s %s, bytes/s %s in %s out%s", s->time,
		 s->set->n, n_dests, lvsadm_short_number(sum.cps, n[0], 24),
		 lvsadm_short_number(sum.in_bps, n[1], 24),
		 lvsadm_short_number(sum.out_bps, n[2], 24),
		 s->state ? "" : "  (no director runs)");
	put_line(out, s, line);
	put_line(out, s, "");
	snprintf(line, sizeof(line), "%-*s %-6s %6s %7s %7s %7s %7s %7s %7s %7s  %s", NAME_WIDTH,
		 "SERVICE -> SERVER", "METHOD", "WEIGHT", "ACTIVE", "INACT", "CONN/S", "PKT/S<",
		 "PKT/S>", "BYTE/S<", "BYTE/S>", "HEALTH");
	put_line(out, s, line);
}

unsigned lvsadm_screen_draw(FILE *out, const struct lvsadm_screen *screen)
{
	struct table t = { out, screen, 0 };
	const struct ipvs_svc *svc;
	const struct ipvs_dest *dest;

	put_head(out, screen);
	ipvs_set_for_each (svc, screen->set) {
		put_svc(&t, svc);
		ipvs_dest_for_each (dest, svc)
			put_dest(&t, svc, dest);
	}
	return t.n;
}
