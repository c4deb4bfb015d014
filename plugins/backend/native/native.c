/* native: convolutions by the processor's own vectors, dense and grouped,
 * of any size and any number of channels. The instruction set is the best that
 * runs here, or the one that RNF_ISA names. */
#include <stdlib.h>
#include <string.h>

#include "native.h"

enum {
	PANEL_PIXELS = 128,
	SLICE = 16, /* channels: a cache line of the output is written at once */
	ZEROS = 6,  /* pixels of them side by side, for Winograd's rows */
	ROWS_FLOATS = 24 * 1024, /* of rows laid out for a conv in groups: a part of L2 */
};

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

/* Below OpenBLAS, which knows more instruction sets, when only portable runs. */
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

/* ---- the geometry of a conv ---- */

/* A class of output pixels along one axis: those at `at` + i * step. */
struct axis {
	int64_t at, n, taps, tap[64], offset[64];
};

/* Forward: one class, in = i * stride + offset. */
static struct axis forward_axis(int64_t out, int64_t kernel, int64_t pad)
{
	struct axis a = { .n = out, .taps = kernel };
	for (int64_t t = 0; t < kernel; t++) {
		a.tap[t] = t;
		a.offset[t] = t - pad;
	}
	return a;
}

/* Backward: pixel at + i * stride of x was read by tap t for output
 * (at + pad - t) / stride + i, where that is whole. */
static struct axis backward_axis(int64_t at, int64_t size, int64_t stride,
				 int64_t kernel, int64_t pad)
{
	struct axis a = { .at = at };
	if (at < size) a.n = native_pieces(size - at, stride);
	for (int64_t t = kernel - 1; t >= 0; t--) {
		if ((at + pad - t) % stride != 0) continue;
		a.tap[a.taps] = kernel - 1 - t;
		a.offset[a.taps++] = (at + pad - t) / stride;
	}
	return a;
}

static void widen(struct native_conv *g, const struct native_sub *s,
		  const struct native_tap *t)
{
	const int64_t right = (s->cols - 1) * g->in_step + t->dx + 1;
	if (t->dy < g->dy[0]) g->dy[0] = t->dy;
	if (t->dy > g->dy[1]) g->dy[1] = t->dy;
	if (-t->dx > g->left) g->left = -t->dx;
	if (right > g->columns) g->columns = right;
}

static int follows(const struct native_tap *t, const struct native_tap *before)
{
	return t->dy == before->dy && t->dx == before->dx + 1 &&
	       t->weight == before->weight + 1;
}

static void set_beside(struct native_sub *s)
{
	for (int64_t i = s->n_taps - 1; i >= 0; i--) {
		struct native_tap *t = &s->taps[i];
		const int more = i + 1 < s->n_taps && follows(t + 1, t);
		t->beside = more ? t[1].beside + 1 : 1;
	}
}

static int add_sub(struct native_conv *g, const struct rnf_host *host,
		   const struct axis *y, const struct axis *x)
{
	struct native_sub *s = &g->subs[g->n_subs++];
	struct native_tap *taps = host->alloc((size_t)(y->taps * x->taps + 1) * sizeof *taps);
	if (!taps) return 0;
	*s = (struct native_sub){ .taps = taps, .rows = y->n, .cols = x->n,
				  .oy = y->at, .ox = x->at };
	for (int64_t i = 0; i < y->taps; i++)
		for (int64_t j = 0; j < x->taps; j++) {
			struct native_tap *t = &taps[s->n_taps++];
			*t = (struct native_tap){
				.dy = y->offset[i], .dx = x->offset[j],
				.weight = y->tap[i] * g->shape.window.kernel_w + x->tap[j] };
			widen(g, s, t);
		}
	set_beside(s);
	return 1;
}

static int add_subs(struct native_conv *g, const struct rnf_host *host)
{
	const struct rnf_conv_shape *s = &g->shape;
	const struct rnf_window *w = &s->window;
	const int64_t classes = g->out_step;
	g->subs = host->alloc((size_t)(classes * classes) * sizeof *g->subs);
	if (!g->subs) return 0;
	if (s->kind != RNF_STEP_CONV_BWD_DATA) {
		const struct axis y = forward_axis(w->out_h, w->kernel_h, w->pad_top);
		const struct axis x = forward_axis(w->out_w, w->kernel_w, w->pad_left);
		return add_sub(g, host, &y, &x);
	}
	for (int64_t i = 0; i < classes; i++)
		for (int64_t j = 0; j < classes; j++) {
			const struct axis y = backward_axis(i, s->h, w->stride, w->kernel_h,
							    w->pad_top);
			const struct axis x = backward_axis(j, s->w, w->stride, w->kernel_w,
							    w->pad_left);
			if (y.n && x.n && !add_sub(g, host, &y, &x)) return 0;
		}
	return 1;
}

