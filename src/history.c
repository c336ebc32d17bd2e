/*
 * history.c: the trigger that notes since when a row is as it is.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(history_touch);

/*
 * Sets recorded_at of a row that is updated: to the start of the transaction, but
 * never back, as when a transaction that began earlier had to wait.
 */
Datum
history_touch(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *)fcinfo->context;
	TupleDesc desc;
	int column;
	Datum before;
	Datum moment;
	bool is_null;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
	    !TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("history_touch must be a trigger before each row is updated")));
	desc = RelationGetDescr(trigger->tg_relation);
	column = SPI_fnumber(desc, "recorded_at");
	if (column <= 0)
		elog(ERROR, "table \"%s\" has no column recorded_at",
		     RelationGetRelationName(trigger->tg_relation));
	before = heap_getattr(trigger->tg_trigtuple, column, desc, &is_null);
	moment = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	if (!is_null && DatumGetTimestampTz(before) > DatumGetTimestampTz(moment))
		moment = before;
	is_null = false;
	PG_RETURN_POINTER(
	    heap_modify_tuple_by_cols(trigger->tg_newtuple, desc, 1, &column, &moment, &is_null));
}
