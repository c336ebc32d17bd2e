/*
 * payment_reference.c: creditor references (ISO 11649).
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "payment_reference.h"
#include "utils/builtins.h"

/* Characters that a reference has at most, after RF and its check digits. */
#define MAX_REFERENCE 21

/* What is left of a number so far, and of one character more, when it is divided by 97. */
static int
remainder_97(int remainder, char character)
{
	if (character >= '0' && character <= '9')
		return (remainder * 10 + character - '0') % 97;
	return (remainder * 100 + character - 'A' + 10) % 97;
}

/* RF, two check digits, and the last letters and digits of a number, in capitals. */
text *
payment_reference_of(const char *number, int len)
{
	const char *end = number + len;
	char reference[4 + MAX_REFERENCE + 1];
	char *begin = reference + lengthof(reference) - 1;
	int length = 0;
	int remainder = 0;

	*begin = '\0';
	while (end > number && length < MAX_REFERENCE)
	{
		char character = *--end;

		if (character >= 'a' && character <= 'z')
			character -= 'a' - 'A';
		if ((character < '0' || character > '9') && (character < 'A' || character > 'Z'))
			continue;
		*--begin = character;
		length++;
	}
	for (const char *c = begin; *c; c++)
		remainder = remainder_97(remainder, *c);
	for (const char *c = "RF00"; *c; c++)
		remainder = remainder_97(remainder, *c);
	*--begin = '0' + (98 - remainder) % 10;
	*--begin = '0' + (98 - remainder) / 10;
	*--begin = 'F';
	*--begin = 'R';
	return cstring_to_text(begin);
}

PG_FUNCTION_INFO_V1(payment_reference);

/* The reference of a document. */
Datum
payment_reference(PG_FUNCTION_ARGS)
{
	text *number = PG_GETARG_TEXT_PP(0);

	PG_RETURN_TEXT_P(payment_reference_of(VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number)));
}
