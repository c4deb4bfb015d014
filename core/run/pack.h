/* The files of an archive by which a run is handed on. */
#ifndef RNF_RUN_PACK_H
#define RNF_RUN_PACK_H

#include <rnframe/data.h>
#include "run/predict.h"

#define RNF_PACK_SUMS "SHA256SUMS"
enum { RNF_PACK_FILES = 16 };
struct rnf_pack {
	struct rnf_archive_file files[RNF_PACK_FILES]; /* NAME/FILE, in the order of their names */
	size_t n;
};

/* Of the run folder `dir` that the predictor has opened: the weights, their conf, the card
 * (README.md of the folder, or a new one), the report, a check image with the probabilities
 * that the model gives for it, and the digests of all. Kept. [main] */
rnf_status rnf_pack_make(struct rnf_predictor *p, const char *dir, struct rnf_pack *pack);

#endif
