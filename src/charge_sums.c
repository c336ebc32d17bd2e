/*
 * charge_sums.c: the aggregate charge_sums, roll-ups of an item made of its charges
 * while a query runs.
 *
 * It takes all measures in one call for each charge, and finds its month in each
 * time zone by itself, so that a group is an item and nothing else.  It gives the
 * rows that a load has put into charge_monthly, and days of months that are asked
 * for by day.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "aggregate.h"
#include "catalog/pg_type.h"
#include "exact.h"
#include "exact_sum.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "local_day.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* The arguments of the aggregate, in the order of SQL. */
enum
{
	ARG_STATE,
	ARG_ZONES,
	ARG_BY_DAY,
	ARG_STARTS,
	ARG_PRICING_QUANTITY,
	ARG_CONSUMED_QUANTITY,
	ARG_BILLED_COST,
	ARG_EFFECTIVE_COST,
	ARG_LIST_COST,
	ARG_CONTRACTED_COST
};

/* What is summed, in the order of the columns of the result. */
enum
{
	SUM_QUANTITY,
	SUM_BILLED_COST,
	SUM_EFFECTIVE_COST,
	SUM_LIST_COST,
	SUM_CONTRACTED_COST,
	NSUMS
};

/* Columns of the result: zone, day, number of charges, sums. */
#define NCOLUMNS (3 + NSUMS)

/* The sums of a month, or a day, in a zone. */
typedef struct ChargeSums
{
	DateADT charge_on;
	int16 zone;  /* time_zone_id */
	uint16 seen; /* a bit for each sum that has a value */
	int64 charges;
	struct ChargeSums *next;
	ExactSum sums[NSUMS];
} ChargeSums;

/* A zone, and the month or day of the latest charge: mostly also that of the next. */
typedef struct SumZone
{
	int16 id;
	LocalZone *zone;
	DateADT first;
	DateADT last;
	DateADT charge_on;
} SumZone;

/* What a call site keeps: zones and months, as they were given. */
typedef struct CallSite
{
	struct varlena *zones_given;
	struct varlena *by_day_given;
	int nzones;
	SumZone *zones;
	int nmonths;
	DateADT *months; /* by day */
} CallSite;

/* Reads a row of time_zone. */
static void
read_zone(Datum row, SumZone *zone)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	bool id_is_null;
	bool name_is_null;
	Datum id = GetAttributeByName(header, "time_zone_id", &id_is_null);
	Datum name = GetAttributeByName(header, "name", &name_is_null);

	if (id_is_null || name_is_null)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a time zone must have a key and a name")));
	zone->id = DatumGetInt16(id);
	zone->zone = local_zone_make(TextDatumGetCString(name));
	zone->first = 1;
	zone->last = 0;
}

/* Reads the elements of an array, which must not be NULL; gives their number. */
static int
read_array(ArrayType *array, Datum **elements)
{
	int n;
	int16 length;
	bool by_value;
	char align;

	if (array_contains_nulls(array))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("zones and months must not be NULL")));
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, elements, NULL, &n);
	return n;
}

/* A copy of an argument as it comes. */
static struct varlena *
copy_argument(FunctionCallInfo fcinfo, int number)
{
	return (struct varlena *)DatumGetPointer(datumCopy(PG_GETARG_DATUM(number), false, -1));
}

/* Reads zones and months for a call site. */
static pg_noinline CallSite *
make_site(FunctionCallInfo fcinfo)
{
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	CallSite *site = palloc0(sizeof(CallSite));
	Datum *elements;

	if (PG_ARGISNULL(ARG_ZONES))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("time zones must not be NULL")));
	site->zones_given = copy_argument(fcinfo, ARG_ZONES);
	site->nzones = read_array(PG_GETARG_ARRAYTYPE_P_COPY(ARG_ZONES), &elements);
	site->zones = palloc(Max(site->nzones, 1) * sizeof(SumZone));
	for (int i = 0; i < site->nzones; i++)
		read_zone(elements[i], &site->zones[i]);
	if (!PG_ARGISNULL(ARG_BY_DAY))
	{
		site->by_day_given = copy_argument(fcinfo, ARG_BY_DAY);
		site->nmonths = read_array(PG_GETARG_ARRAYTYPE_P_COPY(ARG_BY_DAY), &elements);
		site->months = palloc(Max(site->nmonths, 1) * sizeof(DateADT));
		for (int i = 0; i < site->nmonths; i++)
			site->months[i] = DatumGetDateADT(elements[i]);
	}
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

