/* A decoder of no file, for what is wrong in its ENDINGS. */
#ifndef TEST_BAD_ENDINGS_H
#define TEST_BAD_ENDINGS_H

#include "bad.h"
#include <rnframe/decoder.h>

static int probe(const uint8_t *head, size_t n)
{
	(void)head, (void)n;
	return 0;
}

static rnf_status look(const struct rnf_host *host, const uint8_t *bytes, size_t n,
		       struct rnf_picture_look *look_)
{
	(void)bytes, (void)n, (void)look_;
	return host->fail(RNF_EINVAL, "none");
}

static rnf_status decode(const struct rnf_host *host, const uint8_t *bytes, size_t n,
			 const struct rnf_picture_look *look_, uint8_t *rgb)
{
	(void)bytes, (void)n, (void)look_, (void)rgb;
	return host->fail(RNF_EINVAL, "none");
}

static const struct rnf_decoder_impl decoder = {
	.endings = ENDINGS, .probe = probe, .look = look, .decode = decode };

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.kind = "decoder";
	feature.impl = &decoder;
	feature.impl_size = sizeof decoder;
	return &plugin;
}

#endif
