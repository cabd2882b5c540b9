/*
 * lvsadm: what the running director says about services and servers, asked over its control
 * socket.
 */
#ifndef DIARCH_LVS_LVSADM_STATE_H
#define DIARCH_LVS_LVSADM_STATE_H

#include "lvs/ipvs.h"

/* Where the director listens unless told otherwise. */
#define LVSADM_CONTROL_PATH DIARCH_RUNDIR "/diarch/control.sock"

struct lvsadm_state;

/* Asks the director at `path`; NULL when there is none, which is no error. */
struct lvsadm_state *lvsadm_state_load(const char *path);
void lvsadm_state_free(struct lvsadm_state *state);

/* The same from a status document in JSON, for tests. NULL when it is none. */
struct lvsadm_state *lvsadm_state_parse(const char *text);

/* The name that the configuration gives a service: its virtualhost, else that of its group as in
 * the log, "[web]:0"; "" if it has none or is not known. `state` may be NULL. */
const char *lvsadm_state_name(const struct lvsadm_state *state, const struct ipvs_svc_key *key);

/* The host name of a server, also at an address that it has left; "" if it has none or it is not
 * known. `state` may be NULL. Returns `buf`. */
const char *lvsadm_state_host(const struct lvsadm_state *state, const struct ipvs_svc_key *key,
			      const struct ipvs_dest_key *dest, char *buf, size_t size);

/*
 * "up 2/3", "down 0/3 sorry"; of a server "up", "down TCP_CHECK conn_refused", "left" where its
 * name is elsewhere. "" if it is not known; `state` may be NULL. Returns `buf`.
 */
const char *lvsadm_state_svc(const struct lvsadm_state *state, const struct ipvs_svc_key *key,
			     char *buf, size_t size);
const char *lvsadm_state_dest(const struct lvsadm_state *state, const struct ipvs_svc_key *key,
			      const struct ipvs_dest_key *dest, char *buf, size_t size);

#endif
