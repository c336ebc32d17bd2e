/*
 * heap.c: memory of a process that works through much of it, again and again.
 *
 * A process that rates takes and gives back some 100 MB for every batch.  The C
 * library hands that back to the system, which then clears it anew, 4 kB at a time:
 * that was a third of an invoice run.  So processes of our own, which live for a run,
 * keep what they have and ask for large pages.  Processes of users are left alone.
 */
#include "postgres.h"

#include "heap.h"

#ifdef __GLIBC__
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

/* What is taken at once: more than a batch needs.  Only what is used is memory. */
#define HEAP_SIZE ((Size)512 * 1024 * 1024)

/* A large page. */
#define PAGE_SIZE_LARGE ((Size)2 * 1024 * 1024)

/* Above that the C library may map blocks by themselves, which it then gives back. */
#define LARGEST_BLOCK (32 * 1024 * 1024)

/* Has the process keep its memory, in large pages where the system has such. */
void
heap_keep(void)
{
#if defined(__GLIBC__) && defined(MADV_HUGEPAGE)
	char *begin;
	char *end;
	void *block;

	if (mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK) == 0 ||
	    mallopt(M_TRIM_THRESHOLD, PG_INT32_MAX) == 0 || mallopt(M_TOP_PAD, HEAP_SIZE) == 0)
		return;
	/* more than is left at the top, so that the heap grows, by what was asked for */
	block = malloc(LARGEST_BLOCK / 2);
	free(block);
	mallopt(M_TOP_PAD, PAGE_SIZE_LARGE);
	if (block == NULL)
		return;
	end = sbrk(0);
	begin = (char *)TYPEALIGN(PAGE_SIZE_LARGE, end - HEAP_SIZE);
	/* without large pages, small ones will do */
	(void)madvise(begin, end - begin, MADV_HUGEPAGE);
#endif
}
