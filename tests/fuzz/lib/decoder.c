#include "fuzz/lib/decoder.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "fuzz/lib/fuzz.h"

enum { PIXELS_MAX = 1 << 18 }; /* larger ones only take longer */

static void decode(const struct rnf_decoder_impl *impl, const uint8_t *bytes, size_t n,
		   const char *word)
{
	struct rnf_picture_look look = { .orientation = 1 };
	rnf_fail_forget();
	if (impl->look(&rnf_host, bytes, n, &look) < 0) {
		fuzz_refused(word);
		return;
	}
	fuzz_check(look.orientation >= 1 && look.orientation <= 8, "an orientation");
	fuzz_check(look.h >= 0 && look.w >= 0, "a size");
	if (look.h < 1 || look.w < 1 || look.h > PIXELS_MAX / look.w) return;
	uint8_t *rgb = malloc((size_t)(look.h * look.w) * 3);
	if (impl->decode(&rnf_host, bytes, n, &look, rgb) < 0) fuzz_refused(word);
	free(rgb);
}

/* The bytes go into memory of their own size, so that a read behind them is seen. */
void fuzz_decoder(const char *name, const uint8_t *data, size_t n)
{
	static const struct rnf_decoder_impl *impl;
	char word[16] = "";
	if (!impl) impl = fuzz_feature("decoder", name)->impl;
	for (size_t i = 0; name[i] && i < sizeof word - 1; i++)
		word[i] = (char)toupper((unsigned char)name[i]);
	uint8_t *bytes = malloc(n + !n);
	memcpy(bytes, data, n);
	if (impl->probe(bytes, n)) decode(impl, bytes, n, word);
	free(bytes);
}
