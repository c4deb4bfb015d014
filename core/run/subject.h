/* A model that the user names by its run folder or by its file of weights. [main] */
#ifndef RNF_RUN_SUBJECT_H
#define RNF_RUN_SUBJECT_H

#include "train/setup.h"
#include "train/weights.h"

struct rnf_subject {
	const char *model; /* a run folder or a file of weights; NULL: the one at file.path */
	const char *conf;  /* NULL: the model's own */
	const char *const *sets;
	size_t n_sets;
	struct rnf_loaded file; /* else zero; read() reads the file of weights, once for all */
};

/* Read the file of weights, and the conf as rnf_config_read() does. A folder's conf.cfg is
 * the user's. The conf inside a file may come from anybody: it includes nothing and names no
 * file. */
rnf_status rnf_subject_read(struct rnf_experiment *e, struct rnf_subject *subject);
/* The same for a file that is complete: in the native format, with conf, classes and input
 * inside. Then shapes() reads no other file either. */
rnf_status rnf_subject_alone(struct rnf_experiment *e, struct rnf_subject *subject);
/* Then, without data: take classes and input from the file where it has them. */
rnf_status rnf_subject_shapes(struct rnf_experiment *e, const struct rnf_subject *subject);
/* Or with data: read(), and open the conf's data set, whose classes must be those of the
 * model, in their order. A file that says none fits to all. */
rnf_status rnf_subject_data(struct rnf_experiment *e, struct rnf_subject *subject);
/* After shapes() or data(): plan inference, start, and give the model its weights. */
rnf_status rnf_subject_build(struct rnf_experiment *e, struct rnf_subject *subject);

#endif
