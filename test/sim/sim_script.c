/*
 * Scenarios as text; the language is in test/sim/README.
 */
#include "test/sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 200
#define WORDS_MAX 16
#define LINE_LEN  256

enum entry_kind { ENTRY_ACTION, ENTRY_EXPECT };
enum subject { SUBJECT_ACTIVE, SUBJECT_ARP };

/* One `at` or `expect` line. */
struct entry {
	enum entry_kind kind;
	int line;
	int64_t from_us, to_us; /* since the start; `by` has both equal */
	struct sim_action action;
	int link; /* or SIM_ALL_LINKS */
	enum subject subject;
	uint32_t routers; /* as bits */
};

struct script {
	const char *path;
	int line;
	bool has_error;
	int n_routers;
	uint8_t priorities[SIM_ROUTERS_MAX];
	struct vrrp_params params;
	int64_t refresh_us, handover_us;
	int64_t transit_us; /* of all frames, and no timer is late; 0 = as it comes */
	bool has_second;
	bool is_lan_perfect; /* sim_check_alone() */
	int n_links;
	bool is_crossed; /* on the second link the routers rank the other way round */
	long inbox_max;  /* 0 = as it comes */
	size_t n_entries;
	struct entry entries[LINES_MAX];
};

static bool complain(struct script *s, const char *what, const char *word)
{
	fprintf(stderr, "%s:%d: %s: %s\n", s->path, s->line, what, word ? word : "(end of line)");
	s->has_error = true;
	return false;
}

/* ---- words ---- */

/* "5s", "1.5s", "20ms" to microseconds. */
static bool parse_time(struct script *s, const char *word, int64_t *us)
{
	char *unit;
	double value = word ? strtod(word, &unit) : -1;

	if (value < 0 || value > 1e6 || unit == word)
		return complain(s, "not a time", word);
	if (strcmp(unit, "s") == 0)
		*us = (int64_t)(value * US_PER_S + 0.5);
	else if (strcmp(unit, "ms") == 0)
		*us = (int64_t)(value * US_PER_MS + 0.5);
	else
		return complain(s, "a time needs s or ms", word);
	return true;
}

static bool parse_number(struct script *s, const char *word, long min, long max, long *n)
{
	char *end;

	*n = word ? strtol(word, &end, 10) : min - 1;
	if (*n < min || *n > max || *end)
		return complain(s, "not a number that fits here", word);
	return true;
}

static bool parse_flag(struct script *s, const char *word, bool *flag)
{
	if (!word || (strcmp(word, "on") != 0 && strcmp(word, "off") != 0))
		return complain(s, "neither on nor off", word);
	*flag = strcmp(word, "on") == 0;
	return true;
}

/* A router by its number, or `host`. */
static bool parse_node(struct script *s, const char *word, int *node)
{
	long n;

	*node = SIM_HOST;
	if (word && strcmp(word, "host") == 0)
		return true;
	if (!parse_number(s, word, 1, s->n_routers, &n))
		return false;
	*node = (int)n - 1;
	return true;
}

/* ---- lines ---- */

static bool line_routers(struct script *s, char **word)
{
	long priority;

	for (s->n_routers = 0; *++word && s->n_routers < SIM_ROUTERS_MAX; s->n_routers++) {
		if (!parse_number(s, *word, 1, 255, &priority))
			return false;
		s->priorities[s->n_routers] = (uint8_t)priority;
	}
	return *word ? complain(s, "too many routers", *word) : true;
}

/* `links 2`, `links 2 crossed` */
static bool line_links(struct script *s, char **word)
{
	long n;

	if (!parse_number(s, word[1], 1, SIM_LINKS_MAX, &n))
		return false;
	s->n_links = (int)n;
	s->is_crossed = word[2] && strcmp(word[2], "crossed") == 0;
	return !word[2] || s->is_crossed || complain(s, "expect crossed, or nothing", word[2]);
}

