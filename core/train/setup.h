/* An experiment: a conf, filled and checked, with its data, model, plans, threads and
 * weights, ready to train or to evaluate. */
#ifndef RNF_TRAIN_SETUP_H
#define RNF_TRAIN_SETUP_H

#include <rnframe/callback.h>
#include <rnframe/format.h>
#include <rnframe/initializer.h>
#include "data/batcher.h"
#include "exec/exec.h"
#include "train/schema.h"
#include "train/tally.h"

/* Steps that were not finite: part of a run's position. */
struct rnf_numerics {
	int64_t bad;    /* in the whole run */
	int64_t recent; /* that count towards the limit (numerics.h) */
	int64_t epoch;  /* in this epoch */
};

struct rnf_experiment {
	struct rnf_conf *tree;
	struct rnf_conf_root conf;
	/* data */
	const struct rnf_data_common *data;
	const struct rnf_dataset_impl *dataset;
	void *dataset_self;
	struct rnf_dataset_info info;
	int64_t *train, *val; /* indices in the training files */
	int64_t n_train, n_val;
	struct rnf_batcher *batcher;
	/* model */
	int64_t hwc[3];
	int backend_chosen; /* and its precision */
	const struct rnf_feature *backend; /* NULL: the core's plain kernels */
	void *backend_self;
	struct rnf_program *programs[2]; /* inference, training */
	struct rnf_plan *plans[2];
	struct rnf_exec *execs[2];
	struct rnf_pool *pool;
	float *weights;                 /* the block; kept statistics included */
	float *slots[RNF_SLOTS_MAX];    /* optimizer state, same layout */
	/* weights, then slots, as they were at the beginning of the epoch; NULL unless
	 * numerics.on_nonfinite is "rollback" */
	float *snapshot[1 + RNF_SLOTS_MAX];
	struct rnf_numerics numerics;
	const struct rnf_loss_impl *loss;
	size_t accuracy; /* the metric that logs call accuracy */
	struct rnf_named_tensor *tensors; /* what is saved: weights, then slots */
	size_t n_tensors;
	struct rnf_names tensor_names; /* each with its index */
	/* the batch of an evaluation: ids[batch], target[batch][classes] */
	int64_t *eval_ids;
	float *eval_target;
	const struct rnf_epoch *history; /* the run's counts so far */
	int64_t n_history, step;
};

/* Read a conf, apply overrides ("key.path=value"), fill. Opens no data. */
rnf_status rnf_experiment_read(struct rnf_experiment *e, const char *path,
			       const char *const *overrides, size_t n);
/* The same for a tree that is in e->tree already, with its overrides; their failures may
 * have been put aside. */
rnf_status rnf_experiment_fill(struct rnf_experiment *e);
/* Add the defaults of all unset keys to the tree. A conf that cannot be filled is refused
 * as in read(): RNF_ENOENT when one of its plugins is missing here. */
rnf_status rnf_experiment_expand(struct rnf_conf *tree);
/* Find, open and split the data set. */
rnf_status rnf_experiment_data(struct rnf_experiment *e);
/* Get the model's input and classes; open the data set only when it cannot tell its sizes
 * without its files. */
rnf_status rnf_experiment_shapes(struct rnf_experiment *e);
/* The inference program only, for its weights and operations; after shapes. */
rnf_status rnf_experiment_graph(struct rnf_experiment *e, int training);
/* Backend, program with its gradients when training, and plan; after shapes. */
rnf_status rnf_experiment_plan(struct rnf_experiment *e, int training, int fused);
/* Start threads and executors, draw the weights' first values. */
rnf_status rnf_experiment_start(struct rnf_experiment *e, int training);
/* Go back to the values before step 1; start() has drawn them too. */
rnf_status rnf_experiment_first_values(struct rnf_experiment *e);
/* Bytes that start() takes; after plan, and with e->pool. */
double rnf_experiment_bytes(const struct rnf_experiment *e, int training);
/* All of the above in one call: open() reads, finds the data and the shapes; build()
 * plans inference, and training when wanted, and starts. */
rnf_status rnf_experiment_open(struct rnf_experiment *e, const char *path,
			       const char *const *overrides, size_t n);
rnf_status rnf_experiment_build(struct rnf_experiment *e, int training);
/* After read(): do all that precedes a run, including the first batch's images; write
 * nothing. (check.c) */
rnf_status rnf_experiment_check(struct rnf_experiment *e);
void rnf_experiment_finish(struct rnf_experiment *e);

/* Sum of l2 * w^2 over the model, in double. */
double rnf_l2_term(const struct rnf_experiment *e);

enum { RNF_METRICS_MAX = 8 };

struct rnf_scores { /* means over the images */
	double loss, plain; /* with and without what the loss adds (smoothing) */
	double accuracy;
	double metrics[RNF_METRICS_MAX]; /* in the order of the conf */
	double seconds;
	int64_t count;
};
struct rnf_answers { /* what to keep besides the means; each may be NULL */
	float *probs; /* [n][classes] */
	struct rnf_tally *tally;
};
/* Evaluate `n` samples of a split (NULL: 0 .. n-1); `keep` may be NULL. RNF_ESTOPPED when
 * a signal asked for the end. (eval.c) */
rnf_status rnf_evaluate(struct rnf_experiment *e, int split,
			const int64_t *samples, int64_t n,
			const struct rnf_answers *keep, struct rnf_scores *scores);
/* Fill its batch: samples[from .. from + n-1] into the inference plan's input, for
 * rnf_exec_run(e->execs[0]). */
void rnf_evaluation_fill(struct rnf_experiment *e, int split, const int64_t *samples,
			 int64_t from, int64_t n);
/* Mean of a metric over the images of an executor that has run. */
double rnf_metric_mean(const struct rnf_ref *metric, const struct rnf_exec *x);

/* Names and folders given at the start of the program. (cli) */
extern const char *rnf_conf_dir;

#endif
