/* Rows of a table: the runs of an arm, and the comparison with a baseline. [main] */
#ifndef RNF_STUDY_COMPARE_H
#define RNF_STUDY_COMPARE_H

#include "study/outcome.h"
#include "train/tally.h"

enum rnf_method {
	RNF_METHOD_NONE,    /* this row is the baseline, or one of both has no run that counts */
	RNF_METHOD_MCNEMAR, /* one seed each, on the same images */
	RNF_METHOD_WELCH,
	RNF_METHOD_UNKNOWN, /* no test is possible: `why` says why */
};

struct rnf_comparison {
	enum rnf_method method;
	size_t with;             /* row */
	double difference;       /* of the error, in percentage points */
	struct rnf_interval interval;
	double p, holm;          /* holm: corrected for the other rows; NAN: undefined */
	int64_t seed;            /* of McNemar's test */
	const char *why;
};

struct rnf_row {
	const char *name;
	double published;        /* %, or NAN */
	int64_t parameters, macs; /* 0: not known */
	struct rnf_outcome *runs;
	size_t n_runs;
	/* of the runs that count */
	size_t n, n_failed;      /* failed: or their numbers became non-finite */
	double *errors;          /* [n] */
	double mean, deviation;
	struct rnf_interval interval; /* Wilson's, if the row has one run */
	double epoch_seconds, images_per_s, peak_bytes; /* means; NAN: unknown */
	struct rnf_comparison against;
};

struct rnf_table {
	const char *title, *dir; /* dir: of the study, or NULL */
	struct rnf_row *rows;
	size_t n;
	size_t n_comparisons;    /* with a p */
	int of_runs;             /* any runs, not a study */
};

/* Compute what follows from the runs; baseline is a row or -1: the row before. */
void rnf_table_fill(struct rnf_table *table, int baseline);
/* A difference is significant below this p: 5 %. */
int rnf_is_significant(const struct rnf_comparison *comparison);

#endif