static bool line_set(struct script *s, char **word)
{
	struct vrrp_params *p = &s->params;
	const char *name = word[1] ? word[1] : "";
	long n;

	if (strcmp(name, "interval") == 0)
		return parse_time(s, word[2], &p->advert_us);
	if (strcmp(name, "preempt_delay") == 0)
		return parse_time(s, word[2], &p->preempt_delay_us);
	if (strcmp(name, "refresh") == 0)
		return parse_time(s, word[2], &s->refresh_us);
	if (strcmp(name, "handover") == 0)
		return parse_time(s, word[2], &s->handover_us);
	if (strcmp(name, "transit") == 0)
		return parse_time(s, word[2], &s->transit_us);
	if (strcmp(name, "lease") == 0)
		return parse_time(s, word[2], &p->lease_us);
	if (strcmp(name, "preempt") == 0)
		return parse_flag(s, word[2], &p->preempt);
	if (strcmp(name, "inbox") == 0)
		return parse_number(s, word[2], 1, SIM_INBOX_MAX, &s->inbox_max);
	if (strcmp(name, "perfect_lan") == 0)
		return parse_flag(s, word[2], &s->is_lan_perfect);
	if (strcmp(name, "second_path") == 0)
		return parse_flag(s, word[2], &s->has_second);
	if (strcmp(name, "lower_prio_no_advert") == 0)
		return parse_flag(s, word[2], &p->lower_prio_no_advert);
	if (strcmp(name, "higher_prio_send_advert") == 0)
		return parse_flag(s, word[2], &p->higher_prio_send_advert);
	if (strcmp(name, "version") != 0)
		return complain(s, "unknown setting", word[1]);
	if (!parse_number(s, word[2], 2, 3, &n))
		return false;
	p->version = (uint8_t)n;
	return true;
}

static struct entry *entry_new(struct script *s, enum entry_kind kind)
{
	if (s->n_entries == LINES_MAX) {
		complain(s, "too many lines", NULL);
		return NULL;
	}
	struct entry *entry = &s->entries[s->n_entries++];
	entry->kind = kind;
	entry->line = s->line;
	return entry;
}

/* What follows the name of an action: nodes and a number. */
static bool parse_operands(struct script *s, char **word, struct sim_action *action)
{
	long n;

	switch (action->act) {
	case SIM_HEAL:
	case SIM_FRAMES_FIRST:
	case SIM_TIMERS_FIRST: return true;
	case SIM_CUT:
	case SIM_MEND:
	case SIM_LOSE:
	case SIM_CUT_SECOND:
	case SIM_CLOG:
		return parse_node(s, word[0], &action->a) &&
		       parse_node(s, word[0] ? word[1] : NULL, &action->b);
	case SIM_LOSS:
	case SIM_DUPLICATE:
	case SIM_CORRUPT:
		if (!parse_number(s, word[0], 0, 1000, &n))
			return false;
		action->n = n;
		return true;
	case SIM_DELAY:
		return parse_node(s, word[0], &action->a) &&
		       parse_node(s, word[0] ? word[1] : NULL, &action->b) &&
		       parse_time(s, word[0] && word[1] ? word[2] : NULL, &action->n);
	case SIM_KILL_CHILD:
	case SIM_INTERVAL:
		return parse_node(s, word[0], &action->a) &&
		       parse_time(s, word[0] ? word[1] : NULL, &action->n);
	case SIM_PRIORITY:
	case SIM_WEIGHT:
		if (!parse_node(s, word[0], &action->a) || !parse_number(s, word[1], -253, 255, &n))
			return false;
		action->n = n;
		return true;
	case SIM_START:
	case SIM_STOP:
	case SIM_CRASH:
	case SIM_RESTART:
	case SIM_RESPAWN:
	case SIM_PAUSE:
	case SIM_RESUME:
	case SIM_LINK_DOWN:
	case SIM_LINK_UP:
	case SIM_ISOLATE: return parse_node(s, word[0], &action->a);
	case SIM_ACT_N: break;
	}
	return complain(s, "unknown action", NULL);
}

/* `on 2` between an action and its routers. */
static bool parse_link(struct script *s, char ***word, struct entry *entry)
{
	const char *on = (*word)[3];
	long n;

	entry->link = SIM_ALL_LINKS;
	if (!on || strcmp(on, "on") != 0)
		return true;
	if (!parse_number(s, (*word)[4], 1, s->n_links, &n))
		return false;
	entry->link = (int)n - 1;
	*word += 2;
	return true;
}

