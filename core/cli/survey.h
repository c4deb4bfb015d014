/* A data set that is looked at: that of a conf, or a folder of images without one. */
#ifndef RNF_CLI_SURVEY_H
#define RNF_CLI_SURVEY_H

#include "data/survey.h"
#include "train/dataset.h"

struct rnf_looked {
	struct rnf_config conf; /* of a folder: its data only */
	struct rnf_dataset data; /* its files are open; nothing is decoded or split */
	struct rnf_survey survey;
};

/* Open what `path` is and look at every image. (data.c) */
rnf_status rnf_look_at_data(struct rnf_looked *looked, const char *path,
			    const char *const *sets, size_t n_sets);
/* Sides of the images that can be decoded, sorted: the shorter ones, or all heights and all
 * widths; n of each. */
struct rnf_sides {
	int64_t *shorter, *h, *w;
	int64_t n;
};
struct rnf_sides rnf_look_at_sides(const struct rnf_survey *survey);

#endif
