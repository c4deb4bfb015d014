/* Kinds "loss", "metric", "optimizer" and "scheduler": what a step computes besides the
 * model itself. */
#ifndef RNFRAME_TRAINING_H
#define RNFRAME_TRAINING_H

#include <rnframe/formula.h>
#include <rnframe/plugin.h>

/* The class that k values of an image name, k > 0: the first of the largest. [worker] */
static inline int64_t rnf_largest(int64_t k, const float *values)
{
	int64_t best = 0;
	for (int64_t i = 1; i < k; i++)
		if (values[i] > values[best]) best = i;
	return best;
}

/* Of one image: k logits, a target of one float a class that sums to 1. */
struct rnf_loss_impl {
	/* The loss that training minimises. [worker] */
	double (*loss)(const void *self, size_t k, const float *logits,
		       const float *target);
	/* d loss / d logits times `factor` (1 / images of the batch). [worker] */
	void (*gradient)(const void *self, size_t k, const float *logits,
			 const float *target, float factor, float *dlogits);
	/* Probabilities, which sum to 1; p may be logits. [worker] */
	void (*predict)(const void *self, size_t k, const float *logits, float *p);
	/* The loss without smoothing or other regularisers, for reports. */
	double (*plain)(const void *self, size_t k, const float *logits,
			const float *target);
	rnf_check *check; /* or NULL */
	/* Optional: predict as a formula (formula.h) of the logits. [main] */
	int32_t (*formula)(const void *self, struct rnf_formula *, int32_t logits);
};

/* 1 - the mean of score is the error rate: the metric that logs call `accuracy`. */
enum { RNF_METRIC_ACCURACY = 1 };

/* The metric is the mean of score, which is finite, over the images. */
struct rnf_metric_impl {
	uint32_t flags;
	double (*score)(const void *self, size_t k, const float *logits,
			const float *target); /* [worker] */
	rnf_check *check; /* or NULL */
};

#define RNF_SLOTS_MAX 4

struct rnf_update {
	uint32_t size, reserved;
	int64_t step; /* 1-based, over the whole run */
	double lr;
	double l2;    /* of this weight: add 2 * l2 * w to the gradient */
};

struct rnf_optimizer_impl {
	size_t n_slots; /* floats of state a weight, all zero at first; at most RNF_SLOTS_MAX */
	const char *slots[RNF_SLOTS_MAX]; /* their names in checkpoints, all different */
	/* A tile kernel over n weights, as in activation.h; writes w and slots
	 * only. [worker] */
	void (*update)(const void *self, const struct rnf_update *update, size_t n,
		       float *w, const float *gradient, float *const *slots);
	rnf_check *check; /* or NULL */
};

struct rnf_when {
	uint32_t size, reserved;
	int64_t step;            /* 1-based, over the whole run */
	int64_t steps_per_epoch;
	int64_t epochs;          /* planned: the schedule's length */
	double lr;               /* the optimizer's own */
};

struct rnf_scheduler_impl {
	/* The rate of a step, 0 or more: a function of `when` alone. [main] */
	double (*rate)(const void *self, const struct rnf_when *when);
	rnf_check *check; /* or NULL */
};

#endif
