/* Files in a folder of the user's that hold what took long to compute, so that the next run
 * need not: each has a name that says what it was computed from. One process at a time makes
 * a file, others that want the same one wait for it; it gets its name when it is whole. */
#ifndef RNF_DATA_CACHE_H
#define RNF_DATA_CACHE_H

#include <rnframe/data.h>

struct rnf_cache {
	const char *folder, *path; /* of the file */
	const char *draft;         /* its path until it is whole */
	int fd, lock;              /* of the file and of the draft; -1: not open */
	uint8_t *data;             /* its bytes; only to be read unless make() made them */
	size_t bytes;
};

/* Which file: NAME in a folder that need not exist. [main] */
void rnf_cache_begin(struct rnf_cache *cache, const char *folder, const char *name);
/* Map it. RNF_ENOENT: it is not there, or not a file of this user that can be trusted with
 * its bytes. [main] */
rnf_status rnf_cache_find(struct rnf_cache *cache);
/* Become the process that makes it, once others that do have ended; then find() may succeed.
 * RNF_EIO: the folder cannot be used. RNF_ESTOPPED. [main] */
rnf_status rnf_cache_lock(struct rnf_cache *cache);
/* After lock(): map `bytes` bytes of zeros to be written. Files of the folder that are in no
 * use are removed, those that were used last being kept, until all take at most `most` bytes;
 * 0: half of what they take and what is free. RNF_EINVAL: more are wanted. RNF_EIO. [main] */
rnf_status rnf_cache_make(struct rnf_cache *cache, size_t bytes, double most);
/* It is whole: sync it and give it its name. RNF_ESTOPPED. [main] */
rnf_status rnf_cache_keep(struct rnf_cache *cache);
/* After lock(), unless keep() was called: remove what was made. [main] */
void rnf_cache_drop(struct rnf_cache *cache);
/* The file of find() or keep() is damaged: remove it; it stays mapped. [worker] */
void rnf_cache_remove(const struct rnf_cache *cache);
/* And look no longer at it. [main] */
void rnf_cache_forget(struct rnf_cache *cache);

#endif
