/* Kind "callback": receives a run's events, on the main thread, between steps. A callback
 * must not change what the training computes. */
#ifndef RNFRAME_CALLBACK_H
#define RNFRAME_CALLBACK_H

#include <rnframe/plugin.h>

/* BEGIN comes first, also when a run resumes from a checkpoint: run->step and the history
 * are then those of the checkpoint, and what a callback wrote about later steps is void. */
enum rnf_event { RNF_EVENT_BEGIN, RNF_EVENT_STEP, RNF_EVENT_EPOCH, RNF_EVENT_END };

/* The figures of an epoch; val_* are NAN without a validation set. */
struct rnf_epoch {
	int64_t epoch, step; /* 1-based; the last step of the epoch */
	double time_s, lr;
	double train_loss, train_data_loss, train_accuracy;
	double val_loss, val_accuracy;
	double images_per_s;
	int64_t peak_rss_bytes;
};

/* The criterion for the best epoch: the lowest validation loss or, without a validation
 * set, training loss. */
static inline double rnf_epoch_criterion(const struct rnf_epoch *epoch)
{
	return epoch->val_loss == epoch->val_loss ? epoch->val_loss : epoch->train_loss;
}

struct rnf_run {
	uint32_t size, reserved;
	const char *name, *dir; /* of the run; dir exists */
	int64_t epoch, epochs;  /* 1-based */
	int64_t step, steps, steps_per_epoch; /* over the run; of the last step made */
	double lr, loss, data_loss, accuracy, images_per_s; /* of the last step */
	const struct rnf_epoch *history; /* finished epochs */
	int64_t n_history;
	/* Write a checkpoint checkpoints/FILE.safetensors (or with the native format's
	 * suffix): weights, running statistics, optimizer state, position, everything
	 * that a run needs to continue with the same bits. `keep` > 0: only the newest
	 * `keep` files written so stay, at least two; 0: this one stays. A full disk is
	 * no failure before END: it is logged, and the run continues. */
	rnf_status (*save)(const struct rnf_run *, const char *file, int64_t keep);
	/* Of the last step: sqrt(sum (d loss / d w)^2) over all weights, including the L2
	 * term of the loss. Not finite: the step changed nothing. */
	double grad_norm;
};

struct rnf_callback_impl {
	/* Private state; may be NULL when there is none. */
	rnf_status (*open)(const struct rnf_host *, const void *conf, void **self);
	/* A bad status ends the run with its message. */
	rnf_status (*on)(void *self, enum rnf_event, const struct rnf_run *);
	void (*close)(void *self);
	/* Names of the files that it writes in run->dir, ended by NULL; NULL: none. A new
	 * run refuses a folder that has one of them. */
	const char *const *files;
};

#endif
