/*
 * distinct_count.c: the aggregate distinct_count, by hashing instead of sorting.
 *
 * A state is a hash table with open addressing.  Values whose bytes tell whether
 * they are equal are hashed and compared as bytes, others by their type.
 */
#include "postgres.h"

#include "aggregate.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#define FIRST_SIZE 16
#define BLOCK_SIZE 65536

typedef enum Method
{
	BY_WORD,  /* compared as words */
	BY_BYTES, /* compared as bytes */
	BY_TYPE   /* compared by the functions of the type */
} Method;

/* A place for a value; hash 0 is a free one. */
typedef struct Place
{
	uint64 hash;
	Datum value;
} Place;

typedef struct DistinctCount
{
	TypeCacheEntry *type;
	FmgrInfo *hash; /* of the type */
	Oid collation;
	Method method;
	int64 count;
	uint64 size; /* a power of two */
	Place *places;
	char *free; /* room in the last block of values */
	Size left;
} DistinctCount;

/* A state on its way, which combining reads where it stands. */
typedef struct PackedCount
{
	Oid type;
	Oid collation;
	int64 count;
	StringInfoData values;
} PackedCount;

/* How values of a type are compared. */
static Method
method_of(const TypeCacheEntry *type, Oid collation)
{
	switch (type->type_id)
	{
		case TEXTOID:
		case VARCHAROID:
			return !OidIsValid(collation) || get_collation_isdeterministic(collation) ? BY_BYTES
			                                                                          : BY_TYPE;
		case BYTEAOID:
		case UUIDOID: return BY_BYTES;
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID: return BY_WORD;
		default: return type->typtype == TYPTYPE_ENUM ? BY_WORD : BY_TYPE;
	}
}

/* Makes a state for values of a type. */
static DistinctCount *
new_state(MemoryContext context, Oid type, Oid collation)
{
	DistinctCount *state = MemoryContextAllocZero(context, sizeof(DistinctCount));

	state->type = lookup_type_cache(getBaseType(type),
	                                TYPECACHE_HASH_EXTENDED_PROC_FINFO | TYPECACHE_EQ_OPR_FINFO);
	state->hash = &state->type->hash_extended_proc_finfo;
	if (state->type->type_id == RECORDOID)
	{
		/* the cache does not say so, but a record can be hashed where its columns can */
		state->hash = MemoryContextAlloc(context, sizeof(FmgrInfo));
		fmgr_info_cxt(F_HASH_RECORD_EXTENDED, state->hash, context);
	}
	if (!OidIsValid(state->hash->fn_oid) || !OidIsValid(state->type->eq_opr_finfo.fn_oid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
		                errmsg("could not identify an extended hash function for type %s",
		                       format_type_be(type)),
		                errhint("Use count(DISTINCT …).")));
	state->collation = collation;
	state->method = method_of(state->type, collation);
	state->size = FIRST_SIZE;
	state->places = MemoryContextAllocZero(context, FIRST_SIZE * sizeof(Place));
	return state;
}

/* The bytes of a value that is not a word. */
static inline const char *
bytes_of(const DistinctCount *state, Datum value, Size *size)
{
	const char *bytes = DatumGetPointer(value);

	if (state->type->typlen > 0)
	{
		*size = state->type->typlen;
		return bytes;
	}
	*size = VARSIZE_ANY_EXHDR(bytes);
	return VARDATA_ANY(bytes);
}