static bool line_at(struct script *s, char **word)
{
	struct entry *entry = entry_new(s, ENTRY_ACTION);

	if (!entry || !parse_time(s, word[1], &entry->from_us))
		return false;
	entry->to_us = entry->from_us;
	entry->action.act = word[2] ? sim_act_parse(word[2]) : SIM_ACT_N;
	if (entry->action.act == SIM_ACT_N)
		return complain(s, "unknown action", word[2]);
	if (!parse_link(s, &word, entry) || !parse_operands(s, word + 3, &entry->action))
		return false;
	bool is_of_router = entry->action.a < s->n_routers;
	if (!is_of_router && entry->action.act != SIM_CUT && entry->action.act != SIM_CLOG)
		return complain(s, "not an action for the host", word[2]);
	return true;
}

/* Routers up to `by` or `from`, or `none`; then the time. */
static bool line_expect(struct script *s, char **word)
{
	struct entry *entry = entry_new(s, ENTRY_EXPECT);
	int node;

	if (!entry)
		return false;
	if (!word[1] || (strcmp(word[1], "active") != 0 && strcmp(word[1], "arp") != 0))
		return complain(s, "expect active or arp", word[1]);
	entry->subject = strcmp(word[1], "arp") == 0 ? SUBJECT_ARP : SUBJECT_ACTIVE;
	for (word += 2; *word && strcmp(*word, "by") != 0 && strcmp(*word, "from") != 0; word++) {
		if (strcmp(*word, "none") == 0)
			continue;
		if (!parse_node(s, *word, &node))
			return false;
		entry->routers |= 1U << node;
	}
	if (!*word || !parse_time(s, word[1], &entry->from_us))
		return complain(s, "expect ... by or from a time", NULL);
	entry->to_us = entry->from_us;
	if (strcmp(*word, "by") == 0)
		return true;
	if (!word[2] || strcmp(word[2], "to") != 0)
		return complain(s, "from ... to", word[2]);
	return parse_time(s, word[3], &entry->to_us);
}

static bool parse_line(struct script *s, char *text)
{
	static const struct {
		const char *name;
		bool (*parse)(struct script *s, char **word);
	} kinds[] = { { "routers", line_routers },
		      { "links", line_links },
		      { "set", line_set },
		      { "at", line_at },
		      { "expect", line_expect } };
	char *word[WORDS_MAX + 1] = { NULL };
	char *save = NULL;
	int n = 0;

	text[strcspn(text, "#\n")] = '\0';
	for (char *w = strtok_r(text, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (n == WORDS_MAX)
			return complain(s, "too many words", w);
		word[n++] = w;
	}
	if (n == 0)
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(word[0], kinds[i].name) == 0)
			return kinds[i].parse(s, word);
	return complain(s, "unknown word", word[0]);
}

static bool script_read(struct script *s)
{
	char text[LINE_LEN];
	FILE *file = fopen(s->path, "re");

	if (!file) {
		fprintf(stderr, "%s: %s\n", s->path, strerror(errno));
		return false;
	}
	while (!s->has_error && fgets(text, sizeof(text), file)) {
		s->line++;
		parse_line(s, text);
	}
	fclose(file);
	if (!s->has_error && s->n_routers == 0)
		complain(s, "no routers", NULL);
	return !s->has_error;
}

/* ---- running ---- */

static uint32_t bits_now(const struct sim *sim, enum subject subject)
{
	uint32_t bits = 0;

	if (subject == SUBJECT_ARP)
		return sim->arp == SIM_NOBODY ? 0 : 1U << sim->arp;
	for (int i = 0; i < sim->n_routers; i++)
		bits |= (uint32_t)sim->router[i].has_vip << i;
	return bits;
}

static int64_t elapsed_us(const struct sim *sim)
{
	return sim->now.us - SIM_T0_S * US_PER_S;
}

/* What is demanded of an instant: before its actions what held up to it, after them what begins
 * with it. */
static bool applies_before(const struct entry *entry, int64_t now_us)
{
	if (entry->from_us == entry->to_us)
		return now_us == entry->from_us;
	return now_us > entry->from_us && now_us <= entry->to_us;
}

static bool applies_after(const struct entry *entry, int64_t now_us)
{
	return now_us >= entry->from_us && now_us < entry->to_us;
}

