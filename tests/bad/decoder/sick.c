/* sick: a decoder of files of five bytes, SICK and what it does: `l` ends the program in look(),
 * `d` in decode(); others are an image of one pixel. */
#include <string.h>

#include "../sick.h"
#include <rnframe/decoder.h>

static int probe(const uint8_t *head, size_t n)
{
	return n >= 5 && !memcmp(head, "SICK", 4);
}

static rnf_status look(const struct rnf_host *host, const uint8_t *bytes, size_t n,
		       struct rnf_picture_look *look_)
{
	(void)host, (void)n;
	if (bytes[4] == 'l') exit(0);
	*look_ = (struct rnf_picture_look){ .h = 1, .w = 1, .orientation = 1 };
	return RNF_OK;
}

static rnf_status decode(const struct rnf_host *host, const uint8_t *bytes, size_t n,
			 const struct rnf_picture_look *look_, uint8_t *rgb)
{
	(void)host, (void)n, (void)look_;
	if (bytes[4] == 'd') exit(0);
	memset(rgb, bytes[4], 3);
	return RNF_OK;
}

static const char *const endings[] = { ".sick", NULL };
static const struct rnf_decoder_impl impl = {
	.endings = endings, .probe = probe, .look = look, .decode = decode };
RNF_PLUGIN(decoder, sick, "ends the program", NULL, impl)
