/* What a conf amounts to, evaluated in a child process, which contains a conf that cannot
 * be used, a plugin that crashes, and the memory of many plans. [main] */
#ifndef RNF_STUDY_LOOK_H
#define RNF_STUDY_LOOK_H

#include "study/study.h"

enum rnf_look_depth {
	RNF_LOOK_CONF,  /* the conf alone */
	RNF_LOOK_MODEL, /* and its model; opens the data set when its sizes need it */
	RNF_LOOK_CHECK, /* all that `check` does */
	RNF_LOOK_TIME,  /* and a few timed steps */
};

struct rnf_look {
	uint64_t digest;      /* of all that decides the bits, except the seed */
	int64_t seed;
	int64_t parameters, macs; /* multiply-adds of an image, forward; 0: unknown */
	int64_t steps, steps_per_epoch, batch, epochs;
	double bytes;         /* of memory, besides the data; 0: unknown */
	double step_seconds;  /* NAN: not measured */
};

/* For an arm; failures name its place in the study. */
rnf_status rnf_look_at_arm(const struct rnf_arm *arm, enum rnf_look_depth depth,
			   struct rnf_look *look);
/* For a conf file on its own. */
rnf_status rnf_look_at_conf(const char *path, enum rnf_look_depth depth,
			    struct rnf_look *look);
/* For many, in one child; a conf that cannot be used gets look[i].digest 0. */
rnf_status rnf_look_at_confs(const char *const *paths, size_t n, enum rnf_look_depth depth,
			     struct rnf_look *looks);
/* Does the digest leave this key, or its parent, out? */
int rnf_look_decides_nothing(const char *path);

#endif
