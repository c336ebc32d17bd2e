/*
 * as_of.h: the moment whose facts the views show.
 */
#ifndef CLOUDBILLING_AS_OF_H
#define CLOUDBILLING_AS_OF_H

extern char *as_of_setting;

#endif
