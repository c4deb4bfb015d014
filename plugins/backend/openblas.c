/* openblas: convolutions as matrix products, one image at a time on one thread;
 * the pool of the core runs images side by side.
 *
 * A 1x1 conv is a product of the image itself; others unfold bands of rows into
 * columns [pixels][kernel_h * kernel_w * c] that stay in L2. The gradient of the
 * input folds columns back. Grouped convs are left to the core: a product a
 * group would be far slower. */
/* needs: openblas */
#define _GNU_SOURCE
#define LIBRARY "libopenblas.so.0"
#include <cblas.h>
#include <dlfcn.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include <rnframe/backend.h>

enum { BAND_FLOATS = 32 * 1024 }; /* 128 KB of columns */

/* Of the library, which open() loads: it starts threads when it is loaded, and a program that
 * uses librnframe, or another backend, must get none of them. */
static __typeof__(&cblas_sgemm) sgemm;
static __typeof__(&openblas_get_corename) corename;

static int score(void)
{
	return 10;
}

/* One conv: its shape and the rows of output that a band holds. */
struct conv {
	struct rnf_conv_shape s;
	int64_t columns; /* kernel_h * kernel_w * c */
	int64_t rows;
	int direct; /* the image is its own column matrix */
};

/* Copy one tap row (kernel_w pixels) of one output pixel, zeros outside. */
static void unfold_edge(const struct rnf_conv_shape *s, const float *row,
			int64_t x0, float *column)
{
	for (int64_t kx = 0; kx < s->window.kernel_w; kx++, column += s->c) {
		const int64_t x = x0 + kx * s->window.dilation;
		if (x < 0 || x >= s->w)
			memset(column, 0, (size_t)s->c * sizeof *column);
		else
			memcpy(column, row + x * s->c, (size_t)s->c * sizeof *column);
	}
}

/* columns[(oy - y0) * out_w + ox][ky][kx][c] of output rows y0 .. y1-1 */
static void unfold(const struct conv *k, const float *x, int64_t y0, int64_t y1,
		   float *column)
{
	const struct rnf_conv_shape *s = &k->s;
	const struct rnf_window *w = &s->window;
	const int64_t run = w->kernel_w * s->c;
	for (int64_t oy = y0; oy < y1; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++) {
			const int64_t left = ox * w->stride - w->pad_left;
			const int whole = w->dilation == 1 && left >= 0 &&
					  left + w->kernel_w <= s->w;
			for (int64_t ky = 0; ky < w->kernel_h; ky++, column += run) {
				const int64_t y = oy * w->stride + ky * w->dilation -
						  w->pad_top;
				const float *row = x + y * s->w * s->c;
				if (y < 0 || y >= s->h)
					memset(column, 0, (size_t)run * sizeof *column);
				else if (whole)
					memcpy(column, row + left * s->c,
					       (size_t)run * sizeof *column);
				else
					unfold_edge(s, row, left, column);
			}
		}
}

static void add(int64_t n, const float *from, float *restrict to)
{
	for (int64_t i = 0; i < n; i++)
		to[i] += from[i];
}

/* The reverse of a tap row, of the image's row: pixels side by side at once. */
static void fold_row(const struct rnf_conv_shape *s, const float *column, int64_t x0, float *row)
{
	const int64_t d = s->window.dilation, taps = s->window.kernel_w;
	const int64_t from = x0 < 0 ? (d - 1 - x0) / d : 0, left = s->w - x0;
	const int64_t end = left <= 0 ? 0 : (left + d - 1) / d, to = end < taps ? end : taps;
	if (from >= to) return;
	if (d == 1) {
		add((to - from) * s->c, column + from * s->c, row + (x0 + from) * s->c);
		return;
	}
	for (int64_t kx = from; kx < to; kx++)
		add(s->c, column + kx * s->c, row + (x0 + kx * d) * s->c);
}

/* The reverse: dx += columns */
static void fold(const struct conv *k, const float *column, int64_t y0, int64_t y1,
		 float *restrict dx)
{
	const struct rnf_conv_shape *s = &k->s;
	const struct rnf_window *w = &s->window;
	const int64_t run = w->kernel_w * s->c;
	for (int64_t oy = y0; oy < y1; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++) {
			const int64_t left = ox * w->stride - w->pad_left;
			for (int64_t ky = 0; ky < w->kernel_h; ky++, column += run) {
				const int64_t y = oy * w->stride + ky * w->dilation -
						  w->pad_top;
				if (y < 0 || y >= s->h) continue;
				fold_row(s, column, left, dx + y * s->w * s->c);
			}
		}
}

