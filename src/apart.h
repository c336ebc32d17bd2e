/*
 * apart.h: commands that other processes run, as sessions of who asks.
 */
#ifndef CLOUDBILLING_APART_H
#define CLOUDBILLING_APART_H

#include "postgres.h"

extern int beside_start(const char *name, const char *command, int workers);
extern bool beside_wait(long timeout);

#endif
