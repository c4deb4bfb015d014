/* A file of the calls of a program that change what a disk holds, in their order, so that
 * its states can be made again (tests/campaign/power.py). Each is a line, and bytes:
 *
 *   WHAT AT SIZE PATH\n  then SIZE bytes
 *
 *   open      AT: the flags
 *   write     AT: where in the file; the bytes: what is written
 *   truncate  AT: the new size
 *   rename    PATH: the new name; the bytes: the old one
 *   fsync unlink mkdir */
#ifndef TEST_FAULT_JOURNAL_H
#define TEST_FAULT_JOURNAL_H

#include <stddef.h>

/* In one write, so that threads do not interleave theirs. */
void journal_note(int fd, const char *what, long long at, const char *path, const void *data,
		  size_t n);

#endif
