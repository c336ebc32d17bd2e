/*
 * landing_store.c: hands what was read to SQL, which makes charges of it.
 *
 * The rows collected are shown to the format's queries as the relations
 * landing_item and landing_record.  All else is in sql/functions/load.sql.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "bulk.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "landing.h"
#include "miscadmin.h"
#include "rollup.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/plancache.h"
#include "utils/queryenvironment.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* The sums of roll-ups, of rows that are sums already. */
#define SUMS                                                                                       \
	"exact_sum(quantity) AS quantity, exact_sum(billed_cost) AS billed_cost,"                      \
	" exact_sum(effective_cost) AS effective_cost, exact_sum(list_cost) AS list_cost,"             \
	" exact_sum(contracted_cost) AS contracted_cost"

/* Settings. */
char *load_file_name = NULL;
bool load_force = false;

/* Makes the rows of a tuplestore a relation of the queries that follow. */
static void
show(const char *name, TupleDesc desc, Tuplestorestate *store, double rows)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));

	relation->md.name = pstrdup(name);
	relation->md.reliddesc = InvalidOid;
	relation->md.tupdesc = desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = rows;
	relation->reldata = store;
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register relation \"%s\"", name);
}

/* Runs one statement with the load's key as $1 and the format's as $2; gives the rows it touched.
 */
