/* Files in a folder of the user that keep results which took long to compute for the next run.
 * The name of a file identifies what it was computed from. One process at a time makes a file,
 * others that want the same one wait; a file gets its name when it is whole. */
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
/* Map the file. RNF_ENOENT: it does not exist, belongs to another user or cannot be mapped.
 * [main] */
rnf_status rnf_cache_find(struct rnf_cache *cache);
/* Lock the draft, so that no other process makes the file; this waits for one that does, after
 * which find() may succeed. RNF_EIO: the folder cannot be used. RNF_ESTOPPED. [main] */
rnf_status rnf_cache_lock(struct rnf_cache *cache);
/* After lock(): map a draft of `bytes` zeros for writing. To make room, files of the folder that
 * no process uses are removed, the least recently used first, until all take at most `most`
 * bytes; 0: half of the sum of what they take and what is free. RNF_EINVAL: `bytes` do not fit.
 * RNF_EIO. [main] */
rnf_status rnf_cache_make(struct rnf_cache *cache, size_t bytes, double most);
/* The draft is whole: sync it and give it the name of the file. RNF_ESTOPPED. [main] */
rnf_status rnf_cache_keep(struct rnf_cache *cache);
/* After lock(), instead of keep(): remove the draft. [main] */
void rnf_cache_drop(struct rnf_cache *cache);
/* Remove a file that is damaged; it stays mapped. [worker] */
void rnf_cache_remove(const struct rnf_cache *cache);
/* Remove it, and close it. [main] */
void rnf_cache_forget(struct rnf_cache *cache);

#endif
