#include "data/split.h"

#include <inttypes.h>
#include <math.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/stream.h"

/* Fisher-Yates; only the first `taken` places are needed. */
static void draw(struct rnf_random *random, int64_t *at, int64_t n, int64_t taken)
{
	for (int64_t i = 0; i < taken && i + 1 < n; i++) {
		const int64_t j = i + (int64_t)rnf_random_below(random,
							(uint64_t)(n - i));
		const int64_t swap = at[i];
		at[i] = at[j];
		at[j] = swap;
	}
}

/* Images by class: those of class k at members[first[k]] up to first[k + 1]. */
static rnf_status group(const int32_t *labels, int64_t n, int64_t classes,
			int64_t *first, int64_t *members)
{
	for (int64_t i = 0; i < n; i++) {
		if (labels[i] < 0 || labels[i] >= classes)
			return rnf_fail(RNF_EINVAL, "training image %" PRId64
					" has the label %d, must be 0..%" PRId64,
					i, (int)labels[i], classes - 1);
		first[labels[i] + 1]++;
	}
	int64_t *next = rnf_alloc((size_t)classes * sizeof *next);
	for (int64_t k = 0; k < classes; k++) {
		first[k + 1] += first[k];
		next[k] = first[k];
	}
	for (int64_t i = 0; i < n; i++)
		members[next[labels[i]]++] = i;
	return RNF_OK;
}

/* Mark the images of each class that are drawn for validation. */
static int64_t choose(const int64_t *first, int64_t *members, int64_t classes,
		      double fraction, uint64_t seed, uint8_t *chosen)
{
	int64_t total = 0;
	for (int64_t k = 0; k < classes; k++) {
		const int64_t n = first[k + 1] - first[k];
		const int64_t most = n > 0 ? n - 1 : 0; /* keep at least one image of the class */
		const int64_t wanted = llround(fraction * (double)n);
		const int64_t taken = wanted < most ? wanted : most;
		struct rnf_random random = { rnf_stream_key(seed, RNF_STREAM_SPLIT,
							(uint64_t)k), 0 };
		draw(&random, members + first[k], n, taken);
		for (int64_t i = 0; i < taken; i++)
			chosen[members[first[k] + i]] = 1;
		total += taken;
	}
	return total;
}

rnf_status rnf_split(const int32_t *labels, int64_t n, int64_t classes,
		     double fraction, uint64_t seed, int64_t **train,
		     int64_t *n_train, int64_t **val, int64_t *n_val)
{
	int64_t *first = rnf_alloc((size_t)(classes + 1) * sizeof *first);
	int64_t *members = rnf_alloc((size_t)n * sizeof *members);
	uint8_t *chosen = rnf_alloc((size_t)n);
	RNF_TRY(group(labels, n, classes, first, members));
	const int64_t kept = choose(first, members, classes, fraction, seed, chosen);
	*train = rnf_alloc((size_t)(n - kept) * sizeof **train);
	*val = rnf_alloc((size_t)kept * sizeof **val);
	*n_train = *n_val = 0;
	for (int64_t i = 0; i < n; i++)
		if (chosen[i]) (*val)[(*n_val)++] = i;
		else (*train)[(*n_train)++] = i;
	return RNF_OK;
}

void rnf_shuffle(uint64_t seed, int64_t epoch, const int64_t *in, int64_t n,
		 int64_t *out)
{
	struct rnf_random random = { rnf_stream_key(seed, RNF_STREAM_ORDER,
						    (uint64_t)epoch), 0 };
	for (int64_t i = 0; i < n; i++)
		out[i] = in ? in[i] : i;
	draw(&random, out, n, n);
}
