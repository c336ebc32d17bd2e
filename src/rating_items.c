/*
 * rating_items.c: items of a customer's account with the price rules that are about
 * each, packed into one value.
 *
 * What is rated comes as pieces, of which an item may have many, and items have many
 * columns.  So they are not joined, but come to the rating in packs among the pieces:
 * a pack is sorted as one row, and an item found where it is, by its key.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "compat.h"
#include "rating.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define RATING_ITEMS_VERSION 1

/* The arguments of the aggregate, in the order of SQL. */
enum
{
	ARG_STATE,
	ARG_BUYERS,
	ARG_CUSTOMER_ID,
	ARG_ACCOUNT_ID,
	ARG_ITEM_ID,
	ARG_PRODUCT_ID,
	ARG_RESOURCE_ID,
	ARG_UNIT,
	ARG_CURRENCY,
	ARG_TAGS,
	ARG_MATCHED
};

/* An item; the places of its rules, its tags, resource and unit follow, one after another. */
typedef struct PackedItem
{
	int32 size; /* in all, to the next one */
	int32 item_id;
	int32 product_id;
	Currency currency;
	int32 nmatched;
	int32 tags; /* bytes; 0 is none, as of the strings, which have a length word */
	int32 resource;
	int32 unit;
} PackedItem;

/* Items; the buyers follow, and then the items. */
typedef struct ItemPack
{
	int32 vl_len_;
	int32 version;
	int32 customer_id;
	int32 account_id;
	int32 nitems;
	int32 nbuyers; /* from the seller's customer down to the customer */
} ItemPack;

/* A pack in the making. */
typedef struct PackState
{
	ItemPack *pack;
	Size size;
	Size room;
} PackState;

PG_FUNCTION_INFO_V1(rating_items_in);

/* There is no text form to read: items are packed from rows. */
Datum
rating_items_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("cannot accept a value of type %s", "rating_items"),
	                errhint("The aggregate rating_items makes one.")));
	PG_RETURN_VOID();
}

/* A pack that a function is given. */
static ItemPack *
pack_argument(Datum datum)
{
	ItemPack *pack = (ItemPack *)PG_DETOAST_DATUM(datum);

	if (VARSIZE(pack) < sizeof(ItemPack) || pack->version != RATING_ITEMS_VERSION)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		         errmsg("these items were packed by another version"), errhint("Pack them anew.")));
	return pack;
}

PG_FUNCTION_INFO_V1(rating_items_out);

/* Tells how many items there are. */
Datum
rating_items_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(psprintf("%d items", pack_argument(PG_GETARG_DATUM(0))->nitems));
}

/* Puts bytes at the end, and room up to the next word. */
static void
put_bytes(PackState *state, const void *bytes, Size size)
{
	Size end = INTALIGN(state->size + size);

	if (end > state->room)
	{
		while (end > state->room)
			state->room *= 2;
		state->pack = repalloc_huge(state->pack, state->room);
	}
	if (size > 0)
		memcpy((char *)state->pack + state->size, bytes, size);
	memset((char *)state->pack + state->size + size, 0, end - state->size - size);
	state->size = end;
}

/* Begins a pack with what its items have in common. */
static PackState *
begin_pack(FunctionCallInfo fcinfo, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	PackState *state = palloc(sizeof(PackState));
	int32 *buyers;
	int nbuyers = int_array(PG_GETARG_ARRAYTYPE_P(ARG_BUYERS), &buyers);
	ItemPack head = {.version = RATING_ITEMS_VERSION,
	                 .customer_id = PG_GETARG_INT32(ARG_CUSTOMER_ID),
	                 .account_id = PG_GETARG_INT32(ARG_ACCOUNT_ID),
	                 .nbuyers = nbuyers};

	if (nbuyers == 0)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("an item has no buyer")));
	state->size = 0;
	state->room = 1024;
	state->pack = palloc(state->room);
	put_bytes(state, &head, sizeof(ItemPack));
	put_bytes(state, buyers, nbuyers * sizeof(int32));
	MemoryContextSwitchTo(old);
	return state;
}

/* A string of an argument, and its length with that of a length word; 0 is NULL. */
static int32
string_argument(FunctionCallInfo fcinfo, int number, text **string)
{
	if (PG_ARGISNULL(number))
		return 0;
	*string = PG_GETARG_TEXT_PP(number);
	return VARHDRSZ + VARSIZE_ANY_EXHDR(*string);
}

/* Puts a string with its length word. */
static void
put_string(PackState *state, const text *string, int32 size)
{
	if (size == 0)
		return;
	put_bytes(state, &size, VARHDRSZ);
	SET_VARSIZE((char *)state->pack + state->size - VARHDRSZ, size);
	put_bytes(state, VARDATA_ANY(string), size - VARHDRSZ);
}

PG_FUNCTION_INFO_V1(rating_items_transition);

