/*
 * cloudbilling.c: the magic block and the settings, nothing else.
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "utils/guc.h"

#if PG_VERSION_NUM >= 180000
PG_MODULE_MAGIC_EXT(.name = "cloudbilling", .version = EXTVERSION);
#else
PG_MODULE_MAGIC;
#endif

void _PG_init(void);

/* Defines the settings. */
void
_PG_init(void)
{
	MarkGUCPrefixReserved("cloudbilling");
}
