/* Resumes a run: which folder, which checkpoint, and is it the same run at all? [main] */
#ifndef RNF_RUN_RESUME_H
#define RNF_RUN_RESUME_H

#include "run/checkpoint.h"
#include "run/past.h"

struct rnf_resume {
	const char *file;      /* a checkpoint that the user named, or NULL: the newest */
	const char *dir;       /* of the run to resume; NULL: there is none */
	int finished;          /* all steps are made */
	struct rnf_past past;  /* the run's present position */
	const struct rnf_saved *found; /* the checkpoint; NULL: from the start */
};

/* Find the run. `wish` is "auto" or a checkpoint; `out` a run folder or NULL: then the
 * unfinished run of this name under runs/ that started last. `longer`: a run with all its
 * steps made is not finished. Nothing is written. */
rnf_status rnf_resume_find(struct rnf_resume *r, const struct rnf_experiment *e,
			   const char *wish, const char *out, int longer);
/* For a checkpoint that the user named: refuse one of another conf, else read its state
 * into e, before anything is written. */
rnf_status rnf_resume_read(const struct rnf_resume *r, struct rnf_experiment *e,
			   const struct rnf_checkpoints *c);
/* With the folder c->dir locked: move away what lies after a named checkpoint, or choose
 * the newest one and read it as above; log the choice. Without a checkpoint the run
 * starts again from its initial weights, unless e has the user's (`weights`). */
rnf_status rnf_resume_load(struct rnf_resume *r, struct rnf_experiment *e,
			   struct rnf_checkpoints *c, int weights);

#endif
