/* The figures of an epoch as a table: their names in epochs.csv, in run.json and in
 * checkpoints. */
#ifndef RNF_RUN_HISTORY_H
#define RNF_RUN_HISTORY_H

#include <jansson.h>
#include <rnframe/callback.h>

struct rnf_epoch_figure {
	const char *key;
	size_t offset; /* in struct rnf_epoch */
	int whole;     /* int64_t, else double */
};
enum { RNF_EPOCH_FIGURES = 11 };
extern const struct rnf_epoch_figure rnf_epoch_figures[RNF_EPOCH_FIGURES];

double rnf_epoch_figure(const struct rnf_epoch *epoch, size_t i);
/* The epoch as an array of its figures, and back. A figure that is not finite is null,
 * and null is read as NAN. [main] */
json_t *rnf_epoch_list(const struct rnf_epoch *epoch);
rnf_status rnf_epoch_read(const json_t *list, struct rnf_epoch *epoch);

#endif