/* The column matrix of a band: a part of the image itself if it has that form. */
static const float *columns_of(const struct conv *k, const float *x, int64_t y0,
			       int64_t y1, float *scratch)
{
	if (k->direct) return x + y0 * k->s.window.out_w * k->columns;
	unfold(k, x, y0, y1, scratch);
	return scratch;
}

static int64_t band_end(const struct conv *k, int64_t y)
{
	const int64_t end = y + k->rows;
	return end < k->s.window.out_h ? end : k->s.window.out_h;
}

/* y [pixels][k] = columns [pixels][n] . kernel [n][k] */
static void fwd(const void *state, const struct rnf_kernel_io *io)
{
	const struct conv *k = state;
	const int64_t out_w = k->s.window.out_w, n = k->columns, c = k->s.k;
	for (int64_t y = 0, end; y < k->s.window.out_h; y = end) {
		end = band_end(k, y);
		const float *columns = columns_of(k, io->in[0], y, end, io->scratch);
		sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans,
			    (blasint)((end - y) * out_w), (blasint)c, (blasint)n, 1,
			    columns, (blasint)n, io->in[1], (blasint)c, 0,
			    io->out + y * out_w * c, (blasint)c);
	}
}

/* columns = dy [pixels][k] . kernel^T, folded into dx */
static void bwd_data(const void *state, const struct rnf_kernel_io *io)
{
	const struct conv *k = state;
	const int64_t out_w = k->s.window.out_w, n = k->columns, c = k->s.k;
	if (!k->direct)
		memset(io->out, 0,
		       (size_t)(k->s.h * k->s.w * k->s.c) * sizeof *io->out);
	for (int64_t y = 0, end; y < k->s.window.out_h; y = end) {
		end = band_end(k, y);
		float *columns = k->direct ? io->out + y * out_w * n : io->scratch;
		sgemm(CblasRowMajor, CblasNoTrans, CblasTrans,
			    (blasint)((end - y) * out_w), (blasint)n, (blasint)c, 1,
			    io->in[0] + y * out_w * c, (blasint)c, io->in[1],
			    (blasint)c, 0, columns, (blasint)n);
		if (!k->direct) fold(k, columns, y, end, io->out);
	}
}

/* dx at stride 1 is a conv of dy with the flipped kernel: [tap][k][c]. */
static void turn(const struct rnf_conv_shape *forward, const float *kernel,
		 float *turned)
{
	const int64_t taps = forward->window.kernel_h * forward->window.kernel_w;
	const int64_t c = forward->c, k = forward->k;
	for (int64_t t = 0; t < taps; t++)
		for (int64_t i = 0; i < c; i++)
			for (int64_t o = 0; o < k; o++)
				turned[(t * k + o) * c + i] =
					kernel[((taps - 1 - t) * c + i) * k + o];
}

/* state: the flipped conv, whose input is dy; scratch begins with the flipped kernel,
 * then the columns. */
static void bwd_data_turned(const void *state, const struct rnf_kernel_io *io)
{
	const struct conv *k = state;
	const int64_t size = (k->columns * k->s.k + 15) & ~(int64_t)15;
	const struct rnf_conv_shape forward = {
		.c = k->s.k, .k = k->s.c, .window = k->s.window };
	turn(&forward, io->in[1], io->scratch);
	const struct rnf_kernel_io turned = {
		.in = { io->in[0], io->scratch }, .out = io->out,
		.scratch = io->scratch + size };
	fwd(state, &turned);
}

/* kernel gradient [n][k] += columns^T . dy */
static void bwd_weights(const void *state, const struct rnf_kernel_io *io)
{
	const struct conv *k = state;
	const int64_t out_w = k->s.window.out_w, n = k->columns, c = k->s.k;
	for (int64_t y = 0, end; y < k->s.window.out_h; y = end) {
		end = band_end(k, y);
		const float *columns = columns_of(k, io->in[0], y, end, io->scratch);
		sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)n,
			    (blasint)c, (blasint)((end - y) * out_w), 1, columns,
			    (blasint)n, io->in[1] + y * out_w * c, (blasint)c,
			    io->first && y == 0 ? 0 : 1, io->out, (blasint)c);
	}
}

static void measure(struct conv *k)
{
	const struct rnf_window *w = &k->s.window;
	k->columns = w->kernel_h * w->kernel_w * k->s.c;
	k->direct = w->kernel_h == 1 && w->kernel_w == 1 && w->stride == 1 &&
		    w->pad_top == 0 && w->pad_left == 0 && w->out_h == k->s.h &&
		    w->out_w == k->s.w;
	k->rows = k->direct ? w->out_h : BAND_FLOATS / (w->out_w * k->columns);
	if (k->rows < 1) k->rows = 1;
	if (k->rows > w->out_h) k->rows = w->out_h;
}