/* Where pixels meet only themselves, the image is as good as one long row. */
static void join_rows(struct rnf_conv_shape *s)
{
	struct rnf_window *w = &s->window;
	if (w->kernel_h * w->kernel_w != 1 || w->stride != 1 || w->out_h != s->h ||
	    w->out_w != s->w)
		return;
	s->w = w->out_w = s->h * s->w;
	s->h = w->out_h = 1;
}

/* The image that is read and the one that is written. */
static void set_images(struct native_conv *g, const struct native_isa *isa)
{
	const int64_t lanes = isa->lanes;
	const struct rnf_conv_shape *s = &g->shape;
	const struct rnf_window *w = &s->window;
	const int back = s->kind == RNF_STEP_CONV_BWD_DATA;
	g->h = back ? w->out_h : s->h;
	g->w = back ? w->out_w : s->w;
	g->c = back ? s->k : s->c;
	g->k = back ? s->c : s->k;
	g->out_w = back ? s->w : w->out_w;
	g->padded = native_pieces(g->k, lanes) * lanes;
	g->column = isa->lanes * isa->vectors;
	g->in_step = back ? 1 : w->stride;
	g->out_step = back ? w->stride : 1;
	g->depth = g->c / s->groups;
	g->per = g->k / s->groups;
}

/* As many rows as have their input in ROWS_FLOATS; the bytes of that. Rows between bands
 * are turned into input twice. */
static size_t set_band(struct native_conv *g)
{
	const int64_t extent = g->dy[1] - g->dy[0], row = g->columns * g->pixel;
	const int64_t rows = ROWS_FLOATS / row - extent - 1;
	g->band = rows > 0 ? rows / g->in_step + 1 : 1;
	return (size_t)(((g->band - 1) * g->in_step + extent + 1) * row) * sizeof(float);
}

/* Of pixels side by side, which a stride takes apart. */
static int come_in_threes(const struct native_conv *g, const struct native_sub *s)
{
	if (g->in_step != 1 || s->n_taps == 0 || s->n_taps % 3 != 0) return 0;
	for (int64_t i = 0; i < s->n_taps; i += 3)
		if (s->taps[i].beside < 3) return 0;
	return 1;
}

static void set_lanes(struct native_conv *g, struct native_sub *s)
{
	s->threes = come_in_threes(g, s);
	for (int64_t i = 0; i < s->n_taps; i++) {
		struct native_tap *t = &s->taps[i];
		t->lanes = (t->dy * g->columns + t->dx) * g->pixel;
	}
}

/* Whole vectors, all channels if they fit: a pixel's are copied together then. */
static int64_t even_slice(const struct native_conv *g, int64_t lanes)
{
	const int64_t rows = g->dy[1] - g->dy[0] + 1;
	const int64_t vectors = ROWS_FLOATS / (rows * g->columns * lanes);
	const int64_t slice = vectors > 1 ? vectors * lanes : lanes;
	return slice < g->padded ? slice : g->padded;
}

static size_t set_grouped(struct native_conv *g, const struct native_isa *isa)
{
	if (g->columns < g->w) g->columns = g->w;
	g->columns += g->left;
	g->even = isa->permutes && g->depth == g->per && isa->lanes % g->depth == 0 &&
		  g->k == g->padded;
	g->slice = g->even ? even_slice(g, isa->lanes) : g->padded < SLICE ? g->padded : SLICE;
	g->column = g->slice;
	g->pixel = g->even ? g->slice : g->depth * g->slice;
	for (size_t i = 0; i < g->n_subs; i++)
		set_lanes(g, &g->subs[i]);
	return set_band(g);
}

/* Rows whose pixels are put in order at once: a part of L2. */
static size_t set_panels(struct native_conv *g, const struct native_isa *isa)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t quads = native_pieces(g->c, isa->channels);
	g->band = s->cols < PANEL_PIXELS ? PANEL_PIXELS / s->cols : 1;
	if (g->band > s->rows) g->band = s->rows;
	const int64_t pixels = g->band * s->cols;
	return (size_t)(quads * (pixels * isa->channels + 16) + pixels * g->column) *
	       sizeof(float);
}

/* ---- weights as the kernels read them: native_packed_at() ---- */

int64_t native_weight_at(const struct native_conv *g, int64_t tap, int64_t j, int64_t k)
{
	const struct rnf_conv_shape *s = &g->shape;
	const int64_t depth = s->c / s->groups, taps = s->window.kernel_h * s->window.kernel_w;
	if (s->kind == RNF_STEP_CONV_FWD) return (tap * depth + j) * s->k + k;
	/* backward, k is a channel of x, and j one of its group's outputs */
	return ((taps - 1 - tap) * depth + k % g->per) * s->k + k / g->per * g->depth + j;
}

