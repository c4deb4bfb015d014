/* A lock on a folder that one process at a time may write into. [main] */
#ifndef RNF_BASE_LOCK_H
#define RNF_BASE_LOCK_H

#include <rnframe/abi.h>

struct rnf_lock {
	const char *path; /* DIR/lock; NULL: not held */
	int fd;
};

/* Take DIR/lock, which names host, process and boot. A lock whose process is gone is
 * taken over with a message, also that of another container on this machine. A lock that
 * is held, or is of another machine, is refused: RNF_EINVAL with its holder. So is a file
 * of that name that is no lock. */
rnf_status rnf_lock_take(struct rnf_lock *lock, const char *dir);
/* The same with another file of the folder: two programs may each have a lock there. */
rnf_status rnf_lock_take_as(struct rnf_lock *lock, const char *dir, const char *name);
/* Does DIR/lock name a live process, or one of another host? Takes no lock. */
int rnf_lock_alive(const char *dir);
/* Remove the lock if it is held. */
void rnf_lock_release(struct rnf_lock *lock);

#endif
