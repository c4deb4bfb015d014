/* predictions.csv: the prediction for each image, to compare models image by image.
 * [main] */
#ifndef RNF_RUN_PREDICTIONS_H
#define RNF_RUN_PREDICTIONS_H

#include "run/report.h"

/* The name of the file in a folder. */
#define RNF_PREDICTIONS "predictions.csv"

/* Write the columns index, true, predicted, p_true, p_predicted, a line an image, in the
 * order of the evaluation; the index is the image's in the files of its split. An image
 * without a prediction has the last three empty. For tallies that keep predictions. */
void rnf_predictions_csv(const struct rnf_report *r, FILE *out);

struct rnf_answered { /* of one evaluation, for comparisons */
	unsigned char *right; /* [n]: 1 where the predicted class is the true one; free() it */
	int64_t n;
	uint64_t images;      /* digest of indices and true classes */
};
/* RNF_ENOENT when the file is missing, RNF_EINVAL with file and line when it is
 * malformed. */
rnf_status rnf_predictions_read(const char *path, struct rnf_answered *answered);

#endif
