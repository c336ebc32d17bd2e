/*
 * definition.h: reading a JSON definition (a pricing, a selector).
 *
 * Whatever is wrong is refused with the JSON path of it, as a soft error where
 * the server has them.
 */
#ifndef CLOUDBILLING_DEFINITION_H
#define CLOUDBILLING_DEFINITION_H

#include "compat.h"
#include "lib/stringinfo.h"
#include "nodes/nodes.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#define DEFINITION_MAX_DIGITS 60 /* of a number, before the point and after it */

/* What is read, and where its errors go: the soft-error context, if any. */
typedef struct Definition
{
	const char *type; /* name of the type, for messages */
	Node *context;
} Definition;

/* Calls back for each member of an object; false ends it, refused. */
typedef bool (*DefinitionMember)(void *reader, const char *path, const JsonbValue *key,
                                 JsonbValue *value);

extern bool definition_refuse(const Definition *def, const char *path, const char *hint,
                              const char *fmt, ...) pg_attribute_printf(4, 5);
extern Jsonb *definition_parse(const Definition *def, char *text);
extern bool definition_fits(const Definition *def, Size size);
extern JsonbContainer *definition_object(JsonbValue *value);
extern JsonbContainer *definition_array(JsonbValue *value);
extern bool definition_is(const JsonbValue *value, const char *text);
extern bool definition_number(const Definition *def, const char *path, const JsonbValue *value,
                              Numeric *number);
extern bool definition_members(JsonbContainer *object, const char *path, DefinitionMember member,
                               void *reader);
extern char *definition_member(const char *path, const char *key, int length);
extern char *definition_element(const char *path, int index);
extern bytea *definition_send(const char *text);
extern char *definition_receive(const Definition *def, StringInfo buf);

#endif
