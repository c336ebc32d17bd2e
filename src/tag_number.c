/*
 * tag_number.c: tags as numbers, for an index that finds the sets that have a tag.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "compat.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

/* The number of a tag: of the hashes that hash partitions and hash indexes are made with. */
static Datum
number_of(const char *key, int key_len, const char *value, int value_len)
{
	uint64 seed = hash_bytes_extended((const unsigned char *)key, key_len, 0);

	return Int32GetDatum((int32)hash_bytes_extended((const unsigned char *)value, value_len, seed));
}

PG_FUNCTION_INFO_V1(tag_number);

Datum
tag_number(PG_FUNCTION_ARGS)
{
	text *key = PG_GETARG_TEXT_PP(0);
	text *value = PG_GETARG_TEXT_PP(1);

	PG_RETURN_DATUM(number_of(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), VARDATA_ANY(value),
	                          VARSIZE_ANY_EXHDR(value)));
}

/* A tag's value as text, as the operator ->> gives it; NULL for null. */
static const char *
value_text(JsonbValue *value, int *len)
{
	char *s;

	switch (value->type)
	{
		case jbvNull: return NULL;
		case jbvString: *len = value->val.string.len; return value->val.string.val;
		case jbvBool: s = value->val.boolean ? "true" : "false"; break;
		case jbvNumeric:
			s = DatumGetCString(
			    DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			break;
		case jbvBinary:
			s = JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
			break;
		default: elog(ERROR, "unexpected value in JSON");
	}
	*len = strlen(s);
	return s;
}

PG_FUNCTION_INFO_V1(tag_numbers);

Datum
tag_numbers(PG_FUNCTION_ARGS)
{
	Jsonb *tags = PG_GETARG_JSONB_P(0);
	int most = JB_ROOT_IS_OBJECT(tags) ? JB_ROOT_COUNT(tags) : 0;
	Datum *numbers = palloc(Max(most, 1) * sizeof(Datum));
	int n = 0;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	JsonbValue key = {0};

	if (most == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT4OID));
	it = JsonbIteratorInit(&tags->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = value;
		else if (token == WJB_VALUE)
		{
			int len = 0;
			const char *s = value_text(&value, &len);

			if (s != NULL)
				numbers[n++] = number_of(key.val.string.val, key.val.string.len, s, len);
		}
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(numbers, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}
