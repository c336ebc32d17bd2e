/*
 * as_of.h: settings that say which facts the views look at.
 */
#ifndef CLOUDBILLING_AS_OF_H
#define CLOUDBILLING_AS_OF_H

extern char *as_of_setting;
extern int customer_first_setting;
extern int customer_last_setting;

#endif