/* Is an argument the value that was given before?  It is compared as it comes, packed or not. */
static inline bool
is_same(FunctionCallInfo fcinfo, int number, const struct varlena *given)
{
	const struct varlena *value;

	if (PG_ARGISNULL(number) || given == NULL)
		return PG_ARGISNULL(number) && given == NULL;
	value = (struct varlena *)PG_GETARG_POINTER(number);
	return VARSIZE_ANY(value) == VARSIZE_ANY(given) &&
	       memcmp(value, given, VARSIZE_ANY(given)) == 0;
}

/* Finds the month of a day, or the day itself where the month is wanted by day. */
static pg_noinline void
find_month(const CallSite *site, SumZone *zone, DateADT day)
{
	int year;
	int month;
	int unused;

	zone->first = zone->last = zone->charge_on = day;
	if (DATE_NOT_FINITE(day))
		return;
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &unused);
	zone->charge_on = date2j(year, month, 1) - POSTGRES_EPOCH_JDATE;
	for (int i = 0; i < site->nmonths; i++)
		if (site->months[i] == zone->charge_on)
		{
			zone->charge_on = day;
			return;
		}
	zone->first = zone->charge_on;
	zone->last = date2j(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
	             POSTGRES_EPOCH_JDATE - 1;
}

/* The sums of a month or day among those of an item; new ones where there are none. */
static inline ChargeSums *
sums_of(ChargeSums **state, int16 zone, DateADT charge_on, FunctionCallInfo fcinfo)
{
	ChargeSums *sums = *state;

	while (sums && (sums->charge_on != charge_on || sums->zone != zone))
		sums = sums->next;
	if (likely(sums != NULL))
		return sums;
	sums = MemoryContextAllocZero(aggregate_context(fcinfo), sizeof(ChargeSums));
	sums->charge_on = charge_on;
	sums->zone = zone;
	/* charges come day by day, so the newest is looked for the most */
	sums->next = *state;
	*state = sums;
	return sums;
}

/* Adds an argument to a sum, or another one where that is NULL. */
static inline void
add(FunctionCallInfo fcinfo, ChargeSums *sums, int which, int number, int other)
{
	if (PG_ARGISNULL(number))
		number = other;
	if (PG_ARGISNULL(number))
		return;
	sums->seen |= 1 << which;
	if (unlikely(!exact_sum_add_short(&sums->sums[which], PG_GETARG_DATUM(number))))
		exact_total_add(&sums->sums[which], PG_GETARG_DATUM(number), aggregate_context(fcinfo));
}

/* Adds a charge. */
PG_FUNCTION_INFO_V1(charge_sums_transition);
Datum
charge_sums_transition(PG_FUNCTION_ARGS)
{
	ChargeSums *state = PG_ARGISNULL(ARG_STATE) ? NULL : (ChargeSums *)PG_GETARG_POINTER(ARG_STATE);
	CallSite *site = fcinfo->flinfo->fn_extra;

	if (unlikely(site == NULL || !is_same(fcinfo, ARG_ZONES, site->zones_given) ||
	             !is_same(fcinfo, ARG_BY_DAY, site->by_day_given)))
		site = make_site(fcinfo);
	if (PG_ARGISNULL(ARG_STARTS))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a charge must have a start")));
	for (int i = 0; i < site->nzones; i++)
	{
		SumZone *zone = &site->zones[i];
		DateADT day = local_day(zone->zone, PG_GETARG_TIMESTAMPTZ(ARG_STARTS));
		ChargeSums *sums;

		if (unlikely(day < zone->first || day > zone->last))
			find_month(site, zone, day);
		sums = sums_of(&state, zone->id, zone->charge_on, fcinfo);
		sums->charges++;
		add(fcinfo, sums, SUM_QUANTITY, ARG_PRICING_QUANTITY, ARG_CONSUMED_QUANTITY);
		add(fcinfo, sums, SUM_BILLED_COST, ARG_BILLED_COST, ARG_BILLED_COST);
		add(fcinfo, sums, SUM_EFFECTIVE_COST, ARG_EFFECTIVE_COST, ARG_BILLED_COST);
		add(fcinfo, sums, SUM_LIST_COST, ARG_LIST_COST, ARG_LIST_COST);
		add(fcinfo, sums, SUM_CONTRACTED_COST, ARG_CONTRACTED_COST, ARG_CONTRACTED_COST);
	}
	AGGREGATE_RETURN_STATE(state);
}

