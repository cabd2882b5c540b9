/*
 * The BFD sessions of the configuration at run time. VRRP child.
 */
#ifndef DIARCH_VRRP_BFD_SESSIONS_H
#define DIARCH_VRRP_BFD_SESSIONS_H

#include "lib/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"

struct bfd_sessions;
struct root_conf;

/* `on_state` hears of every session that VRRP is to know of, at first and whenever it changes. */
struct bfd_sessions *bfd_sessions_new(struct loop *loop,
				      void (*send)(const struct msg *msg, void *arg),
				      void (*on_state)(const char *name, bool is_up, void *arg),
				      void *arg);
void bfd_sessions_free(struct bfd_sessions *bs);

/*
 * Runs what `root` has from now on; a session with the same ends goes on as it is. `saved` are
 * messages of a predecessor, whose sessions go on, too.
 */
void bfd_sessions_set_conf(struct bfd_sessions *bs, const struct root_conf *root,
			   struct msg *const *saved, uint32_t n_saved);

/* Tells all peers that we go, and forgets the sessions. */
void bfd_sessions_stop(struct bfd_sessions *bs);

#endif
