/*
 * selector_set_build.c: packs selectors into a set.
 *
 * Each selector that has an equality stands in the hash table under one of them:
 * the one whose values the fewest selectors name, since a value that many name,
 * such as a provider, is likely to be that of many records too.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "port/pg_bitutils.h"
#include "selector_set.h"
#include "utils/memutils.h"

/* Of all selectors: what is worked with here takes at most eight times that. */
#define MAX_SIZE (MaxAllocSize / 16)

/* A condition of one of the selectors. */
typedef struct Condition
{
	const Selector *selector;
	const SelectorCondition *is;
	int member;
	int field;
	int64 named; /* how often selectors name its values, when it is an equality */
} Condition;

/* A value that an equality names. */
typedef struct Named
{
	Condition *condition;
	text *value;
} Named;

/* What is worked with. */
typedef struct Builder
{
	StringInfoData buf; /* the set */
	int nmembers;
	SelectorSetMember *members;
	int nconditions;
	Condition *conditions; /* member by member */
	int nfields;
	SelectorSetField *fields;
	int *named_of; /* how many values of each field are named */
	int nnamed;
	Named *named; /* by field and value */
} Builder;

/* Lays something down at the end, aligned, and returns where. */
static uint32
lay(Builder *builder, const void *data, Size size)
{
	uint32 offset = builder->buf.len;

	appendBinaryStringInfo(&builder->buf, data, size);
	while (builder->buf.len % sizeof(int32) != 0)
		appendStringInfoChar(&builder->buf, '\0');
	return offset;
}

/* Compares two texts of selectors by their bytes. */
static int
compare_texts(text *left, text *right)
{
	int order =
	    memcmp(VARDATA(left), VARDATA(right), Min(VARSIZE(left), VARSIZE(right)) - VARHDRSZ);

	return order != 0 ? order : (VARSIZE(left) > VARSIZE(right)) - (VARSIZE(left) < VARSIZE(right));
}

/* Compares conditions by what they are on. */
static int
compare_fields(const void *a, const void *b)
{
	const Condition *left = *(Condition *const *)a;
	const Condition *right = *(Condition *const *)b;

	if (left->is->key != right->is->key || left->is->key != SELECTOR_TAGS)
		return left->is->key - right->is->key;
	return compare_texts(selector_text_at(left->selector, left->is->tag),
	                     selector_text_at(right->selector, right->is->tag));
}

/* Compares named values by field, value and member. */
static int
compare_named(const void *a, const void *b)
{
	const Named *left = a;
	const Named *right = b;
	int order;

	if (left->condition->field != right->condition->field)
		return left->condition->field < right->condition->field ? -1 : 1;
	order = compare_texts(left->value, right->value);
	if (order != 0)
		return order;
	return (left->condition > right->condition) - (left->condition < right->condition);
}

/* Lays the selectors down and lists their conditions. */
static void
add_members(Builder *builder, int n, const int *ids, Selector **selectors)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += selectors[i] == NULL ? 0 : selectors[i]->nconditions;
	builder->nmembers = n;
	builder->members = palloc0(Max(n, 1) * sizeof(SelectorSetMember));
	builder->conditions = palloc0(Max(count, 1) * sizeof(Condition));
	for (int i = 0; i < n; i++)
	{
		SelectorSetMember *member = &builder->members[i];

		member->id = ids[i];
		member->indexed = -1;
		if (selectors[i] == NULL)
			continue;
		member->nconditions = selectors[i]->nconditions;
		member->selector = lay(builder, selectors[i], VARSIZE(selectors[i]));
		for (int j = 0; j < member->nconditions; j++)
		{
			Condition *condition = &builder->conditions[builder->nconditions++];

			condition->selector = selectors[i];
			condition->is = &selectors[i]->condition[j];
			condition->member = i;
		}
	}
}

/* Numbers what the conditions are on. */
static void
number_fields(Builder *builder)
{
	Condition **sorted = palloc(Max(builder->nconditions, 1) * sizeof(Condition *));

	for (int i = 0; i < builder->nconditions; i++)
		sorted[i] = &builder->conditions[i];
	qsort(sorted, builder->nconditions, sizeof(Condition *), compare_fields);
	builder->fields = palloc0(Max(builder->nconditions, 1) * sizeof(SelectorSetField));
	for (int i = 0; i < builder->nconditions; i++)
	{
		if (i == 0 || compare_fields(&sorted[i - 1], &sorted[i]) != 0)
		{
			SelectorSetField *field = &builder->fields[builder->nfields++];

			field->key = sorted[i]->is->key;
			if (field->key == SELECTOR_TAGS)
				field->tag = builder->members[sorted[i]->member].selector + sorted[i]->is->tag;
		}
		sorted[i]->field = builder->nfields - 1;
	}
	pfree(sorted);
}

