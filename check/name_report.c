/*
 * Reports of the checker child about names of servers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/check_report.h"
#include "lib/log.h"

#define LIST_TEXT_MAX (NAME_ADDRESSES_MAX * ADDR_STR_MAX)
#define FIELDS_MAX    1024

static const char *family_name(int family)
{
	return family == AF_INET ? "inet" : family == AF_INET6 ? "inet6" : "any";
}

static const char *list_text(const struct name_list *list, char str[LIST_TEXT_MAX])
{
	char text[ADDR_STR_MAX];
	size_t len = 0;

	str[0] = '\0';
	for (uint32_t i = 0; i < list->n; i++)
		len += (size_t)snprintf(str + len, LIST_TEXT_MAX - len, "%s%s", i ? " " : "",
					addr_str(&list->v[i], text));
	return str;
}

static void log_name(const struct name_answer *answer, const char *addresses)
{
	if (answer->reason == REASON_OK)
		log_event(LOG_LEVEL_INFO, "name_resolved",
			  log_kv("name=%s ttl=%" PRIu32, answer->host, answer->ttl_s),
			  "Name %s is %s", answer->host, addresses);
	else
		log_event(LOG_LEVEL_WARNING, "name_failed",
			  log_kv("name=%s reason=%s", answer->host, reason_name(answer->reason)),
			  "Name %s cannot be looked up (%s); %s%s", answer->host,
			  reason_text(answer->reason),
			  answer->list.n ? "still in use: " : "it has no address", addresses);
}

void report_name(struct role *role, const struct name_answer *answer, bool is_change)
{
	struct msg msg = { .kind = MSG_name_state, .fd = -1 };
	char addresses[LIST_TEXT_MAX];

	list_text(&answer->list, addresses);
	if (is_change)
		log_name(answer, addresses);
	msg.name_state = (struct msg_name_state){
		.name = answer->host,
		.family = family_name(answer->params.family),
		.addresses = addresses,
		.reason = answer->reason == REASON_OK ? "" : reason_name(answer->reason),
		.ttl_s = answer->ttl_s,
		.answered_us = answer->answered.us,
		.since_us = answer->since.us,
	};
	role_send(role, &msg);
}

static void log_address(const struct rs_run *rs, enum address_event event)
{
	const char *vs = rs->pool->name, *reason = reason_name(rs->named->reason);
	char place[ADDR_STR_MAX], next[ADDR_STR_MAX], fields[FIELDS_MAX];

	report_place(rs, place);
	addr_str(&rs->named->move.addr, next);
	snprintf(fields, sizeof(fields), "rs=%s vs=%s address=%s", rs->name, vs, place);
	switch (event) {
	case ADDRESS_NEXT:
		log_event(LOG_LEVEL_INFO, "rs_address_next", fields,
			  "Checking service %s of VS %s at %s%s%s", rs->name, vs, next,
			  *place ? ", it stays at " : "", place);
		break;
	case ADDRESS_REFUSED:
		log_event(LOG_LEVEL_WARNING, "rs_address_refused", fields,
			  "Service %s of VS %s does not work at %s and stays at %s", rs->name, vs,
			  next, place);
		break;
	case ADDRESS_KEPT:
		log_event(LOG_LEVEL_INFO, "rs_address_kept", fields,
			  "Service %s of VS %s stays at %s, which its name has again", rs->name, vs,
			  place);
		break;
	case ADDRESS_USED:
		log_event(LOG_LEVEL_INFO, "rs_address", fields, "Service %s of VS %s is at %s",
			  rs->name, vs, place);
		break;
	case ADDRESS_LEFT:
		log_event(LOG_LEVEL_WARNING, "rs_address_left", fields,
			  "Service %s of VS %s has no address (%s)", rs->name, vs, reason);
		break;
	case ADDRESS_REASON:
		if (*place || rs->named->reason == REASON_OK)
			break; /* the name's own line says it */
		log_event(LOG_LEVEL_WARNING, "rs_without_address",
			  log_kv("rs=%s vs=%s reason=%s", rs->name, vs, reason),
			  "Service %s of VS %s has no address: %s", rs->name, vs,
			  reason_text(rs->named->reason));
		break;
	case ADDRESS_DRAINED:
		log_event(LOG_LEVEL_INFO, "rs_address_drained", fields,
			  "A former address of service %s of VS %s is gone", rs->name, vs);
		break;
	}
}

void report_address(struct role *role, const struct rs_run *rs, enum address_event event)
{
	log_address(rs, event);
	report_server(role, rs);
}
