/*
 * definition_cmp.c: comparison of definitions (pricings, selectors).
 *
 * Equal ones are equal bytes, as their readers see to it.  The order is that of
 * the bytes too: it means nothing to a reader, and lets GROUP BY sort and UNIQUE
 * have an index.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "compat.h"
#include "fmgr.h"

/* Compares the arguments. */
static int
compare(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	int length = VARSIZE_ANY_EXHDR(a);
	int other = VARSIZE_ANY_EXHDR(b);
	int order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(length, other));

	return order != 0 ? order : length - other;
}

/* Equal. */
PG_FUNCTION_INFO_V1(definition_eq);
Datum
definition_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) == 0);
}

/* Not equal. */
PG_FUNCTION_INFO_V1(definition_ne);
Datum
definition_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) != 0);
}

/* Less. */
PG_FUNCTION_INFO_V1(definition_lt);
Datum
definition_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

/* Less or equal. */
PG_FUNCTION_INFO_V1(definition_le);
Datum
definition_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

/* Greater or equal. */
PG_FUNCTION_INFO_V1(definition_ge);
Datum
definition_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

/* Greater. */
PG_FUNCTION_INFO_V1(definition_gt);
Datum
definition_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

/* For btree indexes and sorting. */
PG_FUNCTION_INFO_V1(definition_cmp);
Datum
definition_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

/* For hash joins and hashed GROUP BY. */
PG_FUNCTION_INFO_V1(definition_hash);
Datum
definition_hash(PG_FUNCTION_ARGS)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);

	return hash_any((unsigned char *)VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a));
}

/* The same with a seed. */
PG_FUNCTION_INFO_V1(definition_hash_extended);
Datum
definition_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);

	return hash_any_extended((unsigned char *)VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a),
	                         PG_GETARG_INT64(1));
}
