/*
 * pricing_read.c: from JSON to a pricing.
 *
 * The tables of keys say what each model has; the canonical output is written
 * from the same tables, in their order.
 */
#include "postgres.h"

#include "number.h"
#include "pricing_read.h"
#include "utils/builtins.h"

/* What has been read. */
typedef struct Reader
{
	const Definition *def;
	PricingModel model;
	PricingRounding rounding;
	int scale;
	Numeric option[OPTION_NUMBERS];
	int ntiers;
	int tier; /* being read */
	Numeric (*tiers)[TIER_NUMBERS];
} Reader;

/* The key of this name that the model has, or NULL. */
static const PricingKey *
find_key(const PricingKey *keys, PricingModel model, const JsonbValue *name)
{
	for (; keys->name; keys++)
	{
		if ((keys->models & MODEL_BIT(model)) != 0 && definition_is(name, keys->name))
			return keys;
	}
	return NULL;
}

/* Adds a name to a list of them. */
static void
list_name(StringInfo list, const char *name)
{
	appendStringInfo(list, "%s %s", list->len > 0 ? "," : "", name);
}

/* Adds the names of the keys that the model has. */
static void
list_keys(StringInfo list, const PricingKey *keys, PricingModel model)
{
	for (; keys->name; keys++)
	{
		if ((keys->models & MODEL_BIT(model)) != 0)
			list_name(list, keys->name);
	}
}

/* "It is one of x, y, z." */
static char *
one_of(const char *const *names, int count)
{
	StringInfoData hint;

	initStringInfo(&hint);
	for (int i = 0; i < count; i++)
		appendStringInfo(&hint, "%s%s", i == 0 ? "It is one of " : ", ", names[i]);
	appendStringInfoChar(&hint, '.');
	return hint.data;
}

/* Reads the number of a key by its rule. */
static bool
read_key(Reader *reader, const char *path, const PricingKey *key, const JsonbValue *value,
         Numeric *number)
{
	const Definition *def = reader->def;
	int sign;

	if (!definition_number(reader->def, path, value, number))
		return false;
	sign = number_cmp(*number, number_literal(0, 0));
	switch (key->rule)
	{
		case RULE_ANY:
		case RULE_RATE: break;
		case RULE_POSITIVE:
			if (sign <= 0)
				return definition_refuse(def, path, NULL, "must be greater than 0");
			break;
		case RULE_WHOLE:
			if (!number_is_whole(*number))
				return definition_refuse(def, path, NULL, "must be a whole number");
			/* FALLTHROUGH */
		case RULE_NOT_NEGATIVE:
			if (sign < 0)
				return definition_refuse(def, path, NULL, "must not be negative");
			break;
		case RULE_DISCOUNT:
			if (sign < 0 || number_cmp(*number, number_literal(100, 0)) > 0)
				return definition_refuse(def, path, "A surcharge is a rate of its own.",
				                         "must be a percentage from 0 to 100");
			break;
	}
	if (key->rule == RULE_RATE || key->rule == RULE_DISCOUNT)
		*number = number_trim(number_mul(*number, number_literal(1, 2)));
	return true;
}

/* Refuses an unknown key of what has the keys listed. */
static bool
refuse_key(const Reader *reader, const char *path, const char *what, const StringInfoData *keys)
{
	return definition_refuse(reader->def, path, psprintf("The keys of %s are%s.", what, keys->data),
	                         "is not a key of %s", what);
}

/* Refuses an unknown key of the conversion. */
static bool
refuse_conversion_key(const Reader *reader, const char *path)
{
	StringInfoData keys;

	initStringInfo(&keys);
	list_keys(&keys, pricing_conversion_keys, reader->model);
	list_name(&keys, "round");
	list_name(&keys, "scale");
	return refuse_key(reader, path, "a conversion", &keys);
}

/* Refuses an unknown key of a tier. */
static bool
refuse_tier_key(const Reader *reader, const char *path)
{
	StringInfoData keys;

	initStringInfo(&keys);
	list_keys(&keys, pricing_tier_keys, reader->model);
	return refuse_key(reader, path, psprintf("a tier of %s", pricing_models[reader->model]), &keys);
}

