/* Counts an evaluation image by image, so that no probability need be kept: a report
 * follows from the counts. [main] */
#ifndef RNF_TRAIN_TALLY_H
#define RNF_TRAIN_TALLY_H

#include <stdint.h>

enum { RNF_TALLY_TOP = 5, RNF_TALLY_BINS = 15 };

struct rnf_tally_bin { /* predictions with a confidence in (b / 15, (b + 1) / 15] */
	int64_t count, right;
	double confidence; /* sum over them */
};

struct rnf_prediction { /* about one image */
	int64_t index;         /* in its split's files */
	int32_t label, class;  /* true class; predicted one, or -1 */
	float p_label, p_class; /* their probabilities */
	double cross_entropy;
};

struct rnf_tally {
	int64_t classes, n;
	int64_t *confusion; /* [true class][predicted class] */
	/* [true class]: images without a prediction, since logits are NaN. They are in no
	 * cell above and count as wrong. */
	int64_t *undecided;
	int64_t within[RNF_TALLY_TOP]; /* the true class is among the i + 1 largest */
	double cross_entropy;          /* sum */
	struct rnf_tally_bin bins[RNF_TALLY_BINS];
	float *probs; /* [classes]: scratch of the caller */
	struct rnf_prediction *predictions; /* [n], or NULL: not kept */
};

void rnf_tally_init(struct rnf_tally *t, int64_t classes);
/* Keep the predictions of the `n` images that will come. */
void rnf_tally_keep(struct rnf_tally *t, int64_t n);
/* Count an image, by arrays of one float a class. Its true class is that of the largest
 * target, the predicted one that of the largest logit, the first one at ties, as in the
 * metric accuracy. The confidence is the probability of the predicted class. */
void rnf_tally_add(struct rnf_tally *t, const float *target, const float *logits,
		   const float *probs, double cross_entropy);

/* Figures of one class or, averaged, of all; 0 where the divisor is 0. */
struct rnf_class_figures {
	double precision; /* share of those predicted as the class that are of it */
	double recall;    /* share of those of the class that are predicted so */
	double f1;        /* harmonic mean of both */
	int64_t support;  /* images of the class */
};
struct rnf_class_figures rnf_tally_class(const struct rnf_tally *t, int64_t class);
/* Mean over the classes, each with weight 1 or, weighted, with its support. */
struct rnf_class_figures rnf_tally_average(const struct rnf_tally *t, int weighted);

double rnf_tally_accuracy(const struct rnf_tally *t);
int64_t rnf_tally_undecided(const struct rnf_tally *t);
/* Expected calibration error, sum_b count_b / n |accuracy_b - confidence_b|; NaN
 * when there are undecided images. Source: Guo et al. 2017 (arXiv 1706.04599). */
double rnf_tally_calibration(const struct rnf_tally *t);

struct rnf_interval { double low, high; };
/* 95 % confidence interval of a share seen in n trials, n > 0. Source: Wilson 1927,
 * J. Am. Stat. Assoc. 22:209. */
struct rnf_interval rnf_wilson(double share, int64_t n);

#endif