/* Flip the shape of an input gradient if that gives a plain conv and saves time: flipping
 * moves taps * c * k floats, folding taps * c * pixels, and a product with few columns of
 * output (an RGB image) is slow. */
static int turn_shape(struct rnf_conv_shape *s)
{
	struct rnf_window *w = &s->window;
	if (w->stride != 1 || w->kernel_h * w->kernel_w == 1) return 0;
	if (s->k >= w->out_h * w->out_w || s->c < 8) return 0;
	const struct rnf_conv_shape from = *s;
	s->h = from.window.out_h;
	s->w = from.window.out_w;
	s->c = from.k;
	s->k = from.c;
	w->pad_top = rnf_window_span(w->kernel_h, w->dilation) - 1 - from.window.pad_top;
	w->pad_left = rnf_window_span(w->kernel_w, w->dilation) - 1 - from.window.pad_left;
	w->out_h = from.h;
	w->out_w = from.w;
	return w->pad_top >= 0 && w->pad_left >= 0;
}

static rnf_status conv(void *self, const struct rnf_host *host,
		       const struct rnf_conv_shape *shape,
		       struct rnf_kernel *kernel)
{
	(void)self;
	if (shape->groups != 1 || shape->algorithm == RNF_ALGORITHM_WINOGRAD)
		return RNF_EUNSUP;
	struct conv *k = host->alloc(sizeof *k);
	if (!k) return host->fail(RNF_ENOMEM, "out of memory");
	struct rnf_conv_shape turned = *shape;
	const int turns = shape->kind == RNF_CONV_BWD_DATA &&
			  turn_shape(&turned);
	k->s = turns ? turned : *shape;
	measure(k);
	*kernel = (struct rnf_kernel){ .name = k->direct ? "gemm" : "im2col+gemm",
				       .state = k };
	kernel->run = shape->kind == RNF_CONV_FWD ? fwd
		: shape->kind == RNF_CONV_BWD_WEIGHTS ? bwd_weights
		: turns ? bwd_data_turned : bwd_data;
	if (!k->direct)
		kernel->scratch_bytes =
			(size_t)(k->rows * k->s.window.out_w * k->columns) *
			sizeof(float);
	if (turns)
		kernel->scratch_bytes +=
			(size_t)(k->columns * k->s.k + 16) * sizeof(float);
	return RNF_OK;
}

/* -- the check at start: some builds of OpenBLAS compute wrong results on
 * processors newer than they are -- */

enum { CHECK_FLOATS = 64 * 576 }; /* room for the largest matrix below */

/* m, n, depth: small and large enough for OpenBLAS to take different kernels */
static const int check_sizes[][3] = {
	{ 64, 16, 144 }, { 64, 64, 64 }, { 7, 13, 5 }, { 33, 17, 100 }, { 56, 64, 576 },
};
/* the products of fwd, bwd_data, and of bwd_weights at its first and later bands */
static const struct product {
	CBLAS_TRANSPOSE a, b;
	float beta;
} check_products[] = {
	{ CblasNoTrans, CblasNoTrans, 0 },
	{ CblasNoTrans, CblasTrans, 0 },
	{ CblasTrans, CblasNoTrans, 0 },
	{ CblasTrans, CblasNoTrans, 1 },
};

/* Multiples of 1/32 in -1 .. 1: sums of their products are exact in float, so any
 * order of summation gives the same bits. */
static void fill(float *data, int n, int seed)
{
	for (int i = 0; i < n; i++)
		data[i] = (float)(((i + seed) * 37 + 11) % 64 - 32) / 32;
}

static void transpose(int rows, int columns, const float *from, float *to)
{
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			to[j * rows + i] = from[i * columns + j];
}

/* c [m][n] = a [m][depth] . b [depth][n] in plain C */
static void multiply(const int size[3], const float *a, const float *b,
		     float *restrict c)
{
	const int m = size[0], n = size[1], depth = size[2];
	memset(c, 0, (size_t)(m * n) * sizeof *c);
	for (int i = 0; i < m; i++)
		for (int l = 0; l < depth; l++)
			for (int j = 0; j < n; j++)
				c[i * n + j] += a[i * depth + l] * b[l * n + j];
}