/* Refuses an unknown key of the model. */
static bool
refuse_model_key(const Reader *reader, const char *path)
{
	StringInfoData keys;

	initStringInfo(&keys);
	list_name(&keys, "model");
	if (pricing_has_tiers(reader->model))
		list_name(&keys, "tiers");
	list_keys(&keys, pricing_single_keys, reader->model);
	if (reader->model != PRICING_FLAT)
		list_name(&keys, "conversion");
	list_keys(&keys, pricing_option_keys, reader->model);
	return refuse_key(reader, path, psprintf("model %s", pricing_models[reader->model]), &keys);
}

/* Refuses the first required key that was not read. */
static bool
require_keys(const Reader *reader, const char *path, const PricingKey *keys, Numeric *numbers)
{
	for (; keys->name; keys++)
	{
		if (keys->required && (keys->models & MODEL_BIT(reader->model)) != 0 &&
		    numbers[keys->number] == NULL)
			return definition_refuse(reader->def,
			                         definition_member(path, keys->name, strlen(keys->name)), NULL,
			                         "is missing");
	}
	return true;
}

/* Reads the scale of a rounding. */
static bool
read_scale(Reader *reader, const char *path, const JsonbValue *value)
{
	Numeric number;

	if (!definition_number(reader->def, path, value, &number))
		return false;
	if (!number_is_whole(number) || number_cmp(number, number_literal(0, 0)) < 0 ||
	    number_cmp(number, number_literal(DEFINITION_MAX_DIGITS, 0)) > 0)
		return definition_refuse(reader->def, path, NULL, "must be a whole number from 0 to %d",
		                         DEFINITION_MAX_DIGITS);
	reader->scale = DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(number)));
	return true;
}

/* Reads a member of the conversion. */
static bool
read_conversion_member(void *arg, const char *path, const JsonbValue *name, JsonbValue *value)
{
	Reader *reader = arg;
	const PricingKey *key = find_key(pricing_conversion_keys, reader->model, name);

	if (key)
		return read_key(reader, path, key, value, &reader->option[key->number]);
	if (definition_is(name, "scale"))
		return read_scale(reader, path, value);
	if (!definition_is(name, "round"))
		return refuse_conversion_key(reader, path);
	for (int i = PRICING_UP; pricing_roundings[i]; i++)
	{
		if (definition_is(value, pricing_roundings[i]))
		{
			reader->rounding = i;
			return true;
		}
	}
	return definition_refuse(reader->def, path, one_of(pricing_roundings + PRICING_UP, 3),
	                         "is not a way of rounding");
}

/*
 * The exact 1 / divisor, or NULL: only a divisor without other prime factors
 * than 2 and 5 has one.
 */
static Numeric
reciprocal(Numeric divisor)
{
	int scale =
	    DatumGetInt32(DirectFunctionCall1(numeric_scale, NumericGetDatum(number_trim(divisor))));
	Numeric factor = number_literal(1, 0);
	Numeric one = factor;

	/* divisor = n / 10^scale with a whole n, from which every 2 and 5 is taken. */
	for (int i = 0; i < scale; i++)
	{
		divisor = number_mul(divisor, number_literal(10, 0));
		factor = number_mul(factor, number_literal(10, 0));
	}
	for (int tenths = 5; tenths >= 2; tenths -= 3)
	{
		Numeric share = number_literal(tenths, 1);

		for (;;)
		{
			Numeric rest = number_mul(divisor, share);

			if (!number_is_whole(rest))
				break;
			divisor = number_trim(rest);
			factor = number_mul(factor, share);
		}
	}
	return number_cmp(divisor, one) == 0 ? number_trim(factor) : NULL;
}

/* Reads the conversion. */
static bool
read_conversion(Reader *reader, const char *path, JsonbValue *value)
{
	JsonbContainer *object = definition_object(value);
	Numeric divisor;
	Numeric factor;

	if (object == NULL)
		return definition_refuse(reader->def, path, NULL, "must be an object");
	reader->scale = -1;
	if (!definition_members(object, path, read_conversion_member, reader))
		return false;
	divisor = reader->option[OPTION_DIVIDE_BY];
	factor = reader->option[OPTION_MULTIPLY_BY];
	if ((divisor == NULL) == (factor == NULL))
		return definition_refuse(reader->def, path, NULL,
		                         "must have either divide_by or multiply_by");
	if (reader->scale >= 0 && reader->rounding == PRICING_UNROUNDED)
		return definition_refuse(reader->def, path, one_of(pricing_roundings + PRICING_UP, 3),
		                         "has a scale but no round");
	reader->scale = Max(reader->scale, 0);
	if (divisor)
		factor = reciprocal(divisor);
	if (factor == NULL && reader->rounding == PRICING_UNROUNDED)
		return definition_refuse(reader->def, path, "Add round (up, down, half_up) and scale.",
		                         "must be rounded: its divide_by has no exact reciprocal");
	reader->option[OPTION_FACTOR] = factor;
	return true;
}

