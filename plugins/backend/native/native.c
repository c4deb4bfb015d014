/* native: convolutions with the processor's own vectors, dense and grouped, of any size
 * and any number of channels. The instruction set is the best one that the processor
 * supports, or the one that RNF_ISA names. */
#include <stdlib.h>
#include <string.h>

#include "native.h"

static const struct native_isa *const isas[] = { /* the best one first */
#ifdef __x86_64__
	&native_avx512bf16,
	&native_avx512,
	&native_avx2,
#endif
	&native_portable,
};
enum { N_ISAS = sizeof isas / sizeof *isas };

static const char names[] =
#ifdef __x86_64__
	"avx512bf16, avx512, avx2 or "
#endif
	"portable";

#ifdef __x86_64__
static int has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("fma");
}
#endif

static int runs_here(const struct native_isa *isa)
{
#ifdef __x86_64__
	if (isa == &native_avx512bf16)
		return has_avx512() && __builtin_cpu_supports("avx512bf16");
	if (isa == &native_avx512) return has_avx512();
	if (isa == &native_avx2)
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
	return isa == &native_portable;
}

static const struct native_isa *best(void)
{
	int i = 0;
	while (!runs_here(isas[i])) i++;
	return isas[i];
}

/* Below OpenBLAS, which has more instruction sets, when only portable runs here. */
static int score(void)
{
	return getenv("RNF_ISA") || best() != &native_portable ? 20 : 5;
}

static rnf_status open(const struct rnf_host *host, const void *conf, void **self)
{
	const char *name = getenv("RNF_ISA");
	(void)conf;
	*self = (void *)best();
	if (!name) return RNF_OK;
	for (int i = 0; i < N_ISAS; i++) {
		if (strcmp(isas[i]->name, name) != 0) continue;
		if (!runs_here(isas[i]))
			return host->fail(RNF_EUNSUP, "RNF_ISA is %s, which this "
					  "processor does not have", name);
		*self = (void *)isas[i];
		return RNF_OK;
	}
	return host->fail(RNF_EINVAL, "RNF_ISA is \"%s\", must be %s", name, names);
}

static rnf_status offers(void *self, const struct rnf_host *host,
			 enum rnf_precision precision)
{
	const struct native_isa *isa = self;
	if (precision != RNF_PRECISION_BF16 || !isa->emulates_bf16) return RNF_OK;
	if (!best()->emulates_bf16)
		return host->fail(RNF_EUNSUP, "which needs RNF_ISA=%s: it is %s",
				  best()->name, isa->name);
	return host->fail(RNF_EUNSUP, "which needs AVX512_BF16: this processor does not "
			  "have it");
}

/* ---- the kernels, by instruction set ---- */

struct state {
	struct native_conv g; /* first, since the function that packs weights receives it */
	native_run *run;
};

static void run(const void *state, const struct rnf_kernel_io *io)
{
	const struct state *s = state;
	s->run(&s->g, io);
}

/* By the shape alone, since it decides bits. With few channels in or out (an image's
 * three) most lanes are empty, and Winograd's transforms cost more than they save. */
static int has_few_channels(const struct rnf_conv_shape *s)
{
	return s->c < 8 || s->k < 8;
}

static int takes_winograd(const struct rnf_conv_shape *s)
{
	if (s->algorithm == RNF_ALGORITHM_AUTO && has_few_channels(s)) return 0;
	return s->algorithm != RNF_ALGORITHM_DIRECT && native_winograd_fits(s);
}

/* A grouped conv is always fp32. */
static int takes_bf16(const struct rnf_conv_shape *s)
{
	if (s->algorithm == RNF_ALGORITHM_AUTO && has_few_channels(s)) return 0;
	return s->precision == RNF_PRECISION_BF16 && s->groups == 1;
}

static void set_winograd(struct state *s, const struct native_isa *isa,
			 struct rnf_kernel *kernel)
{
	const struct native_winograd *by = s->g.shape.precision == RNF_PRECISION_BF16
		? &isa->winograd_bf16 : &isa->winograd;
	native_winograd_size(&s->g, isa->lanes);
	kernel->name = by->name;
	if (s->g.shape.kind == RNF_CONV_BWD_WEIGHTS) {
		s->run = by->weights;
		kernel->leaf_bytes = native_winograd_leaf(&s->g);
		return;
	}
	s->run = by->run;
	kernel->scratch_bytes = native_winograd_scratch(&s->g);
	kernel->pack = by->pack;
	kernel->pack_floats = native_winograd_pack_floats(&s->g);
}

