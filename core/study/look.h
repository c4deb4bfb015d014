/* What a conf comes to, found out in a child process: a conf that cannot be used, a plugin
 * that crashes and the memory of many plans stay there. [main] */
#ifndef RNF_STUDY_LOOK_H
#define RNF_STUDY_LOOK_H

#include "study/study.h"

enum rnf_look_depth {
	RNF_LOOK_CONF,  /* the conf alone */
	RNF_LOOK_MODEL, /* and its model; a data set is opened when its sizes need it */
	RNF_LOOK_CHECK, /* all that `check` does */
	RNF_LOOK_TIME,  /* and a few steps under the clock */
};

struct rnf_look {
	uint64_t digest;      /* of all that decides bits, but the seed */
	int64_t seed;
	int64_t parameters, macs; /* multiply-adds of an image forward; 0: not known */
	int64_t steps, steps_per_epoch, batch, epochs;
	double bytes;         /* of memory, besides the data; 0: not known */
	double step_seconds;  /* NAN: not measured */
};

/* Of an arm; mistakes name the place in the study. */
rnf_status rnf_look_at_arm(const struct rnf_arm *arm, enum rnf_look_depth depth,
			   struct rnf_look *look);
/* Of a conf file, as it stands. */
rnf_status rnf_look_at_conf(const char *path, enum rnf_look_depth depth,
			    struct rnf_look *look);
/* Of many, in one child; one that cannot be used has look[i].digest 0. */
rnf_status rnf_look_at_confs(const char *const *paths, size_t n, enum rnf_look_depth depth,
			     struct rnf_look *looks);
/* Is this a key, or one below it, that the digest leaves out? */
int rnf_look_decides_nothing(const char *path);

#endif
