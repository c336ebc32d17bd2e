/*
 * heap.h: memory of a process that works through much of it, again and again.
 */
#ifndef CLOUDBILLING_HEAP_H
#define CLOUDBILLING_HEAP_H

extern void heap_keep(void);

#endif