/* Reads a member of a tier. */
static bool
read_tier_member(void *arg, const char *path, const JsonbValue *name, JsonbValue *value)
{
	Reader *reader = arg;
	const PricingKey *key = find_key(pricing_tier_keys, reader->model, name);

	if (key == NULL)
		return refuse_tier_key(reader, path);
	return read_key(reader, path, key, value, &reader->tiers[reader->tier][key->number]);
}

/* Checks the bound of the tier just read. */
static bool
check_bound(const Reader *reader, const char *path)
{
	int tier = reader->tier;
	Numeric up_to = reader->tiers[tier][TIER_UP_TO];

	path = definition_member(path, "up_to", 5);
	if (tier == reader->ntiers - 1)
		return up_to == NULL || definition_refuse(reader->def, path, NULL,
		                                          "must be left out: the last tier is open");
	if (up_to == NULL)
		return definition_refuse(reader->def, path, NULL, "is missing: only the last tier is open");
	if (tier > 0 && number_cmp(up_to, reader->tiers[tier - 1][TIER_UP_TO]) <= 0)
		return definition_refuse(reader->def, path, "Bounds are inclusive and cumulative.",
		                         "must be greater than the bound before it");
	return true;
}

/* Adds what the tiers before it amount to, to a tier that has one before it. */
static void
add_base(Reader *reader)
{
	Numeric *before = reader->tiers[reader->tier - 1];
	Numeric slice = before[TIER_UP_TO];
	Numeric amount;

	if (reader->tier > 1)
		slice = number_sub(slice, reader->tiers[reader->tier - 2][TIER_UP_TO]);
	amount = pricing_slice(slice, before[TIER_UNIT_PRICE], before[TIER_FLAT_FEE],
	                       before[TIER_PACKAGE_SIZE], NULL);
	if (reader->tier > 1)
		amount = number_add(before[TIER_BASE], amount);
	reader->tiers[reader->tier][TIER_BASE] = amount;
}

/* Reads the tiers. */
static bool
read_tiers(Reader *reader, const char *path, JsonbValue *value)
{
	JsonbContainer *array = definition_array(value);

	if (array == NULL)
		return definition_refuse(reader->def, path, NULL, "must be a list of tiers");
	reader->ntiers = JsonContainerSize(array);
	if (reader->ntiers == 0)
		return definition_refuse(reader->def, path, "The last tier has no up_to.",
		                         "must have a tier");
	if (reader->ntiers > PRICING_MAX_TIERS)
		return definition_refuse(reader->def, path, NULL, "must not have more than %d tiers",
		                         PRICING_MAX_TIERS);
	reader->tiers = palloc0(reader->ntiers * sizeof(*reader->tiers));
	for (int i = 0; i < reader->ntiers; i++)
	{
		JsonbContainer *object = definition_object(getIthJsonbValueFromContainer(array, i));
		char *element = definition_element(path, i);

		reader->tier = i;
		if (object == NULL)
			return definition_refuse(reader->def, element, NULL, "must be an object");
		if (!definition_members(object, element, read_tier_member, reader) ||
		    !require_keys(reader, element, pricing_tier_keys, reader->tiers[i]) ||
		    !check_bound(reader, element))
			return false;
		if (i > 0 && reader->model != PRICING_VOLUME)
			add_base(reader);
	}
	return true;
}

/* Reads a member of the definition. */
static bool
read_member(void *arg, const char *path, const JsonbValue *name, JsonbValue *value)
{
	Reader *reader = arg;
	const PricingKey *key;

	if (definition_is(name, "model"))
		return true;
	if (definition_is(name, "tiers") && pricing_has_tiers(reader->model))
		return read_tiers(reader, path, value);
	if (definition_is(name, "conversion") && reader->model != PRICING_FLAT)
		return read_conversion(reader, path, value);
	key = find_key(pricing_single_keys, reader->model, name);
	if (key)
		return read_key(reader, path, key, value, &reader->tiers[0][key->number]);
	key = find_key(pricing_option_keys, reader->model, name);
	if (key)
		return read_key(reader, path, key, value, &reader->option[key->number]);
	return refuse_model_key(reader, path);
}

