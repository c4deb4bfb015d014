/* Any block of EXIF gives an orientation, without a read outside. */
#include "fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *block = malloc(n + !n);
	memcpy(block, data, n);
	const int32_t orientation = rnf_exif_orientation(block, n);
	fuzz_check(orientation >= 1 && orientation <= 8, "an orientation");
	free(block);
	return 0;
}
