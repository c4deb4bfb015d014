/* A folder that one process at a time writes into. [main] */
#ifndef RNF_BASE_LOCK_H
#define RNF_BASE_LOCK_H

#include <rnframe/abi.h>

struct rnf_lock {
	const char *path; /* DIR/lock; NULL: not held */
	int fd;
};

/* Take DIR/lock, which names host, process and boot. One whose process is gone is
 * taken over with a word, also that of another container of this machine; one that is
 * held, or is of another machine, is refused: RNF_EINVAL with who it is. So is a file
 * of that name which no lock wrote. */
rnf_status rnf_lock_take(struct rnf_lock *lock, const char *dir);
/* The same of another file of the folder: two programs may each have their lock there. */
rnf_status rnf_lock_take_as(struct rnf_lock *lock, const char *dir, const char *name);
/* Does DIR/lock name a process that lives, or one of another host? Takes nothing. */
int rnf_lock_alive(const char *dir);
/* Remove it, when it is held. */
void rnf_lock_release(struct rnf_lock *lock);

#endif