static float *pack_tap(const struct native_conv *g, int64_t tap, int64_t from,
		       const float *weights, float *packed)
{
	const int64_t to = native_column_end(g, from);
	for (int64_t j = 0; j < g->depth; j++)
		for (int64_t k = from; k < to; k++)
			*packed++ = k < g->k ? weights[native_weight_at(g, tap, j, k)] : 0;
	return packed;
}

static void pack(const void *state, const float *weights, float *packed)
{
	const struct native_conv *g = state;
	const struct rnf_window *w = &g->shape.window;
	for (int64_t k = 0; k < g->padded; k += g->column)
		for (int64_t t = 0; t < w->kernel_h * w->kernel_w; t++)
			packed = pack_tap(g, t, k, weights, packed);
}

/* ---- the kernels, by instruction set ---- */

struct state {
	struct native_conv g; /* first: what pack() gets */
	native_run *run;
};

static void run(const void *state, const struct rnf_step_io *io)
{
	const struct state *s = state;
	s->run(&s->g, io);
}

/* By the shape alone, since it decides bits. Few channels at one end (an image's
 * three) leave most lanes empty, and give Winograd's transforms more to do than they
 * save. */
static int has_few_channels(const struct rnf_conv_shape *s)
{
	return s->c < 8 || s->k < 8;
}

static int takes_winograd(const struct rnf_conv_shape *s)
{
	if (s->algorithm == RNF_ALGORITHM_AUTO && has_few_channels(s)) return 0;
	return s->algorithm != RNF_ALGORITHM_DIRECT && native_winograd_fits(s);
}

/* A conv in groups is fp32 always. */
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
	if (s->g.shape.kind == RNF_STEP_CONV_BWD_WEIGHTS) {
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
	if (s->g.shape.kind == RNF_STEP_CONV_BWD_WEIGHTS) {
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
		kernel->scratch_bytes = set_grouped(&s->g, isa);
	} else if (w->kernel_h * w->kernel_w == 1) {
		s->run = isa->point_weights;
		kernel->scratch_bytes = set_panels(&s->g, isa);
	} else {
		s->run = isa->dense_weights;
	}
}

static void set_direct(struct state *s, const struct native_isa *isa,
		       struct rnf_kernel *kernel)
{
	const int is_grouped = s->g.shape.groups > 1;
	const struct rnf_window *w = &s->g.shape.window;
	kernel->name = isa->name;
	if (s->g.shape.kind == RNF_STEP_CONV_BWD_WEIGHTS) {
		set_weights(s, isa, kernel);
		return;
	}
	if (is_grouped) kernel->scratch_bytes = set_grouped(&s->g, isa);
	s->run = is_grouped ? isa->grouped : isa->dense;
	kernel->pack = pack;
	kernel->pack_floats = (size_t)(w->kernel_h * w->kernel_w * s->g.depth *
				       s->g.padded);
}

static rnf_status conv(void *self, const struct rnf_host *host,
		       const struct rnf_conv_shape *shape, struct rnf_kernel *kernel)
{
	const struct native_isa *isa = self;
	const struct rnf_window *w = &shape->window;
	if (w->kernel_h > 64 || w->kernel_w > 64) return RNF_EUNSUP;
	if (shape->algorithm == RNF_ALGORITHM_WINOGRAD && !takes_winograd(shape))
		return RNF_EUNSUP;
	struct state *s = host->alloc(sizeof *s);
	if (!s) return host->fail(RNF_ENOMEM, "out of memory");
	s->g.shape = *shape;
	/* the others work in bands of rows */
	if (shape->kind != RNF_STEP_CONV_BWD_WEIGHTS && shape->groups == 1)
		join_rows(&s->g.shape);
	s->g.dy[0] = INT64_MAX;
	s->g.dy[1] = INT64_MIN;
	set_images(&s->g, isa);
	s->g.zero = host->alloc((size_t)(ZEROS * (s->g.c + s->g.k) + isa->lanes) *
				sizeof(float));
	if (!s->g.zero || !add_subs(&s->g, host))
		return host->fail(RNF_ENOMEM, "out of memory");
	if (s->g.dy[0] > s->g.dy[1]) s->g.dy[0] = s->g.dy[1] = 0; /* no tap at all */
	*kernel = (struct rnf_kernel){ .run = run, .state = s,
				       .takes_parts = shape->kind == RNF_STEP_CONV_FWD };
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