/* The operands as they are and transposed, their product, and that of OpenBLAS. */
struct check {
	float a[2][CHECK_FLOATS], b[2][CHECK_FLOATS], want[CHECK_FLOATS], c[CHECK_FLOATS];
};

static void prepare(struct check *k, const int size[3])
{
	const int m = size[0], n = size[1], depth = size[2];
	fill(k->a[0], m * depth, 0);
	fill(k->b[0], depth * n, 5);
	transpose(m, depth, k->a[0], k->a[1]);
	transpose(depth, n, k->b[0], k->b[1]);
	multiply(size, k->a[0], k->b[0], k->want);
}

static int is_right(struct check *k, const int size[3], const struct product *p)
{
	const int m = size[0], n = size[1], depth = size[2];
	const int ta = p->a == CblasTrans, tb = p->b == CblasTrans;
	/* overwritten memory starts as NaN and must not be read */
	for (int i = 0; i < m * n; i++)
		k->c[i] = p->beta == 0 ? NAN : 1;
	sgemm(CblasRowMajor, p->a, p->b, m, n, depth, 1, k->a[ta],
		    ta ? m : depth, k->b[tb], tb ? depth : n, p->beta, k->c, n);
	for (int i = 0; i < m * n; i++)
		if (!(k->c[i] == k->want[i] + p->beta)) return 0;
	return 1;
}

static rnf_status wrong(const struct rnf_host *host, const int size[3],
			const struct product *p)
{
	static const char *const words[] = { "", " (transposed)" };
	return host->fail(RNF_EINVAL,
			  "the product of %d x %d%s and %d x %d%s is wrong: this OpenBLAS "
			  "(%s) computes wrong results on this processor; set "
			  "OPENBLAS_CORETYPE=Haswell (or Zen) in the environment, or "
			  "choose another one by backend = \"...\"",
			  size[0], size[2], words[p->a == CblasTrans], size[2], size[1],
			  words[p->b == CblasTrans], corename());
}

/* As a program that is linked with it finds it: what is preloaded comes first. */
static void *symbol(void *library, const char *name)
{
	void *first = dlsym(RTLD_DEFAULT, name);
	return first ? first : dlsym(library, name);
}

static rnf_status load(const struct rnf_host *host)
{
	__typeof__(&openblas_set_num_threads) set_threads;
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library) return host->fail(RNF_ENOENT, "the backend openblas: %s", dlerror());
	*(void **)&sgemm = symbol(library, "cblas_sgemm");
	*(void **)&corename = symbol(library, "openblas_get_corename");
	*(void **)&set_threads = symbol(library, "openblas_set_num_threads");
	if (!sgemm || !corename || !set_threads)
		return host->fail(RNF_EUNSUP, "the backend openblas: " LIBRARY " is no OpenBLAS");
	set_threads(1);
	return RNF_OK;
}

static rnf_status open(const struct rnf_host *host, const void *conf, void **self)
{
	(void)conf;
	*self = NULL;
	RNF_TRY(load(host));
	struct check *k = host->alloc(sizeof *k);
	if (!k) return host->fail(RNF_ENOMEM, "out of memory");
	for (size_t i = 0; i < sizeof check_sizes / sizeof *check_sizes; i++) {
		prepare(k, check_sizes[i]);
		for (size_t j = 0; j < sizeof check_products / sizeof *check_products; j++)
			if (!is_right(k, check_sizes[i], &check_products[j]))
				return wrong(host, check_sizes[i], &check_products[j]);
	}
	return RNF_OK;
}

/* -- the peak: a product that fits into L2 -- */

enum { PEAK_SIZE = 256, PEAK_CALLS = 20 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double peak(void *self, enum rnf_precision precision)
{
	static float a[PEAK_SIZE * PEAK_SIZE], b[PEAK_SIZE * PEAK_SIZE],
		c[PEAK_SIZE * PEAK_SIZE];
	const int n = PEAK_SIZE;
	double best = INFINITY;
	(void)self;
	if (precision != RNF_PRECISION_FP32) return 0;
	fill(a, n * n, 0);
	fill(b, n * n, 5);
	for (int i = 0; i < PEAK_CALLS; i++) {
		const double start = now();
		sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n,
			    b, n, 0, c, n);
		const double seconds = now() - start;
		if (seconds < best) best = seconds;
	}
	return best > 0 ? 2.0 * n * n * n / best : 0;
}

static const struct rnf_backend_impl impl = {
	.score = score, .open = open, .conv = conv, .peak = peak,
};
RNF_PLUGIN(backend, openblas, "convolutions by OpenBLAS: im2col and GEMM", NULL, impl)