/* Is the named value the first of its field and value? */
static bool
is_new(const Builder *builder, int i)
{
	const Named *named = &builder->named[i];

	return i == 0 || named[-1].condition->field != named->condition->field ||
	       compare_texts(named[-1].value, named->value) != 0;
}

/* Lists the values that equalities name, and counts. */
static void
count_named(Builder *builder)
{
	int count = 0;
	int end;

	for (int i = 0; i < builder->nconditions; i++)
		if (builder->conditions[i].is->op == SELECTOR_EQUAL)
			count += builder->conditions[i].is->nvalues;
	builder->named = palloc(Max(count, 1) * sizeof(Named));
	for (int i = 0; i < builder->nconditions; i++)
	{
		Condition *condition = &builder->conditions[i];

		for (int j = 0; condition->is->op == SELECTOR_EQUAL && j < condition->is->nvalues; j++)
			builder->named[builder->nnamed++] =
			    (Named){condition, selector_value(condition->selector, condition->is, j)};
	}
	qsort(builder->named, builder->nnamed, sizeof(Named), compare_named);

	builder->named_of = palloc0(Max(builder->nfields, 1) * sizeof(int));
	for (int i = 0; i < builder->nnamed; i = end)
	{
		for (end = i + 1; end < builder->nnamed && !is_new(builder, end); end++)
			;
		builder->named_of[builder->named[i].condition->field]++;
		for (int j = i; j < end; j++)
			builder->named[j].condition->named += end - i;
	}
}

/*
 * Is an equality likely to hold for fewer records than another?  When as many
 * selectors name their values, it is of the field of which more values are named;
 * then the later one, as keys go from provider to resource and tags.
 */
static bool
is_rarer(const Builder *builder, const Condition *condition, const Condition *other)
{
	if (condition->named != other->named)
		return condition->named < other->named;
	return builder->named_of[condition->field] >= builder->named_of[other->field];
}

/* Chooses the condition of each member that the hash table is about. */
static void
choose_indexed(Builder *builder)
{
	Condition *condition = builder->conditions;

	for (int i = 0; i < builder->nmembers; i++)
	{
		SelectorSetMember *member = &builder->members[i];
		const Condition *best = NULL;

		for (int j = 0; j < member->nconditions; j++, condition++)
		{
			if (condition->is->op != SELECTOR_EQUAL ||
			    (best != NULL && !is_rarer(builder, condition, best)))
				continue;
			best = condition;
			member->indexed = j;
		}
	}
}

/* Is this the condition of its member that the hash table is about? */
static bool
is_indexed(const Builder *builder, const Condition *condition)
{
	const SelectorSetMember *member = &builder->members[condition->member];

	return member->indexed == condition->is - condition->selector->condition;
}

/* Puts the fields first that the hash table is about; returns how many there are. */
static int
order_fields(Builder *builder)
{
	SelectorSetField *fields = palloc0(Max(builder->nfields, 1) * sizeof(SelectorSetField));
	int *number = palloc(Max(builder->nfields, 1) * sizeof(int));
	int nindexed = 0;
	int next;

	for (int i = 0; i < builder->nfields; i++)
		number[i] = -1;
	for (int i = 0; i < builder->nconditions; i++)
		if (is_indexed(builder, &builder->conditions[i]) &&
		    number[builder->conditions[i].field] < 0)
			number[builder->conditions[i].field] = nindexed++;
	next = nindexed;
	for (int i = 0; i < builder->nfields; i++)
	{
		if (number[i] < 0)
			number[i] = next++;
		fields[number[i]] = builder->fields[i];
	}
	for (int i = 0; i < builder->nconditions; i++)
		builder->conditions[i].field = number[builder->conditions[i].field];
	pfree(builder->fields);
	pfree(number);
	builder->fields = fields;
	return nindexed;
}

