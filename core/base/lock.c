/* The lock is an flock() on DIR/lock, which ends with its process in any case. The text
 * in the file is for people, and for other hosts on a shared disk, where flock() may be
 * local. */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"

struct holder {
	char host[65], boot[64];
	long pid;
};

static void read_boot(char boot[64])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	boot[0] = 0;
	if (!f) return;
	if (!fgets(boot, 64, f)) boot[0] = 0;
	boot[strcspn(boot, "\n")] = 0;
	fclose(f);
}

static struct holder myself(void)
{
	struct holder me = { .pid = (long)getpid() };
	if (gethostname(me.host, sizeof me.host - 1) != 0) strcpy(me.host, "?");
	read_boot(me.boot);
	if (!me.boot[0]) strcpy(me.boot, "?");
	return me;
}

enum words { NOTHING, HOLDER, OTHERS };

/* NOTHING: the file is empty, or its writer was interrupted; OTHERS: not a lock of ours. */
static enum words read_holder(int fd, struct holder *who)
{
	static const char first[] = "host";
	char text[256];
	const ssize_t n = pread(fd, text, sizeof text - 1, 0);
	if (n <= 0) return NOTHING;
	text[n] = 0;
	if (sscanf(text, "host %64s pid %ld boot %63s", who->host, &who->pid,
		   who->boot) == 3)
		return HOLDER;
	/* a power cut may leave zeros, or a beginning only */
	return strncmp(text, first, strnlen(text, strlen(first))) ? OTHERS : NOTHING;
}

static rnf_status write_holder(int fd, const char *path)
{
	const struct holder me = myself();
	if (ftruncate(fd, 0) == 0 &&
	    dprintf(fd, "host %s pid %ld boot %s\n", me.host, me.pid, me.boot) > 0)
		return RNF_OK;
	return rnf_fail_errno(path);
}

static rnf_status held(const char *dir, int fd)
{
	struct holder who;
	if (read_holder(fd, &who) != HOLDER)
		return rnf_fail(RNF_EINVAL, "%s is in use by another process", dir);
	return rnf_fail(RNF_EINVAL, "%s is in use by process %ld on %s: wait for it, stop "
			"it, or choose another --out", dir, who.pid, who.host);
}

/* A container has its own host name and process ids, but the boot id is the kernel's: on
 * the same boot, getting the flock() means that the holder is gone. */
static int is_gone(const struct holder *who, const struct holder *me, int flocked)
{
	const int same_boot = strcmp(me->boot, "?") && !strcmp(who->boot, me->boot);
	if (same_boot && flocked) return 1;
	if (strcmp(who->host, me->host) != 0) return 0;
	return !same_boot || (kill((pid_t)who->pid, 0) != 0 && errno == ESRCH);
}

/* We have the flock(): may we overwrite the contents? */
static rnf_status take_over(const char *path, int fd, int flocked)
{
	const struct holder me = myself();
	struct holder who;
	const enum words words = read_holder(fd, &who);
	if (words == NOTHING) return RNF_OK;
	if (words == OTHERS)
		return rnf_fail(RNF_EINVAL, "%s is not the lock of a run: move this file, or "
				"choose another --out", path);
	if (!is_gone(&who, &me, flocked))
		return rnf_fail(RNF_EINVAL, "%s is held by process %ld on the host %s: if "
				"that one is gone, remove this file", path, who.pid,
				who.host);
	rnf_log(RNF_LOG_INFO, "%s: taken over from process %ld%s%s, which is gone%s", path,
		who.pid, strcmp(who.host, me.host) ? " on " : "",
		strcmp(who.host, me.host) ? who.host : "",
		strcmp(who.boot, me.boot) ? " since the machine was started" : "");
	return RNF_OK;
}

/* The holder may have removed the file between our open() and flock(). */
static int is_still(int fd, const char *path)
{
	struct stat mine, there;
	return fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

/* flocked 0: the file system has no flock(). */
static rnf_status open_locked(const char *dir, const char *path, int *fd, int *flocked)
{
	for (;;) {
		RNF_TRY(rnf_file_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, fd));
		*flocked = flock(*fd, LOCK_EX | LOCK_NB) == 0;
		if (*flocked || errno != EWOULDBLOCK) {
			if (is_still(*fd, path)) return RNF_OK;
			close(*fd);
			continue;
		}
		const rnf_status status = held(dir, *fd);
		close(*fd);
		return status;
	}
}

static const char usual[] = "lock";

rnf_status rnf_lock_take(struct rnf_lock *lock, const char *dir)
{
	return rnf_lock_take_as(lock, dir, usual);
}

rnf_status rnf_lock_take_as(struct rnf_lock *lock, const char *dir, const char *name)
{
	const char *path = rnf_format("%s/%s", dir, name);
	int fd = -1, flocked = 0;
	RNF_TRY(open_locked(dir, path, &fd, &flocked));
	rnf_status status = take_over(path, fd, flocked);
	if (status >= 0) status = write_holder(fd, path);
	if (status < 0) {
		close(fd);
		return status;
	}
	*lock = (struct rnf_lock){ path, fd };
	return RNF_OK;
}

void rnf_lock_release(struct rnf_lock *lock)
{
	if (!lock->path) return;
	unlink(lock->path);
	close(lock->fd);
	lock->path = NULL;
}

int rnf_lock_alive(const char *dir)
{
	const struct holder me = myself();
	struct holder who;
	int fd;
	if (rnf_file_open(rnf_format("%s/%s", dir, usual), O_RDONLY | O_NOFOLLOW, &fd) < 0) return 0;
	const enum words words = read_holder(fd, &who);
	close(fd);
	return words == HOLDER && !is_gone(&who, &me, 0);
}
