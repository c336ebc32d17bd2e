/*
 * pricing_io.c: input, output and comparison of pricings.
 */
#include "postgres.h"

#include "number.h"
#include "pricing_read.h"
#include "utils/builtins.h"

/* Refuses a pricing whose form on disk this release does not know. */
void
pricing_refuse_version(const Pricing *pricing)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
	                errmsg("unsupported version %d of type pricing on disk", pricing->version),
	                errdetail("This release reads version %d.", PRICING_VERSION)));
}

/* Appends "key":"number" after what there is. */
static void
write_number(StringInfo buf, const PricingKey *key, Numeric number)
{
	if (key->rule == RULE_RATE || key->rule == RULE_DISCOUNT)
		number = number_trim(number_mul(number, number_literal(100, 0)));
	if (buf->data[buf->len - 1] != '{')
		appendStringInfoChar(buf, ',');
	appendStringInfo(buf, "\"%s\":\"%s\"", key->name,
	                 DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number))));
}

/* Appends those of the keys that have a number, from a tier or the options. */
static void
write_keys(StringInfo buf, const Pricing *pricing, const PricingKey *keys,
           const PricingOffset *numbers)
{
	for (; keys->name; keys++)
	{
		if ((keys->models & MODEL_BIT(pricing->model)) != 0 && numbers[keys->number] != 0)
			write_number(buf, keys, pricing_number(pricing, numbers[keys->number]));
	}
}

/* Appends the conversion, if any. */
static void
write_conversion(StringInfo buf, const Pricing *pricing)
{
	if (pricing->option[OPTION_DIVIDE_BY] == 0 && pricing->option[OPTION_MULTIPLY_BY] == 0)
		return;
	appendStringInfoString(buf, ",\"conversion\":{");
	write_keys(buf, pricing, pricing_conversion_keys, pricing->option);
	if (pricing->rounding != PRICING_UNROUNDED)
		appendStringInfo(buf, ",\"round\":\"%s\"", pricing_roundings[pricing->rounding]);
	if (pricing->scale != 0)
		appendStringInfo(buf, ",\"scale\":\"%d\"", pricing->scale);
	appendStringInfoChar(buf, '}');
}

/* The canonical text. */
char *
pricing_text(const Pricing *pricing)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "{\"model\":\"%s\"", pricing_models[pricing->model]);
	if (pricing_has_tiers(pricing->model))
	{
		appendStringInfoString(&buf, ",\"tiers\":[");
		for (int i = 0; i < pricing->ntiers; i++)
		{
			appendStringInfoString(&buf, i == 0 ? "{" : ",{");
			write_keys(&buf, pricing, pricing_tier_keys, pricing->tier[i].number);
			appendStringInfoChar(&buf, '}');
		}
		appendStringInfoChar(&buf, ']');
	}
	else
		write_keys(&buf, pricing, pricing_single_keys, pricing->tier[0].number);
	write_conversion(&buf, pricing);
	write_keys(&buf, pricing, pricing_option_keys, pricing->option);
	appendStringInfoChar(&buf, '}');
	return buf.data;
}

/* Reads a pricing from its text; NULL after a soft error. */
static Pricing *
read_text(char *text, Node *context)
{
	Definition def = {"pricing", context};
	Jsonb *json = definition_parse(&def, text);

	return json ? pricing_read(&def, json) : NULL;
}

/* From JSON text. */
PG_FUNCTION_INFO_V1(pricing_in);
Datum
pricing_in(PG_FUNCTION_ARGS)
{
	Pricing *pricing = read_text(PG_GETARG_CSTRING(0), (Node *)fcinfo->context);

	if (pricing == NULL)
		PG_RETURN_NULL();
	PG_RETURN_PRICING(pricing);
}

/* To the canonical JSON text. */
PG_FUNCTION_INFO_V1(pricing_out);
Datum
pricing_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(pricing_text(PG_GETARG_PRICING(0)));
}

/* From the binary form. */
PG_FUNCTION_INFO_V1(pricing_recv);
Datum
pricing_recv(PG_FUNCTION_ARGS)
{
	Definition def = {"pricing", NULL};

	PG_RETURN_PRICING(read_text(definition_receive(&def, (StringInfo)PG_GETARG_POINTER(0)), NULL));
}

/* To the binary form. */
PG_FUNCTION_INFO_V1(pricing_send);
Datum
pricing_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(definition_send(pricing_text(PG_GETARG_PRICING(0))));
}

/* From jsonb. */
PG_FUNCTION_INFO_V1(pricing_from_jsonb);
Datum
pricing_from_jsonb(PG_FUNCTION_ARGS)
{
	Definition def = {"pricing", (Node *)fcinfo->context};
	Jsonb *json = PG_GETARG_JSONB_P(0);
	Pricing *pricing = definition_fits(&def, VARSIZE(json)) ? pricing_read(&def, json) : NULL;

	if (pricing == NULL)
		PG_RETURN_NULL();
	PG_RETURN_PRICING(pricing);
}

/* To jsonb. */
PG_FUNCTION_INFO_V1(pricing_to_jsonb);
Datum
pricing_to_jsonb(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(pricing_text(PG_GETARG_PRICING(0))));
}
