/*
 * lvsadm: -L, of services, connections, time-outs and sync daemons.
 *
 * Only lvsadm uses it. Owns nothing.
 */
#include <errno.h>
#include <string.h>

#include "lvs/ipvs_conn.h"
#include "lvs/lvsadm_app.h"
#include "lvs/lvsadm_json.h"

/* One document with one member: room for more later. */
static void print_json(const char *name, json_t *value)
{
	lvsadm_json_print(stdout, json_pack("{s:o}", name, value));
}

static enum lvsadm_status list_services(struct lvsadm_app *app, const struct lvsadm_cmd *cmd)
{
	bool is_one = lvsadm_has(cmd, LVSADM_OPT_SERVICE);
	uint32_t version, size;
	struct ipvs_set set;
	int err;

	ipvs_set_init(&set);
	err = ipvs_nl_info(app->backend, &version, &size);
	if (err == 0)
		err = ipvs_nl_read(app->backend, is_one ? &cmd->svc.key : NULL, &set);
	if (err != 0)
		return lvsadm_report(IPVS_OP_SVC_EDIT, err,
				     is_one ? LVSADM_NOT_LISTED : LVSADM_FAILED);
	if (!lvsadm_has(cmd, LVSADM_OPT_NOSORT))
		ipvs_set_sort(&set);
	if (lvsadm_has(cmd, LVSADM_OPT_JSON)) {
		struct lvsadm_state *state = lvsadm_state_load(LVSADM_CONTROL_PATH);

		lvsadm_json_print(stdout, lvsadm_json_set(&set, state));
		lvsadm_state_free(state);
	} else {
		if (!is_one)
			printf("IP Virtual Server version %u.%u.%u (size=%u)\n",
			       version >> 16 & 0xff, version >> 8 & 0xff, version & 0xff, size);
		lvsadm_print_head(stdout, cmd);
		lvsadm_print_set(stdout, cmd, &set);
	}
	ipvs_set_done(&set);
	return LVSADM_OK;
}

struct conn_list {
	const struct lvsadm_cmd *cmd;
	json_t *json; /* NULL: printed at once */
};

static bool on_conn(const struct ipvs_conn *conn, void *arg)
{
	struct conn_list *list = arg;

	if (list->json)
		json_array_append_new(list->json, lvsadm_json_conn(conn));
	else
		lvsadm_print_conn(stdout, list->cmd, conn);
	return true;
}

static enum lvsadm_status list_connections(const struct lvsadm_cmd *cmd)
{
	struct conn_list list = { cmd, NULL };
	FILE *in = fopen(IPVS_CONN_FILE, "re");
	int err;

	if (!in) {
		fprintf(stderr, "cannot open file %s: %s\n", IPVS_CONN_FILE, strerror(errno));
		return LVSADM_FAILED;
	}
	if (lvsadm_has(cmd, LVSADM_OPT_JSON))
		list.json = json_array();
	else
		lvsadm_print_conn_head(stdout, cmd);
	err = ipvs_conn_read(in, on_conn, &list);
	fclose(in);
	if (list.json)
		print_json("connections", list.json);
	return lvsadm_report(IPVS_OP_SVC_EDIT, err, LVSADM_FAILED);
}

static enum lvsadm_status list_timeouts(struct lvsadm_app *app, bool is_json)
{
	struct ipvs_timeouts t;
	int err = ipvs_nl_get_timeouts(app->backend, &t);

	if (err == 0 && is_json)
		print_json("timeouts", lvsadm_json_timeouts(&t));
	else if (err == 0)
		printf("Timeout (tcp tcpfin udp): %u %u %u\n", t.tcp_s, t.tcp_fin_s, t.udp_s);
	return lvsadm_report(IPVS_OP_SVC_EDIT, err, LVSADM_FAILED);
}

static enum lvsadm_status list_sync(struct lvsadm_app *app, bool is_json)
{
	struct ipvs_sync sync[IPVS_SYNC_MAX];
	json_t *json = is_json ? json_array() : NULL;
	unsigned i, n;
	int err = ipvs_nl_get_sync(app->backend, sync, &n);

	for (i = 0; i < n; i++) {
		if (json)
			json_array_append_new(json, lvsadm_json_sync(&sync[i]));
		else
			lvsadm_print_sync(stdout, &sync[i]);
	}
	if (json)
		print_json("sync_daemons", json);
	return lvsadm_report(IPVS_OP_SVC_EDIT, err, LVSADM_FAILED);
}

enum lvsadm_status lvsadm_run_list(struct lvsadm_app *app, const struct lvsadm_cmd *cmd)
{
	bool is_json = lvsadm_has(cmd, LVSADM_OPT_JSON);

	if (lvsadm_has(cmd, LVSADM_OPT_CONNECTION))
		return list_connections(cmd);
	if (lvsadm_has(cmd, LVSADM_OPT_TIMEOUT))
		return list_timeouts(app, is_json);
	if (lvsadm_has(cmd, LVSADM_OPT_DAEMON))
		return list_sync(app, is_json);
	return list_services(app, cmd);
}
