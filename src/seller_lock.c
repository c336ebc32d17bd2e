/*
 * seller_lock.c: locks on sellers, one at a time or several that finalise.
 *
 * They are locks of the server's lock manager, on an object that is the row of the
 * seller, not locks of the row: who waits for a row is overtaken by all who share it, and
 * who records a payment would wait for the end of a run.  The lock manager has a queue,
 * finds circles, and gives no such lock to anybody but through this function.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

/* No seller has this key: the lock on the chains of all of them. */
#define CHAINS 0

/* Orders keys. */
static int
compare_keys(const void *a, const void *b)
{
	int32 first = DatumGetInt32(*(const Datum *)a);
	int32 second = DatumGetInt32(*(const Datum *)b);

	return (first > second) - (first < second);
}

/* Whether this transaction has a lock on a seller. */
static bool
has_lock(Oid table, int32 key, LOCKMODE mode)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, table, (Oid)key, 0);
	return lock_held_by_me(&tag, mode);
}

PG_FUNCTION_INFO_V1(seller_lock);

Datum
seller_lock(PG_FUNCTION_ARGS)
{
	ArrayType *sellers = PG_GETARG_ARRAYTYPE_P(0);
	LOCKMODE mode = PG_GETARG_BOOL(1) ? ShareLock : ExclusiveLock;
	Oid table = get_relname_relid("seller", get_namespace_oid("cloudbilling", false));
	Datum *keys;
	bool *nulls;
	int count;

	if (!OidIsValid(table))
		elog(ERROR, "there is no table cloudbilling.seller");
	deconstruct_array(sellers, INT4OID, sizeof(int32), true, TYPALIGN_INT, &keys, &nulls, &count);
	/* one that is not there is no seller */
	for (int i = count = 0; i < ArrayGetNItems(ARR_NDIM(sellers), ARR_DIMS(sellers)); i++)
		if (!nulls[i])
			keys[count++] = keys[i];
	qsort(keys, count, sizeof(Datum), compare_keys);
	for (int i = 0; i < count; i++)
	{
		int32 key = DatumGetInt32(keys[i]);

		CHECK_FOR_INTERRUPTS();
		/*
		 * Two who share a seller and both want him alone would wait for each other.  Who
		 * shares him has locked the customers that he writes for; what is left that others
		 * write to are the chains, and they are locked for all sellers at once.
		 */
		if (mode == ExclusiveLock && has_lock(table, key, ShareLock) &&
		    !has_lock(table, key, ExclusiveLock))
			LockDatabaseObject(table, CHAINS, 0, ExclusiveLock);
		else
			LockDatabaseObject(table, (Oid)key, 0, mode);
	}
	PG_RETURN_VOID();
}
