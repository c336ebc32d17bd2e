/*
 * selector_set.c: which selectors of a set hold for a record?
 *
 * Each field of the hash table is read once and looked up; the selectors found
 * there, and those without equality, have their other conditions tried.  What is
 * read for one selector is there for the next.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "selector_record.h"
#include "selector_set.h"
#include "utils/memutils.h"

struct SelectorSite
{
	MemoryContext context;
	SelectorRecord *record;
	/* the values of the record, by field */
	int maxfields;
	bool *have;
	SelectorValue *values;
	/* the places, and then the ids, of what holds */
	int maxfound;
	int *found;
	int nfound;
};

/* Makes what a call site keeps. */
SelectorSite *
selector_site_make(MemoryContext parent)
{
	SelectorSite *site = MemoryContextAllocZero(parent, sizeof(SelectorSite));

	site->context = parent;
	site->record = selector_record_make(parent);
	return site;
}

/* The hash of a field's value. */
uint32
selector_set_hash(int field, const char *data, int length)
{
	return hash_combine(hash_bytes((const unsigned char *)data, length), field);
}

/* Replaces an array by a larger one, without what was in it. */
static void
enlarge(SelectorSite *site, void **array, Size size)
{
	void *larger = MemoryContextAlloc(site->context, size);

	if (*array != NULL)
		pfree(*array);
	*array = larger;
}

/* Makes room for a set's values and results; the site stays good if there is no memory. */
static void
make_room(SelectorSite *site, const SelectorSet *set)
{
	if (set->nfields > site->maxfields)
	{
		int room = Max(set->nfields, 2 * site->maxfields);

		enlarge(site, (void **)&site->have, room * sizeof(bool));
		enlarge(site, (void **)&site->values, room * sizeof(SelectorValue));
		site->maxfields = room;
	}
	if (set->nmembers > site->maxfound)
	{
		int room = Max(set->nmembers, 2 * site->maxfound);

		enlarge(site, (void **)&site->found, room * sizeof(int));
		site->maxfound = room;
	}
}

/* Turns the site to a record, which must have a column for every key of the set. */
static void
begin(SelectorSite *site, const SelectorSet *set, HeapTupleHeader record)
{
	if (set->version != SELECTOR_SET_VERSION)
		elog(ERROR, "selector_set is of version %d", set->version);
	make_room(site, set);
	site->nfound = 0;
	if (set->nfields == 0)
		return;
	memset(site->have, 0, set->nfields * sizeof(bool));
	/* To read a column goes through all before it; a second one pays for all. */
	selector_record_begin(site->record, record, (set->keys & (set->keys - 1)) != 0);
	for (int key = 0; key < SELECTOR_KEYS; key++)
		if (set->keys & ((uint32)1 << key))
			selector_record_need(site->record, key);
}

/* The value of a field, read once. */
static SelectorValue *
field_value(SelectorSite *site, const SelectorSet *set, int number)
{
	if (!site->have[number])
	{
		const SelectorSetField *fields = selector_set_at(set, set->fields);

		site->values[number] = selector_record_value(site->record, fields[number].key,
		                                             selector_set_at(set, fields[number].tag));
		site->have[number] = true;
	}
	return &site->values[number];
}

/* The entry of a field's value, or NULL. */
static const SelectorSetEntry *
find(const SelectorSet *set, int field, const SelectorValue *value)
{
	const SelectorSetEntry *entries = selector_set_at(set, set->entries);
	const int32 *buckets = selector_set_at(set, set->buckets);
	uint32 hash = selector_set_hash(field, value->data, value->length);

	for (int i = buckets[hash & (set->nbuckets - 1)]; i >= 0; i = entries[i].next)
	{
		text *other = selector_set_at(set, entries[i].value);

		if (entries[i].hash == hash && entries[i].field == field &&
		    VARSIZE(other) - VARHDRSZ == value->length &&
		    memcmp(VARDATA(other), value->data, value->length) == 0)
			return &entries[i];
	}
	return NULL;
}

/* Do the conditions of a member hold that the hash table has not answered? */
static bool
holds(SelectorSite *site, const SelectorSet *set, const SelectorSetMember *member)
{
	const Selector *selector = selector_set_at(set, member->selector);
	const int32 *fields = selector_set_at(set, member->fields);

	for (int i = 0; i < member->nconditions; i++)
		if (i != member->indexed &&
		    !selector_holds(selector, &selector->condition[i], field_value(site, set, fields[i])))
			return false;
	return true;
}

/*
 * Tries candidates, a list of ascending places.  With first, only the first of
 * all lists is kept.
 */
static void
try_all(SelectorSite *site, const SelectorSet *set, const int32 *places, int n, bool first)
{
	const SelectorSetMember *members = selector_set_at(set, set->members);

	for (int i = 0; i < n; i++)
	{
		if (first && site->nfound > 0 && places[i] > site->found[0])
			return;
		if (!holds(site, set, &members[places[i]]))
			continue;
		if (first)
			site->nfound = 0;
		site->found[site->nfound++] = places[i];
	}
}

/* Compares places. */
static int
compare_places(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Finds the places of all members that hold, or of the first. */
static void
match(SelectorSite *site, const SelectorSet *set, HeapTupleHeader record, bool first)
{
	bool ascending = true;

	begin(site, set, record);
	try_all(site, set, selector_set_at(set, set->always), set->nalways, first);
	for (int i = 0; i < set->nindexed; i++)
	{
		const SelectorValue *value = field_value(site, set, i);
		const SelectorSetEntry *entry = value->data == NULL ? NULL : find(set, i, value);
		int before = site->nfound;

		if (entry == NULL)
			continue;
		try_all(site, set, selector_set_at(set, entry->members), entry->nmembers, first);
		if (before > 0 && site->nfound > before && site->found[before] < site->found[before - 1])
			ascending = false;
	}
	if (!ascending)
		qsort(site->found, site->nfound, sizeof(int), compare_places);
}

/* The ids of all selectors that hold for a record, in the order they were added. */
int
selector_set_match(SelectorSite *site, const SelectorSet *set, HeapTupleHeader record, int **ids)
{
	const SelectorSetMember *members = selector_set_at(set, set->members);

	match(site, set, record, false);
	for (int i = 0; i < site->nfound; i++)
		site->found[i] = members[site->found[i]].id;
	*ids = site->found;
	return site->nfound;
}

/* The id of the first selector that holds; false when none does. */
bool
selector_set_first(SelectorSite *site, const SelectorSet *set, HeapTupleHeader record, int *id)
{
	const SelectorSetMember *members = selector_set_at(set, set->members);

	match(site, set, record, true);
	if (site->nfound > 0)
		*id = members[site->found[0]].id;
	return site->nfound > 0;
}