/* Reads the model. */
static bool
read_model(Reader *reader, JsonbContainer *object)
{
	JsonbValue *model = getKeyJsonValueFromContainer(object, "model", 5, NULL);
	char *hint = one_of(pricing_models, PRICING_MODELS);

	if (model == NULL)
		return definition_refuse(reader->def, "$.model", hint, "is missing");
	for (int i = 0; i < PRICING_MODELS; i++)
	{
		if (definition_is(model, pricing_models[i]))
		{
			reader->model = i;
			return true;
		}
	}
	return definition_refuse(reader->def, "$.model", hint, "is not a model");
}

/* Refuses a minimum above its maximum. */
static bool
check_limits(const Reader *reader, PricingOption minimum, PricingOption maximum, const char *path)
{
	if (reader->option[minimum] == NULL || reader->option[maximum] == NULL ||
	    number_cmp(reader->option[minimum], reader->option[maximum]) <= 0)
		return true;
	return definition_refuse(reader->def, path, NULL, "must not be greater than the maximum");
}

/* Lays a number down at the end, and returns where. */
static PricingOffset
lay_number(StringInfo buf, Numeric number)
{
	PricingOffset offset = buf->len;

	if (number == NULL)
		return 0;
	appendBinaryStringInfo(buf, (char *)number, VARSIZE(number));
	while (buf->len % sizeof(int32) != 0)
		appendStringInfoChar(buf, '\0');
	return offset;
}

/* The on-disk form of what has been read. */
static Pricing *
lay_out(const Reader *reader)
{
	Size size = offsetof(Pricing, tier) + reader->ntiers * sizeof(PricingTier);
	Pricing *pricing = palloc0(size);
	StringInfoData buf;

	pricing->version = PRICING_VERSION;
	pricing->model = reader->model;
	pricing->rounding = reader->rounding;
	pricing->scale = reader->scale;
	pricing->ntiers = reader->ntiers;
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, (char *)pricing, size);
	for (int i = 0; i < OPTION_NUMBERS; i++)
		pricing->option[i] = lay_number(&buf, reader->option[i]);
	for (int i = 0; i < reader->ntiers; i++)
	{
		for (int j = 0; j < TIER_NUMBERS; j++)
			pricing->tier[i].number[j] = lay_number(&buf, reader->tiers[i][j]);
	}
	SET_VARSIZE(pricing, buf.len);
	memcpy(buf.data, pricing, size);
	return (Pricing *)buf.data;
}

/* Reads a pricing; NULL after a soft error. */
Pricing *
pricing_read(const Definition *def, Jsonb *json)
{
	Reader reader = {.def = def};
	Pricing *pricing;

	if (!JB_ROOT_IS_OBJECT(json))
	{
		definition_refuse(def, "$", "Write {\"model\": \"per_unit\", \"unit_price\": \"0.05\"}.",
		                  "must be an object");
		return NULL;
	}
	if (!read_model(&reader, &json->root))
		return NULL;
	if (!pricing_has_tiers(reader.model))
	{
		reader.ntiers = 1;
		reader.tiers = palloc0(sizeof(*reader.tiers));
	}
	if (!definition_members(&json->root, "$", read_member, &reader))
		return NULL;
	if (reader.ntiers == 0)
	{
		definition_refuse(def, "$.tiers", NULL, "is missing");
		return NULL;
	}
	if ((!pricing_has_tiers(reader.model) &&
	     !require_keys(&reader, "$", pricing_single_keys, reader.tiers[0])) ||
	    !check_limits(&reader, OPTION_MINIMUM, OPTION_MAXIMUM, "$.minimum") ||
	    !check_limits(&reader, OPTION_MINIMUM_PER_EVENT, OPTION_MAXIMUM_PER_EVENT,
	                  "$.minimum_per_event"))
		return NULL;
	pricing = lay_out(&reader);
	if (pricing->option[OPTION_FREE_UNITS] != 0 && pricing_rates_events(pricing))
	{
		definition_refuse(def, "$.free_units", "Use free_amount.",
		                  "cannot stand beside what is counted by event");
		return NULL;
	}
	return pricing;
}