static void check_link(struct sim *sim, const struct script *s,
		       bool (*applies)(const struct entry *entry, int64_t now_us))
{
	int64_t now_us = elapsed_us(sim);

	for (size_t i = 0; i < s->n_entries; i++) {
		const struct entry *entry = &s->entries[i];
		if (entry->kind != ENTRY_EXPECT || !applies(entry, now_us))
			continue;
		uint32_t bits = bits_now(sim, entry->subject);
		if (bits != entry->routers)
			sim_fail(sim, "line %d: %s is %#x and not %#x (routers as bits) at %.6f s",
				 entry->line, entry->subject == SUBJECT_ARP ? "arp" : "active",
				 bits, entry->routers, (double)now_us / US_PER_S);
	}
}

static void check_expectations(struct sim_links *w, const struct script *s,
			       bool (*applies)(const struct entry *entry, int64_t now_us))
{
	for (int l = 0; l < w->n; l++)
		check_link(w->link[l], s, applies);
}

static void run_to(struct sim_links *w, const struct script *s, int64_t at_us)
{
	time_us until = { SIM_T0_S * US_PER_S + at_us };

	while (!sim_links_failure(w) && sim_links_run_one(w, until))
		check_expectations(w, s, applies_before);
}

/* The next instant at which a line has a say, after `after_us`; -1 if none. */
static int64_t next_instant(const struct script *s, int64_t after_us)
{
	int64_t next = -1;

	for (size_t i = 0; i < s->n_entries; i++) {
		const int64_t at[] = { s->entries[i].from_us, s->entries[i].to_us };
		for (int k = 0; k < 2; k++)
			if (at[k] > after_us && (next < 0 || at[k] < next))
				next = at[k];
	}
	return next;
}

static void run_instant(struct sim_links *w, const struct script *s, int64_t at_us)
{
	run_to(w, s, at_us);
	check_expectations(w, s, applies_before);
	for (size_t i = 0; i < s->n_entries; i++)
		if (s->entries[i].kind == ENTRY_ACTION && s->entries[i].from_us == at_us)
			sim_links_do(w, s->entries[i].link, s->entries[i].action);
	check_expectations(w, s, applies_after);
}

static struct sim *link_new(const struct script *s, int l, bool is_traced)
{
	struct sim *sim = sim_new(1, s->n_routers, &s->params);

	sim->link = s->n_links > 1 ? l + 1 : 0;
	sim->is_traced = is_traced;
	if (s->transit_us > 0) {
		sim->delay_min_us = sim->delay_max_us = s->transit_us;
		sim->late_max_us = 0;
	}
	if (s->inbox_max > 0)
		sim->inbox_max = (unsigned)s->inbox_max;
	sim->has_second = s->has_second;
	sim->is_lan_perfect = s->is_lan_perfect;
	for (int i = 0; i < s->n_routers; i++) {
		sim->router[i].params.base_priority = s->priorities[i];
		sim->router[i].announce_params.refresh_us = s->refresh_us;
		sim->router[i].handover_us = s->handover_us;
	}
	if (l > 0 && s->is_crossed)
		sim_cross(sim);
	return sim;
}

static bool run(const struct script *s, bool is_traced)
{
	struct sim_links w = { .n = s->n_links };
	const struct sim *failed;

	for (int l = 0; l < w.n; l++)
		w.link[l] = link_new(s, l, is_traced);
	sim_links_boot(&w);
	for (int64_t at = next_instant(s, -1); at >= 0 && !sim_links_failure(&w);
	     at = next_instant(s, at))
		run_instant(&w, s, at);
	failed = sim_links_failure(&w);
	if (failed) {
		printf("%s: %s\n", s->path, failed->failure);
		sim_trace_print(failed);
	}
	for (int l = 0; l < w.n; l++)
		sim_free(w.link[l]);
	return !failed;
}

bool sim_script_run(const char *path, bool is_traced)
{
	struct script *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->path = path;
	s->n_links = 1;
	s->params = (struct vrrp_params){
		.version = 3, .advert_us = US_PER_S, .down_adverts = 3, .preempt = true
	};
	bool is_ok = script_read(s) && run(s, is_traced);
	free(s);
	return is_ok;
}
