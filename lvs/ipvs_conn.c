/*
 * Lines of /proc/net/ip_vs_conn to values.
 *
 * Used by lvsadm. Owns nothing.
 */
#include "lvs/ipvs_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024
#define FIELDS_MIN     9 /* protocol, three addresses and ports, state, expiry */
#define FIELDS_MAX     11

enum field {
	FIELD_PROTOCOL,
	FIELD_CLIENT,
	FIELD_SERVICE = 3,
	FIELD_DEST = 5,
	FIELD_STATE = 7,
	FIELD_EXPIRES,
	FIELD_PE_NAME,
	FIELD_PE_DATA
};

/* A whole number in `base`. */
static bool get_number(const char *text, int base, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, base);
	return end != text && *end == '\0' && errno == 0 && *out <= max;
}

/* "0A010002", or IPv6 in its long form. */
static bool get_addr(const char *text, struct addr *out)
{
	unsigned long number;
	uint8_t bytes[4];
	int i;

	if (strchr(text, ':'))
		return addr_parse(text, out);
	if (strlen(text) != 8 || !get_number(text, 16, UINT32_MAX, &number))
		return false;
	for (i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(number >> (24 - 8 * i));
	*out = addr_from_bytes(bytes, sizeof(bytes));
	return true;
}

/* An address and the port behind it. */
static bool get_endpoint(char *const fields[], struct addr *addr, uint16_t *port)
{
	unsigned long number;

	if (!get_addr(fields[0], addr) || !get_number(fields[1], 16, UINT16_MAX, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool get_protocol(const char *text, uint8_t *out)
{
	if (strcmp(text, "TCP") == 0)
		*out = IPPROTO_TCP;
	else if (strcmp(text, "UDP") == 0)
		*out = IPPROTO_UDP;
	else if (strcmp(text, "SCTP") == 0)
		*out = IPPROTO_SCTP;
	else
		return false;
	return true;
}

/* Cuts into fields; the last one keeps its blanks. Their number. */
static unsigned split(char *line, char *fields[FIELDS_MAX])
{
	char *save = NULL, *field;
	unsigned n = 0;

	while (n < FIELDS_MAX - 1 && (field = strtok_r(n ? NULL : line, " \n", &save)))
		fields[n++] = field;
	if (n == FIELDS_MAX - 1 && (field = strtok_r(NULL, "\n", &save)))
		fields[n++] = field;
	return n;
}

bool ipvs_conn_parse(const char *line, struct ipvs_conn *out)
{
	char copy[LINE_MAX_BYTES], *fields[FIELDS_MAX];
	unsigned long expires;
	unsigned n;

	*out = (struct ipvs_conn){ 0 };
	snprintf(copy, sizeof(copy), "%s", line);
	n = split(copy, fields);
	if (n < FIELDS_MIN || !get_protocol(fields[FIELD_PROTOCOL], &out->protocol) ||
	    !get_endpoint(&fields[FIELD_CLIENT], &out->client, &out->client_port) ||
	    !get_endpoint(&fields[FIELD_SERVICE], &out->service, &out->service_port) ||
	    !get_endpoint(&fields[FIELD_DEST], &out->dest, &out->dest_port) ||
	    !get_number(fields[FIELD_EXPIRES], 10, UINT32_MAX, &expires))
		return false;
	snprintf(out->state, sizeof(out->state), "%s", fields[FIELD_STATE]);
	out->expires_s = (uint32_t)expires;
	if (n > FIELD_PE_NAME)
		snprintf(out->pe_name, sizeof(out->pe_name), "%s", fields[FIELD_PE_NAME]);
	if (n > FIELD_PE_DATA)
		snprintf(out->pe_data, sizeof(out->pe_data), "%s", fields[FIELD_PE_DATA]);
	return true;
}

int ipvs_conn_read(FILE *in, bool (*on_conn)(const struct ipvs_conn *conn, void *arg), void *arg)
{
	char line[LINE_MAX_BYTES];
	struct ipvs_conn conn;

	while (fgets(line, sizeof(line), in))
		if (ipvs_conn_parse(line, &conn) && !on_conn(&conn, arg))
			return 0;
	return ferror(in) ? -EIO : 0;
}