/* Adds an item. */
Datum
rating_items_transition(PG_FUNCTION_ARGS)
{
	PackState *state = PG_ARGISNULL(ARG_STATE) ? NULL : (PackState *)PG_GETARG_POINTER(ARG_STATE);
	MemoryContext context;
	PackedItem item = {0};
	int32 *matched;
	Jsonb *tags = NULL;
	text *resource = NULL;
	text *unit = NULL;
	Size start;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	for (int i = ARG_BUYERS; i <= ARG_MATCHED; i++)
		if (PG_ARGISNULL(i) && i != ARG_RESOURCE_ID && i != ARG_UNIT && i != ARG_TAGS)
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("argument %d of rating_items must not be NULL", i)));
	if (state == NULL)
		state = begin_pack(fcinfo, context);
	else if (state->pack->customer_id != PG_GETARG_INT32(ARG_CUSTOMER_ID) ||
	         state->pack->account_id != PG_GETARG_INT32(ARG_ACCOUNT_ID))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("items that are packed must be of one customer and account")));

	item.item_id = PG_GETARG_INT32(ARG_ITEM_ID);
	item.product_id = PG_GETARG_INT32(ARG_PRODUCT_ID);
	item.currency = currency_from_text(PG_GETARG_TEXT_PP(ARG_CURRENCY));
	item.nmatched = int_array(PG_GETARG_ARRAYTYPE_P(ARG_MATCHED), &matched);
	if (!PG_ARGISNULL(ARG_TAGS))
	{
		tags = PG_GETARG_JSONB_P(ARG_TAGS);
		if (JB_ROOT_IS_OBJECT(tags)) /* else there is no key, and no value */
			item.tags = VARSIZE(tags);
	}
	item.resource = string_argument(fcinfo, ARG_RESOURCE_ID, &resource);
	item.unit = string_argument(fcinfo, ARG_UNIT, &unit);

	start = state->size;
	put_bytes(state, &item, sizeof(item));
	put_bytes(state, matched, item.nmatched * sizeof(int32));
	put_bytes(state, tags, item.tags);
	put_string(state, resource, item.resource);
	put_string(state, unit, item.unit);
	((PackedItem *)((char *)state->pack + start))->size = state->size - start;
	state->pack->nitems++;
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(rating_items_final);

/* Gives the pack as it is: nothing but its length was missing. */
Datum
rating_items_final(PG_FUNCTION_ARGS)
{
	PackState *state = PG_ARGISNULL(0) ? NULL : (PackState *)PG_GETARG_POINTER(0);

	if (state == NULL)
		PG_RETURN_NULL();
	if (state->size > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("%d items take too much room to be packed", state->pack->nitems)));
	SET_VARSIZE(state->pack, state->size);
	PG_RETURN_POINTER(state->pack);
}

/* An item by its key. */
typedef struct ItemEntry
{
	uint64 key;
	RatedItem *item;
	char status;
} ItemEntry;

#define SH_PREFIX itemtable
#define SH_ELEMENT_TYPE ItemEntry
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_combine(murmurhash32((uint32)(key)), (uint32)((key) >> 32))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The key of a customer's item. */
static inline uint64
item_key(int32 customer_id, int32 item_id)
{
	return (uint64)(uint32)customer_id << 32 | (uint32)item_id;
}

/* The number of a string, which mostly is that of the item before; moves on behind it. */
static StringId
take_string(Rating *rating, const char **next, int32 size, StringId before)
{
	text *string = (text *)*next;
	text *last = rating->string[before];

	if (size == 0)
		return 0;
	*next += INTALIGN(size);
	if (before != 0 && VARSIZE(last) == size && memcmp(last, string, size) == 0)
		return before;
	return rating_string(rating, string);
}

/* Takes in a pack: a copy, to whose parts the items point. */
void
rating_take_items(Rating *rating, Datum datum)
{
	ItemPack *given = pack_argument(datum);
	MemoryContext old = MemoryContextSwitchTo(rating->context);
	ItemPack *pack = palloc(VARSIZE(given));
	RatedItem *items =
	    MemoryContextAllocHuge(rating->context, (Size)given->nitems * sizeof(RatedItem));
	const char *next = (char *)pack + sizeof(ItemPack) + given->nbuyers * sizeof(int32);
	StringId resource = 0;
	StringId unit = 0;

	memcpy(pack, given, VARSIZE(given));
	if (rating->items == NULL)
		rating->items = itemtable_create(rating->context, pack->nitems, NULL);
	for (int i = 0; i < pack->nitems; i++)
	{
		const PackedItem *packed = (const PackedItem *)next;
		RatedItem *item = &items[i];
		bool found;
		ItemEntry *entry =
		    itemtable_insert(rating->items, item_key(pack->customer_id, packed->item_id), &found);

		next += sizeof(PackedItem);
		item->key.customer_id = pack->customer_id;
		item->key.item_id = packed->item_id;
		item->account_id = pack->account_id;
		item->product_id = packed->product_id;
		item->currency = packed->currency;
		item->nbuyers = pack->nbuyers;
		item->buyers = (const int32 *)(pack + 1);
		item->nmatched = packed->nmatched;
		item->matched = (const int32 *)next;
		for (int j = 0; j < item->nmatched; j++)
			if (item->matched[j] < 0 || item->matched[j] >= rating->rules->nrules)
				ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				                errmsg("there is no price rule at place %d", item->matched[j])));
		next += packed->nmatched * sizeof(int32);
		item->tags = packed->tags == 0 ? NULL : (Jsonb *)next;
		next += INTALIGN(packed->tags);
		item->resource = resource = take_string(rating, &next, packed->resource, resource);
		item->unit = unit = take_string(rating, &next, packed->unit, unit);
		entry->item = item;
	}
	MemoryContextSwitchTo(old);
}

/* The item of a piece, or NULL. */
RatedItem *
rating_item(const Rating *rating, int32 customer_id, int32 item_id)
{
	ItemEntry *entry = rating->items == NULL
	                       ? NULL
	                       : itemtable_lookup(rating->items, item_key(customer_id, item_id));

	return entry == NULL ? NULL : entry->item;
}
