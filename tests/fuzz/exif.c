/* Any block of EXIF or XMP gives an orientation or none, without a read outside. */
#include "fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *block = malloc(n + !n);
	memcpy(block, data, n);
	const int32_t exif = rnf_exif_orientation(block, n), xmp = rnf_xmp_orientation(block, n);
	fuzz_check(exif >= 0 && exif <= 8, "an orientation of EXIF");
	fuzz_check(xmp >= 0 && xmp <= 8, "an orientation of XMP");
	free(block);
	return 0;
}
