/* Going on with a run: which folder, which checkpoint, and whether it is the same
 * run at all. [main] */
#ifndef RNF_RUN_RESUME_H
#define RNF_RUN_RESUME_H

#include "run/checkpoint.h"

struct rnf_resume {
	const char *file;      /* a checkpoint that was named, or NULL: the newest */
	const char *dir;       /* of the run to go on with; NULL: there is none */
	int finished;          /* it has made all its steps */
	int64_t step;          /* that run.json told of last */
	const struct rnf_found *found; /* the checkpoint; NULL: from the start */
};

/* `wish` is "auto" or a checkpoint; `out` a run folder or NULL: then the newest
 * unfinished one of this name under runs/. Nothing is written. */
rnf_status rnf_resume_find(struct rnf_resume *r, const struct rnf_experiment *e,
			   const char *wish, const char *out);
/* Choose the checkpoint, refuse one of another conf, and read its state into e;
 * the folder is locked. Says what was chosen. */
rnf_status rnf_resume_load(struct rnf_resume *r, struct rnf_experiment *e,
			   struct rnf_checkpoints *c);

#endif
