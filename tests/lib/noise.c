#include "lib/noise.h"

#include <rnframe/random.h>
#include <stdlib.h>

#include "lib/plugin.h"

float *test_noise(int64_t n, uint64_t key)
{
	float *data = malloc((size_t)n * sizeof *data);
	struct rnf_random random = { .key = key };
	ck_assert_ptr_nonnull(data);
	for (int64_t i = 0; i < n; i++)
		data[i] = (float)(rnf_random_uniform(&random) - 0.5);
	return data;
}
