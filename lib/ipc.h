/*
 * Typed messages over SOCK_SEQPACKET, from the one list in lib/msg.def.
 *
 * A channel has a role at each end; a message that is unknown, misdirected (wrong sender or
 * receiver for its kind), out of phase, short, long or not NUL-terminated is reported by name and
 * the peer is dropped. Sending never blocks: what the socket does not take is queued up to
 * IPC_QUEUE_MAX bytes.
 */
#ifndef DIARCH_LIB_IPC_H
#define DIARCH_LIB_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/loop.h"

#define IPC_MSG_MAX   (60 * 1024)        /* bytes of one encoded message */
#define IPC_QUEUE_MAX (32 * 1024 * 1024) /* bytes waiting for one peer */

enum msg_role {
	MSG_FROM_PARENT = 1,
	MSG_FROM_VRRP = 2,
	MSG_FROM_CHECK = 4,
	MSG_FROM_CHILD = MSG_FROM_VRRP | MSG_FROM_CHECK,
	MSG_TO_PARENT = MSG_FROM_PARENT,
	MSG_TO_VRRP = MSG_FROM_VRRP,
	MSG_TO_CHECK = MSG_FROM_CHECK,
	MSG_TO_CHILD = MSG_FROM_CHILD,
};

enum msg_phase {
	MSG_PHASE_INIT = 1,
	MSG_PHASE_RUN = 2,
	MSG_PHASE_ANY = 3,
	MSG_WITH_FD = 4, /* no phase: in msg.def, the message carries a descriptor */
};

#define MSG_BEGIN(name, from, to, phase) MSG_##name,
#define FIELD(msg, type, field)
#define MSG_END(name)
enum msg_kind {
	MSG_NONE = 0,
#include "lib/msg.def"
	MSG_N
};
#undef MSG_BEGIN
#undef FIELD
#undef MSG_END

enum msg_type { MSG_U8, MSG_U16, MSG_U32, MSG_U64, MSG_I64, MSG_BOOL, MSG_STR };

#define MSG_CTYPE_U8   uint8_t
#define MSG_CTYPE_U16  uint16_t
#define MSG_CTYPE_U32  uint32_t
#define MSG_CTYPE_U64  uint64_t
#define MSG_CTYPE_I64  int64_t
#define MSG_CTYPE_BOOL bool
#define MSG_CTYPE_STR  const char *

#define MSG_BEGIN(name, from, to, phase) struct msg_##name {
#define FIELD(msg, type, field)          MSG_CTYPE_##type field;
#define MSG_END(name) \
	}             \
	;
#include "lib/msg.def"
#undef MSG_BEGIN
#undef FIELD
#undef MSG_END

struct msg_field {
	const char *name;
	enum msg_type type;
	uint16_t offset; /* in struct msg_NAME */
};

struct msg_desc {
	const char *name;
	const struct msg_field *fields;
	uint8_t n_fields;
	uint8_t from, to, phase; /* masks as in msg.def; phase may include MSG_WITH_FD */
	uint16_t size;           /* of struct msg_NAME */
};

/* Any decoded message; strings point into the channel's receive buffer and live until the callback
 * returns. */
struct msg {
	enum msg_kind kind;
	int fd; /* a descriptor that came along, or -1; the receiver owns and closes it */
	union {
		uint64_t align;
#define MSG_BEGIN(name, from, to, phase) struct msg_##name name;
#define FIELD(msg, type, field)
#define MSG_END(name)
#include "lib/msg.def"
#undef MSG_BEGIN
#undef FIELD
#undef MSG_END
	};
};

/* Description of a kind; NULL for an unknown one. */
const struct msg_desc *msg_desc(enum msg_kind kind);

/* Name of a kind ("vrrp_state"), "unknown" for others. */
const char *msg_name(enum msg_kind kind);

/*
 * Encodes `msg` (its kind and fields; NULL strings become "") into `b`. Check buf_ok(). The wire:
 * kind in 16 bits, then the fields in order; integers big endian, strings as length in 16 bits,
 * bytes and a NUL that is not counted.
 */
void msg_encode(const struct msg *msg, struct buf *b);

/* Decodes all of `b`; strings point into it. False when that is not exactly one valid message. */
bool msg_decode(struct buf *b, struct msg *msg);

/* A heap copy with its own strings and without the descriptor, released by msg_free() (NULL is
 * fine). It has room for its kind alone and cannot be assigned as a whole. Fatal when out of
 * memory. */
struct msg *msg_dup(const struct msg *msg);
void msg_free(struct msg *msg);

/* Where the value of a field is, of the C type that field->type says; for printing by table. */
const void *msg_field_ptr(const struct msg *msg, const struct msg_field *field);

struct ipc_chan;

struct ipc_handlers {
	/* A valid message. May call ipc_free() on its channel. */
	void (*on_msg)(struct ipc_chan *chan, const struct msg *msg, void *arg);
	/* Peer closed, protocol violation or overflow; `why` is for the log. The channel is already
	 * detached; the owner frees it, here or later. Never called from within ipc_send(). */
	void (*on_close)(struct ipc_chan *chan, const char *why, void *arg);
	void *arg;
};

/*
 * Takes over `fd` (a SOCK_SEQPACKET socket, made non-blocking and close-on-exec). `own` and `peer`
 * are single enum msg_role bits. The channel starts in phase INIT; the parent sets RUN before it
 * sends the first conf_commit, the child when it receives that, so neither sees the other in the
 * wrong one. NULL and errno when `fd` cannot be watched (it is closed then); fatal when out of
 * memory.
 */
struct ipc_chan *ipc_new(struct loop *loop, int fd, enum msg_role own, enum msg_role peer,
			 const struct ipc_handlers *handlers);

/* Closes and frees; no callback. NULL is fine. Safe inside on_msg of the same channel. */
void ipc_free(struct ipc_chan *chan);

void ipc_set_phase(struct ipc_chan *chan, enum msg_phase phase);

/*
 * Sends or queues. The descriptor of a MSG_WITH_FD message goes along (msg->fd of others is not
 * looked at); it is duplicated if it has to wait, the caller keeps its own. Returns 0, or -errno:
 * -ENOBUFS when the queue is full (the channel is unusable then, on_close follows), -EMSGSIZE when
 * the message is too long, -EPIPE when the peer is gone. Asserts that this role may send this kind
 * in this phase.
 */
int ipc_send(struct ipc_chan *chan, const struct msg *msg);

/* Bytes waiting. */
size_t ipc_queued(const struct ipc_chan *chan);

/* Tries to write everything out, waiting at most `wait_us`; for the last words before exit. 0 or
 * -errno (-ETIMEDOUT). */
int ipc_flush(struct ipc_chan *chan, int64_t wait_us);

/* A connected pair with close-on-exec set: pair[0] for the parent. 0 or -errno. */
int ipc_pair(int pair[2]);

#endif
