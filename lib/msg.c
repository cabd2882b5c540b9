/*
 * Messages by table: what lib/msg.def generates besides the types of ipc.h.
 *
 * Pure but for msg_dup(); every process. Knows no message by name.
 */
#include "lib/ipc.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#define MSG_BEGIN(name, from, to, phase) static const struct msg_field fields_##name[] = {
#define FIELD(msg, type, field)          { #field, MSG_##type, offsetof(struct msg_##msg, field) },
#define MSG_END(name) \
	}             \
	;
#include "lib/msg.def"
#undef MSG_BEGIN
#undef FIELD
#undef MSG_END

static const struct msg_desc descs[MSG_N] = {
#define MSG_BEGIN(name, from, to, phase)                                   \
	[MSG_##name] = { #name,                                            \
			 fields_##name,                                    \
			 sizeof(fields_##name) / sizeof(fields_##name[0]), \
			 from,                                             \
			 to,                                               \
			 phase,                                            \
			 sizeof(struct msg_##name) },
#define FIELD(msg, type, field)
#define MSG_END(name)
#include "lib/msg.def"
#undef MSG_BEGIN
#undef FIELD
#undef MSG_END
};

const struct msg_desc *msg_desc(enum msg_kind kind)
{
	return kind > MSG_NONE && kind < MSG_N ? &descs[kind] : NULL;
}

const char *msg_name(enum msg_kind kind)
{
	const struct msg_desc *desc = msg_desc(kind);

	return desc ? desc->name : "unknown";
}

const void *msg_field_ptr(const struct msg *msg, const struct msg_field *field)
{
	return (const char *)&msg->align + field->offset;
}

static void encode_str(struct buf *b, const char *str)
{
	const size_t len = str ? strlen(str) : 0;

	if (len > UINT16_MAX) {
		b->is_bad = true;
		return;
	}
	buf_put_be16(b, (uint16_t)len);
	buf_put_bytes(b, str ? str : "", len + 1);
}

static void encode_field(struct buf *b, enum msg_type type, const void *value)
{
	switch (type) {
	case MSG_U8: buf_put_u8(b, *(const uint8_t *)value); break;
	case MSG_U16: buf_put_be16(b, *(const uint16_t *)value); break;
	case MSG_U32: buf_put_be32(b, *(const uint32_t *)value); break;
	case MSG_U64: buf_put_be64(b, *(const uint64_t *)value); break;
	case MSG_I64: buf_put_be64(b, (uint64_t)(*(const int64_t *)value)); break;
	case MSG_BOOL: buf_put_u8(b, *(const bool *)value); break;
	case MSG_STR: encode_str(b, *(const char *const *)value); break;
	}
}

void msg_encode(const struct msg *msg, struct buf *b)
{
	const struct msg_desc *desc = msg_desc(msg->kind);

	if (!desc) {
		b->is_bad = true;
		return;
	}
	buf_put_be16(b, (uint16_t)msg->kind);
	for (unsigned i = 0; i < desc->n_fields; i++)
		encode_field(b, desc->fields[i].type, msg_field_ptr(msg, &desc->fields[i]));
}

static bool decode_bool(struct buf *b)
{
	const uint8_t v = buf_get_u8(b);

	if (v > 1)
		b->is_bad = true;
	return v == 1;
}

/* A string is exactly as long as it says: it ends with the NUL after `len` bytes and has none
 * before. */
static const char *decode_str(struct buf *b)
{
	const size_t len = buf_get_be16(b);
	const char *str = buf_get_bytes(b, len + 1);

	if (str && strnlen(str, len + 1) == len)
		return str;
	b->is_bad = true;
	return "";
}

static void decode_field(struct buf *b, enum msg_type type, void *value)
{
	switch (type) {
	case MSG_U8: *(uint8_t *)value = buf_get_u8(b); break;
	case MSG_U16: *(uint16_t *)value = buf_get_be16(b); break;
	case MSG_U32: *(uint32_t *)value = buf_get_be32(b); break;
	case MSG_U64: *(uint64_t *)value = buf_get_be64(b); break;
	case MSG_I64: *(int64_t *)value = (int64_t)buf_get_be64(b); break;
	case MSG_BOOL: *(bool *)value = decode_bool(b); break;
	case MSG_STR: *(const char **)value = decode_str(b); break;
	}
}

bool msg_decode(struct buf *b, struct msg *msg)
{
	const struct msg_desc *desc;

	memset(msg, 0, sizeof(*msg));
	msg->fd = -1;
	msg->kind = buf_get_be16(b);
	desc = msg_desc(msg->kind);
	if (!desc)
		return false;
	for (unsigned i = 0; i < desc->n_fields; i++)
		decode_field(b, desc->fields[i].type, (char *)&msg->align + desc->fields[i].offset);
	return buf_ok(b) && buf_left(b) == 0;
}

/* Bytes that the strings of `msg` take with their NULs. */
static size_t strings_size(const struct msg *msg, const struct msg_desc *desc)
{
	size_t size = 0;

	for (unsigned i = 0; i < desc->n_fields; i++) {
		const char *const *str = msg_field_ptr(msg, &desc->fields[i]);

		if (desc->fields[i].type == MSG_STR && *str)
			size += strlen(*str) + 1;
	}
	return size;
}

/* Of the union only the part of its kind, and then the strings. */
struct msg *msg_dup(const struct msg *msg)
{
	const struct msg_desc *desc = msg_desc(msg->kind);
	size_t size;
	struct msg *copy;
	char *store;

	if (!desc)
		return NULL;
	size = offsetof(struct msg, align) + desc->size;
	copy = xcalloc(1, size + strings_size(msg, desc));
	store = (char *)copy + size;
	memcpy(copy, msg, size);
	copy->fd = -1;
	for (unsigned i = 0; i < desc->n_fields; i++) {
		const char **str = (const char **)((char *)&copy->align + desc->fields[i].offset);

		if (desc->fields[i].type != MSG_STR || !*str)
			continue;
		*str = strcpy(store, *str);
		store += strlen(store) + 1;
	}
	return copy;
}

void msg_free(struct msg *msg)
{
	free(msg);
}
