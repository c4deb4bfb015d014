/* A study: arms, each a conf with some keys changed, and the seeds that each is trained
 * with. [main] */
#ifndef RNF_STUDY_STUDY_H
#define RNF_STUDY_STUDY_H

#include "conf/conf.h"

struct rnf_override {
	const char *text; /* "key.path=value" */
	const char *file; /* its place, for messages */
	int line;         /* 0: none */
};

/* The keys of a study. */
extern const struct rnf_params rnf_study_params;

struct rnf_arm {
	const char *name;
	const char *conf;  /* the file */
	const char *place; /* "conf/study/a.cfg:12: ", for messages */
	struct rnf_override *sets; /* in this order */
	size_t n_sets;
	double published;  /* error in %, or NAN */
	int chosen;        /* its runs are made; the table shows all arms */
};

enum { RNF_BASELINE_PREVIOUS = -1 }; /* compare each arm with the one before */

struct rnf_study {
	const char *name;
	struct rnf_arm *arms;
	size_t n_arms;
	const int64_t *seeds;
	size_t n_seeds;
	int baseline;        /* an arm, or PREVIOUS */
	const char *results; /* folder of finished runs, or NULL */
	const char *results_place; /* "conf/study/a.cfg:3: ", for messages */
};

enum { RNF_STUDY_ARMS = 10000 }; /* the most that --vary may make */

/* From the command line. */
struct rnf_study_wish {
	const char *conf;          /* of a study, or with --vary of a model */
	const char *const *sets, *const *varies, *const *arms;
	size_t n_sets, n_varies, n_arms;
	const char *seeds;          /* a text, or NULL */
	int64_t random;             /* arms to draw out of those of `varies`; 0: all */
};

/* Read a study's conf, or make the arms of --vary; the arms' confs are not read. Mistakes
 * are reported together. */
rnf_status rnf_study_read(struct rnf_study *study, const struct rnf_study_wish *wish);

/* -- between the files of this folder -- */

/* "--seeds" as "1..3" or "1,2,5". */
rnf_status rnf_study_seeds(const char *text, const int64_t **seeds, size_t *n);
/* The arms of --vary: the product of the values, or `random` of its elements. (vary.c) */
rnf_status rnf_study_vary(struct rnf_study *study, const struct rnf_study_wish *wish);
struct rnf_arm *rnf_study_add_arm(struct rnf_study *study, const char *name);
/* Keys that a study sets in each run: an override would have no effect. */
int rnf_study_owns(const char *override);
/* "quick" of "conf/study/quick.cfg". */
const char *rnf_study_base_name(const char *path);
void rnf_arm_set(struct rnf_arm *arm, const char *text, const char *file, int line);

#endif