static uint64
run(Landing *landing, int load_id, const char *sql)
{
	Oid types[] = {INT4OID, INT4OID};
	Datum args[] = {Int32GetDatum(load_id), Int32GetDatum(landing->source_id)};
	int result = SPI_execute_with_args(sql, 2, types, args, NULL, false, 0);

	if (result < 0)
		elog(ERROR, "statement of a load failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/* The columns a query gives, quoted and each after a prefix; without the one it is joined by. */
static char *
columns_of(const char *query, const char *prefix, const char *except)
{
	SPIPlanPtr plan = SPI_prepare(query, 0, NULL);
	List *sources;
	TupleDesc desc;
	StringInfoData list;

	if (plan == NULL)
		elog(ERROR, "could not prepare a format's query: %s", SPI_result_code_string(SPI_result));
	sources = SPI_plan_get_plan_sources(plan);
	desc = list_length(sources) == 1 ? ((CachedPlanSource *)linitial(sources))->resultDesc : NULL;
	if (desc == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a format's query must be one SELECT")));

	initStringInfo(&list);
	for (int i = 0; i < desc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(desc, i)->attname);

		if (strcmp(name, except) != 0)
			appendStringInfo(&list, ", %s%s", prefix, quote_identifier(name));
	}
	SPI_freeplan(plan);
	return list.data;
}

/* Makes the row of the load; refuses content that was loaded before. */
static int
begin_load(Landing *landing)
{
	Oid types[] = {INT4OID, TEXTOID, UUIDOID,    TEXTOID,    TEXTARRAYOID,
	               INT8OID, INT8OID, NUMERICOID, NUMERICOID, BOOLOID};
	Datum args[10];
	char nulls[11] = "          ";
	XXH128_canonical_t canonical;
	bool isnull;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(landing->content));
	args[0] = Int32GetDatum(landing->source_id);
	args[1] = CStringGetTextDatum(load_file_name);
	if (load_file_name[0] == '\0')
		nulls[1] = 'n';
	args[2] = UUIDPGetDatum((pg_uuid_t *)canonical.digest);
	args[3] = CStringGetTextDatum(landing->header);
	args[4] = PointerGetDatum(
	    construct_array(landing->ignored, landing->nignored, TEXTOID, -1, false, TYPALIGN_INT));
	args[5] = Int64GetDatum(landing->nrecords);
	args[6] = Int64GetDatum(landing->nrejects);
	args[7] = NumericGetDatum(exact_total_get(&landing->billed_cost));
	if (!landing->has_billed_cost)
		nulls[7] = 'n';
	args[8] = NumericGetDatum(exact_total_get(&landing->billed_cost_rejected));
	args[9] = BoolGetDatum(load_force);
	if (SPI_execute_with_args(
	        "SELECT cloudbilling.load_begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", 10, types,
	        args, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "load_begin failed");
	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* Makes the partitions that the charges need. */
static void
make_partitions(Landing *landing)
{
	Oid types[] = {INT4ARRAYOID};
	Datum *months = palloc(Max(landing->nmonths, 1) * sizeof(Datum));
	Datum args[1];

	for (int i = 0; i < landing->nmonths; i++)
		months[i] = Int32GetDatum(landing->months[i]);
	args[0] = PointerGetDatum(
	    construct_array(months, landing->nmonths, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	if (SPI_execute_with_args("SELECT cloudbilling.load_partitions($1)", 1, types, args, NULL,
	                          false, 0) != SPI_OK_SELECT)
		elog(ERROR, "load_partitions failed");
}

/* The sums to make of the charges: none yet, in the days of the time zones in use. */
static Rollup *
begin_rollup(Landing *landing)
{
	MemoryContext old = MemoryContextSwitchTo(landing->context);
	Rollup *rollup = rollup_begin();

	MemoryContextSwitchTo(old);
	if (SPI_execute("SELECT time_zone_id, name FROM cloudbilling.load_time_zones()", false, 0) !=
	    SPI_OK_SELECT)
		elog(ERROR, "load_time_zones failed");
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		HeapTuple tuple = SPI_tuptable->vals[row];
		bool isnull;

		rollup_add_zone(rollup,
		                DatumGetInt16(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull)),
		                SPI_getvalue(tuple, SPI_tuptable->tupdesc, 2));
	}
	return rollup;
}

/* Stores the sums. */
static void
end_rollup(Rollup *rollup)
{
	TupleDesc desc;
	int64 rows;
	bool partial;
	bool observed;
	int level = NewGUCNestLevel();
	Tuplestorestate *store = rollup_end(rollup, &desc, &rows, &partial);

	/* summing up is maintenance, as building an index is */
	set_config_option("work_mem", psprintf("%d", maintenance_work_mem), PGC_USERSET, PGC_S_SESSION,
	                  GUC_ACTION_SAVE, true, 0, false);
	show("landing_rollup", desc, store, rows);
	bulk_insert("charge_daily",
	            partial
	                ? "SELECT load_scope_id, min(account_id) AS account_id, item_id, charge_on,"
	                  " time_zone_id, sum(charges)::int AS charges, " SUMS " FROM landing_rollup"
	                  " GROUP BY load_scope_id, item_id, charge_on, time_zone_id ORDER BY 1, 2, 4"
	                : "SELECT * FROM landing_rollup",
	            0, NULL, NULL, NULL, NULL, &observed);
	bulk_insert("charge_monthly",
	            "SELECT load_scope_id, min(account_id) AS account_id, item_id,"
	            " date_trunc('month', charge_on)::date AS charge_on, time_zone_id,"
	            " sum(charges) AS charges, " SUMS " FROM landing_rollup"
	            " GROUP BY load_scope_id, item_id, 4, time_zone_id ORDER BY 1, 2, 4",
	            0, NULL, NULL, NULL, NULL, &observed);
	if (SPI_unregister_relation("landing_rollup") != SPI_OK_REL_UNREGISTER)
		elog(ERROR, "could not unregister relation \"landing_rollup\"");
	tuplestore_end(store);
	AtEOXact_GUC(true, level);
}

/* Brings the load to its end; tells the user what became of it. */
static void
finish_load(Landing *landing, int load_id, uint64 charges, bool summed)
{
	Oid types[] = {INT4OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID};
	Datum args[5];
	char nulls[6] = "     ";

	args[0] = Int32GetDatum(load_id);
	args[1] = Int64GetDatum(charges);
	args[2] = TimestampTzGetDatum(landing->first_start);
	args[3] = TimestampTzGetDatum(landing->last_end);
	args[4] = BoolGetDatum(summed);
	if (landing->nmonths == 0)
		nulls[2] = nulls[3] = 'n';
	if (SPI_execute_with_args("SELECT cloudbilling.load_finish($1, $2, $3, $4, $5)", 5, types, args,
	                          nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "load_finish failed");
	ereport(NOTICE,
	        (errmsg_internal("%s", SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1))));
}

/* Takes the headers of suppliers' invoices that a file has, where its format finds them. */
static void
receive_invoices(Landing *landing, int load_id)
{
	Oid types[] = {INT4OID};
	Datum args[] = {Int32GetDatum(landing->source_id)};
	char *query;

	if (SPI_execute_with_args("SELECT invoice_query FROM cloudbilling.source WHERE source_id = $1",
	                          1, types, args, NULL, true, 0) != SPI_OK_SELECT ||
	    SPI_processed != 1)
		elog(ERROR, "format %d does not exist", landing->source_id);
	query = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (query != NULL)
		run(landing, load_id,
		    psprintf("SELECT cloudbilling.supplier_invoice_load($1, jsonb_agg(invoice))"
		             " FROM (%s\n) AS invoice",
		             query));
}

/* Stores the load, whole or not at all. */
void
landing_store(Landing *landing)
{
	uint64 charges;
	int load_id;
	Oid types[] = {INT4OID};
	Datum args[1];
	Rollup *rollup;
	bool summed;
	char *join = "";

	SPI_connect();
	show("landing_item", landing->item_desc, landing->items, landing->nitems);
	show("landing_record", landing->record_desc, landing->records,
	     landing->nrecords - landing->nrejects);
	show("landing_reject", landing->reject_desc, landing->rejects, landing->nrejects);

	load_id = begin_load(landing);
	args[0] = Int32GetDatum(load_id);
	run(landing, load_id,
	    "INSERT INTO cloudbilling.load_reject (load_id, line_no, column_name, reason, line, "
	    "billed_cost)"
	    " SELECT $1, line_no, column_name, reason, line, billed_cost FROM landing_reject");
	run(landing, load_id,
	    psprintf("INSERT INTO cloudbilling.load_item (load_id, item_no%s)"
	             " SELECT $1, item_no%s FROM (%s\n) AS item",
	             columns_of(landing->item_query, "", "item_no"),
	             columns_of(landing->item_query, "", "item_no"), landing->item_query));
	run(landing, load_id, "SELECT cloudbilling.load_intern($1)");
	make_partitions(landing);

	if (landing->event_query != NULL)
	{
		run(landing, load_id,
		    psprintf(
		        "INSERT INTO cloudbilling.load_event (source_id, event_id, load_id, line_no, side)"
		        " SELECT $2, event.event_id, $1, min(event.line_no),"
		        " (SELECT side FROM cloudbilling.load WHERE load_id = $1) FROM (%s\n) AS event"
		        " GROUP BY 2 ORDER BY 2 ON CONFLICT DO NOTHING",
		        landing->event_query));
		run(landing, load_id,
		    psprintf(
		        "SELECT cloudbilling.load_count_duplicates($1, count(DISTINCT record.line_no),"
		        " sum(record.billed_cost))"
		        " FROM (%s\n) AS record WHERE NOT EXISTS (SELECT FROM cloudbilling.load_event AS "
		        "event"
		        " WHERE event.load_id = $1 AND event.line_no = record.line_no)",
		        landing->record_query));
		join = " JOIN cloudbilling.load_event AS event"
		       " ON event.load_id = $1 AND event.line_no = record.line_no";
	}

	/* charges that INSERT must write are summed up after that, in SQL */
	rollup = begin_rollup(landing);
	charges = bulk_insert(
	    "charge",
	    psprintf("SELECT item.load_scope_id, item.account_id, item.item_id%s FROM (%s\n) AS record"
	             " JOIN cloudbilling.load_item_keys($1) AS item ON item.item_no = record.item_no%s",
	             columns_of(landing->record_query, "record.", "item_no"), landing->record_query,
	             join),
	    1, types, args, rollup_add, rollup, &summed);
	if (summed)
		end_rollup(rollup);
	receive_invoices(landing, load_id);
	finish_load(landing, load_id, charges, summed);
	SPI_finish();
}
