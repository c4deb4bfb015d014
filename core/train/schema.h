/* The keys of a conf outside of plugins: structs, filled from the tables of schema.c; those of
 * `model` stand in graph/build.c, beside what reads them. */
#ifndef RNF_TRAIN_SCHEMA_H
#define RNF_TRAIN_SCHEMA_H

#include "graph/graph.h"

/* What to do with an image file that cannot be decoded. */
enum rnf_on_bad_image { RNF_BAD_IMAGE_STOP, RNF_BAD_IMAGE_SKIP };
/* Where decoded image files are kept. */
enum rnf_data_cache { RNF_CACHE_AUTO, RNF_CACHE_MEMORY, RNF_CACHE_DISK };
struct rnf_data_common { /* keys of every dataset beside its own */
	const char *path;
	double part, validation;
	int64_t split_seed, cache_mib;
	int32_t cache, on_bad_image;
	struct rnf_refs augment;
};

/* Weights to start from. */
struct rnf_init_conf {
	const char *weights; /* NULL: all are drawn */
	struct rnf_strings skip; /* layers that are drawn all the same */
};

struct rnf_train_conf {
	int64_t epochs, batch_size, max_steps;
	int32_t shuffle, augment, recompute, pictures;
	const struct rnf_ref *loss, *optimizer, *scheduler;
	struct rnf_refs metrics, callbacks;
	struct rnf_init_conf init;
	struct rnf_strings freeze; /* names of layers */
};

/* What to do when a step's numbers are not finite. */
enum rnf_on_nonfinite { RNF_NONFINITE_STOP, RNF_NONFINITE_SKIP, RNF_NONFINITE_ROLLBACK };
struct rnf_numerics_conf {
	int32_t on_nonfinite;
};

struct rnf_conf_root {
	const char *name, *backend, *out;
	int64_t seed, threads;
	int32_t precision;
	struct rnf_model_conf model;
	const struct rnf_ref *data;
	struct rnf_train_conf train;
	struct rnf_numerics_conf numerics;
};

extern const struct rnf_params rnf_conf_root_params;
/* Tell the filling of parameters which words are roles, and the common keys of kinds. */
void rnf_schema_register(void);

#endif