static void set_bf16(struct state *s, const struct native_isa *isa,
		     struct rnf_kernel *kernel)
{
	kernel->name = isa->bf16_name;
	if (s->g.shape.kind == RNF_CONV_BWD_WEIGHTS) {
		s->run = isa->bf16_weights;
		kernel->narrow_in = 1 << 0 | 1 << 1;
		kernel->scratch_bytes = native_bf16_weights_size(&s->g, isa->lanes);
		return;
	}
	s->run = isa->bf16;
	kernel->narrow_in = 1 << 0;
	kernel->scratch_bytes = native_bf16_size(&s->g);
	kernel->pack = native_bf16_pack;
	kernel->pack_floats = native_bf16_pack_floats(&s->g);
}

static void set_weights(struct state *s, const struct native_isa *isa,
			struct rnf_kernel *kernel)
{
	const struct rnf_window *w = &s->g.shape.window;
	if (s->g.shape.groups > 1) {
		s->run = isa->grouped_weights;
		kernel->scratch_bytes = native_grouped_size(&s->g, isa);
	} else if (w->kernel_h * w->kernel_w == 1) {
		s->run = isa->point_weights;
		kernel->scratch_bytes = native_points_size(&s->g, isa);
	} else {
		s->run = isa->dense_weights;
	}
}

static void set_direct(struct state *s, const struct native_isa *isa,
		       struct rnf_kernel *kernel)
{
	const int is_grouped = s->g.shape.groups > 1;
	kernel->name = isa->name;
	if (s->g.shape.kind == RNF_CONV_BWD_WEIGHTS) {
		set_weights(s, isa, kernel);
		return;
	}
	if (is_grouped) kernel->scratch_bytes = native_grouped_size(&s->g, isa);
	s->run = is_grouped ? isa->grouped : isa->dense;
	kernel->pack = native_direct_pack;
	kernel->pack_floats = native_direct_pack_floats(&s->g);
}

enum { TAPS_MAX = 64, SPAN_MAX = 192 };

/* As many taps as the tables hold, and no more rows between them than a band may have. */
static int is_near(const struct rnf_window *w)
{
	return w->kernel_h <= TAPS_MAX && w->kernel_w <= TAPS_MAX &&
	       rnf_window_span(w->kernel_h, w->dilation) <= SPAN_MAX &&
	       rnf_window_span(w->kernel_w, w->dilation) <= SPAN_MAX;
}

static rnf_status conv(void *self, const struct rnf_host *host,
		       const struct rnf_conv_shape *shape, struct rnf_kernel *kernel)
{
	const struct native_isa *isa = self;
	if (!is_near(&shape->window)) return RNF_EUNSUP;
	if (shape->algorithm == RNF_ALGORITHM_WINOGRAD && !takes_winograd(shape))
		return RNF_EUNSUP;
	struct state *s = host->alloc(sizeof *s);
	if (!s) return host->fail(RNF_ENOMEM, "out of memory");
	if (!native_taps_set(&s->g, host, isa, shape))
		return host->fail(RNF_ENOMEM, "out of memory");
	*kernel = (struct rnf_kernel){ .run = run, .state = s,
				       .takes_parts = shape->kind == RNF_CONV_FWD };
	if (takes_winograd(shape)) set_winograd(s, isa, kernel);
	else if (takes_bf16(shape)) set_bf16(s, isa, kernel);
	else set_direct(s, isa, kernel);
	return RNF_OK;
}

static double peak(void *self, enum rnf_precision precision)
{
	const struct native_isa *isa = self;
	if (precision == RNF_PRECISION_BF16 && isa->emulates_bf16) return 0;
	return isa->peak(precision);
}

static const struct rnf_backend_impl impl = {
	.score = score, .open = open, .offers = offers, .conv = conv, .peak = peak,
};
RNF_PLUGIN(backend, native, "convolutions by the processor's vectors, direct and by Winograd", NULL, impl)
