/* A backend that runs only when it is named, and whose kernels each file defines. */
#include <rnframe/rnframe.h>

#ifndef SCORE
#define SCORE 0
#endif

static int score(void)
{
	return SCORE;
}

static rnf_status open_conf(const struct rnf_host *host, const void *conf, void **self)
{
	(void)host, (void)conf, (void)self;
	return RNF_OK;
}

static void nothing(const void *state, const struct rnf_kernel_io *io)
{
	(void)state, (void)io;
}

static rnf_status conv(void *self, const struct rnf_host *host, const struct rnf_conv_shape *shape,
		       struct rnf_kernel *kernel)
{
	(void)self, (void)host, (void)shape, (void)nothing;
	*kernel = (struct rnf_kernel)KERNEL;
	return STATUS;
}

static const struct rnf_backend_impl impl = { .score = score, .open = open_conf, .conv = conv };