/* Lays down the members, with the fields of their conditions. */
static void
lay_members(Builder *builder, SelectorSet *set)
{
	int32 *numbers = palloc(Max(builder->nconditions, 1) * sizeof(int32));
	int32 *always = palloc(Max(builder->nmembers, 1) * sizeof(int32));
	uint32 offset;

	for (int i = 0; i < builder->nconditions; i++)
		numbers[i] = builder->conditions[i].field;
	offset = lay(builder, numbers, builder->nconditions * sizeof(int32));
	for (int i = 0; i < builder->nmembers; i++)
	{
		builder->members[i].fields = offset;
		offset += builder->members[i].nconditions * sizeof(int32);
		if (builder->members[i].indexed < 0)
			always[set->nalways++] = i;
	}
	set->always = lay(builder, always, set->nalways * sizeof(int32));
	set->nmembers = builder->nmembers;
	set->members = lay(builder, builder->members, builder->nmembers * sizeof(SelectorSetMember));
	pfree(numbers);
	pfree(always);
}

/* Lists the entries of the hash table, with the places of their members; returns their number. */
static int
list_entries(const Builder *builder, SelectorSetEntry *entries, int32 *places, int *nplaces)
{
	int count = 0;
	bool fresh = false;

	for (int i = 0; i < builder->nnamed; i++)
	{
		const Condition *condition = builder->named[i].condition;
		text *value = builder->named[i].value;
		SelectorSetEntry *entry;

		fresh = fresh || is_new(builder, i);
		if (!is_indexed(builder, condition))
			continue;
		if (fresh)
		{
			entry = &entries[count++];
			entry->hash =
			    selector_set_hash(condition->field, VARDATA(value), VARSIZE(value) - VARHDRSZ);
			entry->field = condition->field;
			entry->value = builder->members[condition->member].selector +
			               ((char *)value - (char *)condition->selector);
			entry->members = *nplaces * sizeof(int32);
			entry->nmembers = 0;
			fresh = false;
		}
		entries[count - 1].nmembers++;
		places[(*nplaces)++] = condition->member;
	}
	return count;
}

/* Lays down the hash table. */
static void
lay_table(Builder *builder, SelectorSet *set)
{
	SelectorSetEntry *entries = palloc(Max(builder->nnamed, 1) * sizeof(SelectorSetEntry));
	int32 *places = palloc(Max(builder->nnamed, 1) * sizeof(int32));
	int nplaces = 0;
	int nentries = list_entries(builder, entries, places, &nplaces);
	uint32 offset = lay(builder, places, nplaces * sizeof(int32));
	int32 *buckets;

	set->nbuckets = pg_nextpower2_32(Max(nentries, 1));
	buckets = palloc(set->nbuckets * sizeof(int32));
	memset(buckets, -1, set->nbuckets * sizeof(int32));
	for (int i = 0; i < nentries; i++)
	{
		int32 *bucket = &buckets[entries[i].hash & (set->nbuckets - 1)];

		entries[i].members += offset;
		entries[i].next = *bucket;
		*bucket = i;
	}
	set->entries = lay(builder, entries, nentries * sizeof(SelectorSetEntry));
	set->buckets = lay(builder, buckets, set->nbuckets * sizeof(int32));
	pfree(entries);
	pfree(places);
	pfree(buckets);
}

/* Refuses what would not fit. */
static void
check_size(int n, Selector **selectors)
{
	Size size = 0;

	for (int i = 0; i < n; i++)
	{
		size += sizeof(SelectorSetMember);
		size += selectors[i] == NULL ? 0 : VARSIZE(selectors[i]);
	}
	if (size > MAX_SIZE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("too many selectors for one selector_set"),
		                errdetail("They take %zu bytes, and at most %zu are allowed.", size,
		                          (Size)MAX_SIZE)));
}

/* Packs selectors with their ids, in this order; a NULL selector holds for everything. */
Datum
selector_set_build(int n, const int *ids, Selector **selectors)
{
	SelectorSet set = {.version = SELECTOR_SET_VERSION};
	Builder builder = {0};

	check_size(n, selectors);
	initStringInfo(&builder.buf);
	lay(&builder, &set, sizeof(set));
	add_members(&builder, n, ids, selectors);
	number_fields(&builder);
	count_named(&builder);
	choose_indexed(&builder);
	set.nindexed = order_fields(&builder);
	set.nfields = builder.nfields;
	for (int i = 0; i < builder.nfields; i++)
		set.keys |= (uint32)1 << builder.fields[i].key;
	set.fields = lay(&builder, builder.fields, builder.nfields * sizeof(SelectorSetField));
	lay_members(&builder, &set);
	lay_table(&builder, &set);
	SET_VARSIZE(&set, builder.buf.len);
	memcpy(builder.buf.data, &set, sizeof(set));
	return PointerGetDatum(builder.buf.data);
}