/* Adds the second state to the first. */
PG_FUNCTION_INFO_V1(charge_sums_combine);
Datum
charge_sums_combine(PG_FUNCTION_ARGS)
{
	ChargeSums *state = aggregate_state(fcinfo, 0);

	for (ChargeSums *other = aggregate_state(fcinfo, 1); other; other = other->next)
	{
		ChargeSums *sums = sums_of(&state, other->zone, other->charge_on, fcinfo);

		sums->charges += other->charges;
		sums->seen |= other->seen;
		for (int i = 0; i < NSUMS; i++)
			exact_total_combine(&sums->sums[i], &other->sums[i], aggregate_context(fcinfo));
	}
	AGGREGATE_RETURN_STATE(state);
}

/* Packs a state: each month as it is, and after it what its sums have outside of 128 bits. */
PG_FUNCTION_INFO_V1(charge_sums_serialise);
Datum
charge_sums_serialise(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	for (ChargeSums *sums = aggregate_state(fcinfo, 0); sums; sums = sums->next)
	{
		appendBinaryStringInfo(&buf, (char *)sums, sizeof(ChargeSums));
		for (int i = 0; i < NSUMS; i++)
		{
			bytea *packed;

			if (sums->sums[i].rest == NULL)
				continue;
			packed = exact_total_pack(&sums->sums[i]);
			pq_sendint32(&buf, VARSIZE_ANY_EXHDR(packed));
			appendBinaryStringInfo(&buf, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
		}
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Unpacks a state, in the order in which it was packed. */
PG_FUNCTION_INFO_V1(charge_sums_deserialise);
Datum
charge_sums_deserialise(PG_FUNCTION_ARGS)
{
	StringInfoData buf = aggregate_unpack(PG_GETARG_BYTEA_PP(0));
	ChargeSums *state = NULL;
	ChargeSums **end = &state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	while (buf.cursor < buf.len)
	{
		ChargeSums *sums = palloc(sizeof(ChargeSums));

		pq_copymsgbytes(&buf, (char *)sums, sizeof(ChargeSums));
		for (int i = 0; i < NSUMS; i++)
		{
			int size;

			if (sums->sums[i].rest == NULL)
				continue;
			size = pq_getmsgint(&buf, sizeof(int32));
			exact_total_unpack(pq_getmsgbytes(&buf, size), size, &sums->sums[i]);
		}
		sums->next = NULL;
		*end = sums;
		end = &sums->next;
	}
	AGGREGATE_RETURN_STATE(state);
}

/* Makes an array of rows; the state can take more charges after that. */
PG_FUNCTION_INFO_V1(charge_sums_final);
Datum
charge_sums_final(PG_FUNCTION_ARGS)
{
	ChargeSums *state = aggregate_state(fcinfo, 0);
	Oid type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	TupleDesc desc;
	Datum *rows;
	int n = 0;

	if (state == NULL)
		PG_RETURN_NULL();
	desc = lookup_rowtype_tupdesc(type, -1);
	if (desc->natts != NCOLUMNS)
		elog(ERROR, "sums of charges have %d columns, but their type has %d", NCOLUMNS,
		     desc->natts);
	for (ChargeSums *sums = state; sums; sums = sums->next)
		n++;
	rows = palloc(n * sizeof(Datum));
	n = 0;
	for (ChargeSums *sums = state; sums; sums = sums->next)
	{
		Datum values[NCOLUMNS] = {Int16GetDatum(sums->zone), DateADTGetDatum(sums->charge_on),
		                          Int64GetDatum(sums->charges)};
		bool nulls[NCOLUMNS] = {false};

		for (int i = 0; i < NSUMS; i++)
		{
			nulls[3 + i] = (sums->seen & 1 << i) == 0;
			if (!nulls[3 + i])
				values[3 + i] = NumericGetDatum(exact_total_get(&sums->sums[i]));
		}
		rows[n++] = HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
	}
	ReleaseTupleDesc(desc);
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, n, type, -1, false, TYPALIGN_DOUBLE));
}
