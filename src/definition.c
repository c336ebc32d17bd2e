/*
 * definition.c: reading a JSON definition (a pricing, a selector).
 *
 * jsonb does the parsing and guards its depth; here are the paths and the
 * refusals, and the binary form, which is the text with a version byte.
 */
#include "postgres.h"

#include "definition.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "number.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#define DEFINITION_MAX_SIZE (256 * 1024)
#define DEFINITION_MAX_NAME 100    /* bytes of a key in a path */
#define DEFINITION_MAX_NUMBER 1000 /* bytes of a number in a string */
#define DEFINITION_BINARY_VERSION 1

/* Refuses the definition for what stands at path.  Returns false after a soft error. */
bool
definition_refuse(const Definition *def, const char *path, const char *hint, const char *fmt, ...)
{
	StringInfoData detail;

	initStringInfo(&detail);
	appendStringInfo(&detail, "%s ", path);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, fmt);
		needed = appendStringInfoVA(&detail, fmt, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&detail, needed);
	}
	ereturn(def->context, false,
	        (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("invalid %s", def->type),
	         errdetail_internal("%s.", detail.data), hint ? errhint("%s", hint) : 0));
}

/* Is the definition, as text or as jsonb, of a sane size? */
bool
definition_fits(const Definition *def, Size size)
{
	if (size <= DEFINITION_MAX_SIZE)
		return true;
	return definition_refuse(def, "$", NULL, "is larger than %d bytes", DEFINITION_MAX_SIZE);
}

/* Parses the text; NULL after a soft error. */
Jsonb *
definition_parse(const Definition *def, char *text)
{
	Datum result;

	if (!definition_fits(def, strlen(text)))
		return NULL;
	if (!DirectInputFunctionCallSafe(jsonb_in, text, InvalidOid, -1, def->context, &result))
		return NULL;
	return DatumGetJsonbP(result);
}

/* The value as an object, or NULL. */
JsonbContainer *
definition_object(JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return NULL;
	return value->val.binary.data;
}

/* The value as an array, or NULL. */
JsonbContainer *
definition_array(JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return NULL;
	return value->val.binary.data;
}

/* Calls member for each member of the object, until one is refused. */
bool
definition_members(JsonbContainer *object, const char *path, DefinitionMember member, void *reader)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		JsonbIteratorNext(&it, &value, true);
		if (!member(reader, definition_member(path, key.val.string.val, key.val.string.len), &key,
		            &value))
			return false;
	}
	return true;
}

/* Is the key, or the string, this text? */
bool
definition_is(const JsonbValue *value, const char *text)
{
	return value->type == jbvString && value->val.string.len == strlen(text) &&
	       memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

/* Is this text a plain decimal number, with an exponent of at most 3 digits? */
static bool
is_decimal(const char *text)
{
	const char *at = text;
	int digits;

	if (*at == '-' || *at == '+')
		at++;
	digits = strspn(at, "0123456789");
	at += digits;
	if (*at == '.')
	{
		int decimals = strspn(at + 1, "0123456789");

		at += 1 + decimals;
		digits += decimals;
	}
	if (digits == 0)
		return false;
	if (*at == 'e' || *at == 'E')
	{
		at++;
		if (*at == '-' || *at == '+')
			at++;
		digits = strspn(at, "0123456789");
		if (digits == 0 || digits > 3)
			return false;
		at += digits;
	}
	return *at == '\0';
}

/* Reads a number from a JSON number or string, without trailing zeros. */
bool
definition_number(const Definition *def, const char *path, const JsonbValue *value, Numeric *number)
{
	char *digits;
	char *point;

	if (value->type == jbvNumeric)
		*number = number_trim(value->val.numeric);
	else
	{
		char *text =
		    value->type == jbvString ? pnstrdup(value->val.string.val, value->val.string.len) : "";

		if (!is_decimal(text))
			return definition_refuse(def, path,
			                         "Write it as a JSON number or string, such as \"0.05\".",
			                         "must be a decimal number");
		if (strlen(text) > DEFINITION_MAX_NUMBER)
			return definition_refuse(def, path, NULL, "is longer than %d characters",
			                         DEFINITION_MAX_NUMBER);
		*number = number_trim(DatumGetNumeric(DirectFunctionCall3(
		    numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
	}
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(*number)));
	digits += *digits == '-';
	point = strchr(digits, '.');
	if ((point ? point - digits : strlen(digits)) > DEFINITION_MAX_DIGITS ||
	    (point && strlen(point + 1) > DEFINITION_MAX_DIGITS))
		return definition_refuse(def, path, NULL, "has more than %d digits on one side",
		                         DEFINITION_MAX_DIGITS);
	return true;
}

/* The path of a member: $.unit_price, or $."tags.environment". */
char *
definition_member(const char *path, const char *key, int length)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	int clipped = pg_mbcliplen(key, length, DEFINITION_MAX_NAME);
	char *name = psprintf("%.*s%s", clipped, key, clipped < length ? "..." : "");
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "%s.", path);
	if (length > 0 && strspn(name, plain) == length)
		appendStringInfoString(&buf, name);
	else
		escape_json(&buf, name);
	return buf.data;
}

/* The path of an element: $.tiers[1]. */
char *
definition_element(const char *path, int index)
{
	return psprintf("%s[%d]", path, index);
}

/* The binary form of the canonical text. */
bytea *
definition_send(const char *text)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, DEFINITION_BINARY_VERSION);
	pq_sendtext(&buf, text, strlen(text));
	return pq_endtypsend(&buf);
}

/* The text in the binary form. */
char *
definition_receive(const Definition *def, StringInfo buf)
{
	int version = pq_getmsgint(buf, 1);
	int length;

	if (version != DEFINITION_BINARY_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("unsupported %s version number %d", def->type, version)));
	return pq_getmsgtext(buf, buf->len - buf->cursor, &length);
}
