/* Going on with a run: which folder, which checkpoint, and whether it is the same
 * run at all. [main] */
#ifndef RNF_RUN_RESUME_H
#define RNF_RUN_RESUME_H

#include "run/checkpoint.h"
#include "run/past.h"

struct rnf_resume {
	const char *file;      /* a checkpoint that was named, or NULL: the newest */
	const char *dir;       /* of the run to go on with; NULL: there is none */
	int finished;          /* it has made all its steps */
	struct rnf_past past;  /* of the run as it stands */
	const struct rnf_saved *found; /* the checkpoint; NULL: from the start */
};

/* `wish` is "auto" or a checkpoint; `out` a run folder or NULL: then the one unfinished
 * run of this name under runs/ that started last. `longer`: a run that has made all its
 * steps is not finished. Nothing is written. */
rnf_status rnf_resume_find(struct rnf_resume *r, const struct rnf_experiment *e,
			   const char *wish, const char *out, int longer);
/* A checkpoint that was named: refuse one of another conf, and read its state into e,
 * before anything is written. */
rnf_status rnf_resume_read(const struct rnf_resume *r, struct rnf_experiment *e,
			   const struct rnf_checkpoints *c);
/* The folder, c->dir, is locked: set aside what a named checkpoint leaves behind, or
 * choose the newest one and read it as above; says what was chosen. Without one the run
 * starts once more, from the weights that it had, unless e has the user's (`weights`). */
rnf_status rnf_resume_load(struct rnf_resume *r, struct rnf_experiment *e,
			   struct rnf_checkpoints *c, int weights);

#endif
