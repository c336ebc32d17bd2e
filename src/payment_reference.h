/*
 * payment_reference.h: creditor references (ISO 11649).
 */
#ifndef CLOUDBILLING_PAYMENT_REFERENCE_H
#define CLOUDBILLING_PAYMENT_REFERENCE_H

extern text *payment_reference_of(const char *number, int len);

#endif
