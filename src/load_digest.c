/*
 * load_digest.c: what the rows of dictionaries are known by.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

/* Adds a value behind its length. */
static void
add_bytes(StringInfo buf, const char *bytes, int len)
{
	pq_sendint32(buf, len);
	appendBinaryStringInfo(buf, bytes, len);
}

/* Adds a value.  JSON as text, which stays the same whatever holds it. */
static void
add_value(StringInfo buf, Oid type, Datum value)
{
	switch (type)
	{
		case INT4OID:
		{
			pq_sendint32(buf, sizeof(int32));
			pq_sendint32(buf, DatumGetInt32(value));
			break;
		}
		case TEXTOID:
		case BYTEAOID:
		{
			struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

			add_bytes(buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
			break;
		}
		case JSONBOID:
		{
			Jsonb *json = DatumGetJsonbP(value);
			char *s = JsonbToCString(NULL, &json->root, VARSIZE(json));

			add_bytes(buf, s, strlen(s));
			break;
		}
		default: elog(ERROR, "load_digest cannot take values of type %u", type);
	}
}

PG_FUNCTION_INFO_V1(load_digest);

Datum
load_digest(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	Oid *types = fcinfo->flinfo->fn_extra;

	if (get_fn_expr_variadic(fcinfo->flinfo))
		elog(ERROR, "load_digest cannot take an array");
	if (types == NULL)
	{
		types = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, PG_NARGS() * sizeof(Oid));
		for (int i = 0; i < PG_NARGS(); i++)
			types[i] = get_fn_expr_argtype(fcinfo->flinfo, i);
		fcinfo->flinfo->fn_extra = types;
	}

	initStringInfo(&buf);
	appendStringInfoSpaces(&buf, VARHDRSZ);
	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i))
			pq_sendint32(&buf, -1);
		else
			add_value(&buf, types[i], PG_GETARG_DATUM(i));
	}
	SET_VARSIZE(buf.data, buf.len);
	return DirectFunctionCall1(sha256_bytea, PointerGetDatum(buf.data));
}
