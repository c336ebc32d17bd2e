/*
 * pack.h: putting things one after another into a value without pointers.
 */
#ifndef CLOUDBILLING_PACK_H
#define CLOUDBILLING_PACK_H

#include "lib/stringinfo.h"

/* Puts bytes at the end, aligned; gives where they are. */
static inline uint32
pack(StringInfo buf, const void *bytes, Size size)
{
	uint32 offset = buf->len;

	appendBinaryStringInfo(buf, bytes, size);
	while (buf->len % MAXIMUM_ALIGNOF != 0)
		appendStringInfoChar(buf, '\0');
	return offset;
}

/* Puts a value of varying length at the end; gives where it is, 0 for NULL. */
static inline uint32
pack_varlena(StringInfo buf, const void *value)
{
	return value == NULL ? 0 : pack(buf, value, VARSIZE(value));
}

#endif