/* The hash of a value, never 0. */
static inline uint64
hash_of(DistinctCount *state, Datum value)
{
	uint64 hash;

	if (state->method == BY_WORD)
	{
		hash = value;
		hash = (hash ^ (hash >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
		hash = (hash ^ (hash >> 27)) * UINT64CONST(0x94d049bb133111eb);
		hash ^= hash >> 31;
	}
	else if (state->method == BY_BYTES)
	{
		Size size;
		const char *bytes = bytes_of(state, value, &size);

		hash = hash_bytes_extended((const unsigned char *)bytes, size, 0);
	}
	else
		hash = DatumGetUInt64(
		    FunctionCall2Coll(state->hash, state->collation, value, UInt64GetDatum(0)));
	return hash != 0 ? hash : 1;
}

/* Whether two values of the same hash are equal. */
static inline bool
same(DistinctCount *state, Datum a, Datum b)
{
	Size first_size;
	Size second_size;
	const char *first;
	const char *second;

	if (state->method == BY_WORD)
		return a == b;
	if (state->method == BY_TYPE)
		return DatumGetBool(FunctionCall2Coll(&state->type->eq_opr_finfo, state->collation, a, b));
	first = bytes_of(state, a, &first_size);
	second = bytes_of(state, b, &second_size);
	return first_size == second_size && memcmp(first, second, first_size) == 0;
}

/* Doubles the table. */
static pg_noinline void
grow(MemoryContext context, DistinctCount *state)
{
	uint64 size = state->size * 2;
	Place *places = MemoryContextAllocExtended(context, size * sizeof(Place),
	                                           MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	CHECK_FOR_INTERRUPTS();
	for (uint64 i = 0; i < state->size; i++)
	{
		uint64 at = state->places[i].hash & (size - 1);

		if (state->places[i].hash == 0)
			continue;
		while (places[at].hash != 0)
			at = (at + 1) & (size - 1);
		places[at] = state->places[i];
	}
	pfree(state->places);
	state->places = places;
	state->size = size;
}

/* A copy of a value that is not a word; small ones share blocks. */
static Datum
keep(MemoryContext context, DistinctCount *state, Datum value)
{
	const char *bytes = DatumGetPointer(value);
	Size size = datumGetSize(value, false, state->type->typlen);
	Size room = MAXALIGN(size);
	char *copy;

	/* a varlena with a header of one byte needs no alignment */
	if (state->type->typlen == -1 && VARATT_IS_1B(bytes))
		room = size;
	if (room > BLOCK_SIZE / 8)
		copy = MemoryContextAllocHuge(context, room);
	else
	{
		Size skip = room == size ? 0 : state->left % MAXIMUM_ALIGNOF;

		if (room + skip > state->left)
		{
			/* the first block is small, for groups of few values */
			state->left = state->free ? BLOCK_SIZE : Max(room, 256);
			state->free = MemoryContextAlloc(context, state->left);
			skip = 0;
		}
		copy = state->free + skip;
		state->free += skip + room;
		state->left -= skip + room;
	}
	memcpy(copy, bytes, size);
	return PointerGetDatum(copy);
}

/* Adds a value, unless it is there. */
static inline void
add(MemoryContext context, DistinctCount *state, Datum value)
{
	uint64 hash = hash_of(state, value);
	uint64 at;

	if (state->count >= (int64)(state->size / 4 * 3))
		grow(context, state);
	at = hash & (state->size - 1);
	while (state->places[at].hash != 0)
	{
		if (state->places[at].hash == hash && same(state, state->places[at].value, value))
			return;
		at = (at + 1) & (state->size - 1);
	}
	state->places[at].hash = hash;
	state->places[at].value = state->type->typbyval ? value : keep(context, state, value);
	state->count++;
}

/* Takes in a value; NULL counts for nothing. */
PG_FUNCTION_INFO_V1(distinct_count_accum);
Datum
distinct_count_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	DistinctCount *state = PG_ARGISNULL(0) ? NULL : (DistinctCount *)PG_GETARG_POINTER(0);
	Datum value;

	if (PG_ARGISNULL(1))
		AGGREGATE_RETURN_STATE(state);
	if (state == NULL)
		state = new_state(context, get_fn_expr_argtype(fcinfo->flinfo, 1), PG_GET_COLLATION());
	value = PG_GETARG_DATUM(1);
	if (state->type->typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	add(context, state, value);
	PG_RETURN_POINTER(state);
}

/* Adds the values of a packed state, which are not aligned. */
static void
add_packed(MemoryContext context, DistinctCount *state, PackedCount *packed)
{
	char *value = NULL;
	Size room = 0;

	for (int64 i = 0; i < packed->count; i++)
	{
		Size size;

		CHECK_FOR_INTERRUPTS();
		if (state->type->typbyval)
		{
			Datum word;

			pq_copymsgbytes(&packed->values, (char *)&word, sizeof(word));
			add(context, state, word);
			continue;
		}
		size = pq_getmsgint(&packed->values, 4);
		if (size > room)
		{
			room = Max(256, 2 * size);
			value = MemoryContextAllocHuge(CurrentMemoryContext, room);
		}
		pq_copymsgbytes(&packed->values, value, size);
		add(context, state, PointerGetDatum(value));
	}
}

/* Adds the values of the second state, which is packed, to the first. */
PG_FUNCTION_INFO_V1(distinct_count_combine);
Datum
distinct_count_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	DistinctCount *state = aggregate_state(fcinfo, 0);
	PackedCount *packed = aggregate_state(fcinfo, 1);

	if (packed == NULL)
		AGGREGATE_RETURN_STATE(state);
	if (state == NULL)
		state = new_state(context, packed->type, packed->collation);
	add_packed(context, state, packed);
	PG_RETURN_POINTER(state);
}

/* Packs a state for another process. */
PG_FUNCTION_INFO_V1(distinct_count_serialise);
Datum
distinct_count_serialise(PG_FUNCTION_ARGS)
{
	DistinctCount *state = aggregate_state(fcinfo, 0);
	/* in the order of hashes they would crowd the front of the table they go to */
	uint64 step = state->size / 8 * 5 + 1;
	uint64 at = 0;
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->type->type_id);
	pq_sendint32(&buf, state->collation);
	pq_sendint64(&buf, state->count);
	for (uint64 i = 0; i < state->size; i++, at = (at + step) & (state->size - 1))
	{
		Datum value = state->places[at].value;
		Size size;

		if (state->places[at].hash == 0)
			continue;
		if (state->type->typbyval)
		{
			pq_sendbytes(&buf, (const char *)&value, sizeof(value));
			continue;
		}
		size = datumGetSize(value, false, state->type->typlen);
		pq_sendint32(&buf, size);
		pq_sendbytes(&buf, DatumGetPointer(value), size);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Takes the head of a packed state. */
PG_FUNCTION_INFO_V1(distinct_count_deserialise);
Datum
distinct_count_deserialise(PG_FUNCTION_ARGS)
{
	PackedCount *packed = palloc(sizeof(PackedCount));

	aggregate_context(fcinfo);
	packed->values = aggregate_unpack(PG_GETARG_BYTEA_PP(0));
	packed->type = pq_getmsgint(&packed->values, 4);
	packed->collation = pq_getmsgint(&packed->values, 4);
	packed->count = pq_getmsgint64(&packed->values);
	PG_RETURN_POINTER(packed);
}

/* How many there are; 0 of nothing. */
PG_FUNCTION_INFO_V1(distinct_count_final);
Datum
distinct_count_final(PG_FUNCTION_ARGS)
{
	DistinctCount *state = aggregate_state(fcinfo, 0);

	PG_RETURN_INT64(state ? state->count : 0);
}
