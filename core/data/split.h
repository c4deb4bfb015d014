/* Which training images are kept for validation, and the order of the others. Functions
 * of the seed alone. */
#ifndef RNF_DATA_SPLIT_H
#define RNF_DATA_SPLIT_H

#include <stdint.h>
#include <rnframe/abi.h>

/* Split by class: round(fraction * images) of each class go to `val`, drawn by the seed.
 * Both lists ascend and live until exit; fraction 0 gives 0 .. n-1 and an empty list. At
 * least one image of each class stays in `train`. A label outside of 0 .. classes-1
 * fails. [main] */
rnf_status rnf_split(const int32_t *labels, int64_t n, int64_t classes,
		     double fraction, uint64_t seed, int64_t **train,
		     int64_t *n_train, int64_t **val, int64_t *n_val);

/* out[n]: the elements of in[n] (NULL: 0 .. n-1) in the order of an epoch. */
void rnf_shuffle(uint64_t seed, int64_t epoch, const int64_t *in, int64_t n,
		 int64_t *out);

#endif
