/* Steps as tables of integers and calls. All that is rounded when the file is written is rounded
 * here, in double, half up. */
#include "int8.h"

#include <math.h>
#include <stdlib.h>

enum { SHIFT_MAX = 62 };

static double half_up(double x)
{
	return floor(x + 0.5);
}

static int32_t cut(double x, double low, double high)
{
	return (int32_t)(x < low ? low : x > high ? high : x);
}

/* x is about multiplier / 2^shift, 2^30 <= multiplier < 2^31; beyond what an int32 holds or a
 * shift gives, x is so large that all is cut, or smaller. */
static int32_t multiplier_of(double x, int32_t *shift)
{
	int e;
	const double part = frexp(x, &e);
	*shift = 31 - e < 1 ? 1 : 31 - e > SHIFT_MAX ? SHIFT_MAX : 31 - e;
	return cut(half_up(ldexp(part, e + *shift)), 0, INT32_MAX);
}

/* The largest shift, at most 30, at which all of x fit an int32. */
static int32_t shift_for(const double *x, int n)
{
	int32_t shift = 30;
	for (int i = 0; i < n; i++)
		while (shift > 1 && fabs(x[i]) * ldexp(1, shift) >= INT32_MAX)
			shift--;
	return shift;
}

static int32_t shifted(double x, int32_t shift)
{
	return cut(half_up(x * ldexp(1, shift)), -INT32_MAX, INT32_MAX);
}

static const struct image *image(const struct plan *p, int32_t i)
{
	return &p->images[i];
}

static int32_t *room(const struct plan *p, int64_t n)
{
	return p->w->host->alloc((size_t)n * sizeof(int32_t));
}

static int table(const struct plan *p, const char *what, const char *type, const int32_t *data,
		 int64_t n)
{
	return writer_integers(p->w, what, type, data, n);
}

/* "memory + 0" */
static const char *at(const struct plan *p, int32_t i)
{
	char *text = p->w->host->alloc(40);
	snprintf(text, 40, "memory + %lld", (long long)p->lives[i].offset);
	return text;
}

/* -- convolutions -- */

/* Kernels [filters][pixels][channels], as they are read; the filter's norm is inside. */
struct kernel {
	int64_t size, filters; /* numbers of a filter */
	double *values;
	int32_t *q, *bias, *multiplier, *shift;
	double *scale; /* of a filter's sums */
};

static struct kernel kernel_of(const struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	const int64_t size = s->window.kernel_h * s->window.kernel_w * x->c / s->groups;
	struct kernel k = { .size = size, .filters = y->c };
	k.values = p->w->host->alloc((size_t)(size * y->c) * sizeof *k.values);
	k.scale = p->w->host->alloc((size_t)y->c * sizeof *k.scale);
	k.q = room(p, size * y->c);
	k.bias = room(p, y->c);
	k.multiplier = room(p, y->c);
	k.shift = room(p, y->c);
	for (int64_t o = 0; o < y->c; o++)
		for (int64_t i = 0; i < size; i++)
			k.values[o * size + i] = (double)s->kernel[i * y->c + o] * s->by[o];
	return k;
}

/* Of a filter's sum, whatever the image is. */
static double largest_sum(const struct kernel *k, const struct image *x, int64_t o)
{
	const double far = x->zero < 0 ? 127 - x->zero : x->zero + 128;
	double sum = fabs((double)k->bias[o]);
	for (int64_t i = 0; i < k->size; i++)
		sum += far * abs(k->q[o * k->size + i]);
	return sum;
}

static void round_filter(struct kernel *k, const struct image *x, int64_t o, double step,
			 double bias)
{
	for (int64_t i = 0; i < k->size; i++)
		k->q[o * k->size + i] = cut(half_up(k->values[o * k->size + i] / step), -127, 127);
	k->bias[o] = cut(half_up(bias / (x->scale * step)), -INT32_MAX, INT32_MAX);
	k->scale[o] = x->scale * step;
}

/* The step of a filter is that of its largest weight; that of a filter that does nothing, or
 * has tiny weights, such that its bias is at most 2^30. It doubles until no image can give
 * a sum beyond 2^31 - 1. */
static void quantise_filter(struct kernel *k, const struct image *x, int64_t o, double bias)
{
	double step = 0;
	for (int64_t i = 0; i < k->size; i++)
		step = fmax(step, fabs(k->values[o * k->size + i]) / 127);
	step = fmax(step, fabs(bias) / x->scale / (1 << 30));
	if (!(step > 1e-30)) step = 1;
	round_filter(k, x, o, step, bias);
	while (largest_sum(k, x, o) > INT32_MAX)
		round_filter(k, x, o, step *= 2, bias);
}

static void quantise(const struct plan *p, const struct step *s, struct kernel *k)
{
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	for (int64_t o = 0; o < y->c; o++) {
		quantise_filter(k, x, o, s->shift[o]);
		k->multiplier[o] = multiplier_of(k->scale[o] / y->scale, &k->shift[o]);
	}
}

static void window(const struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]);
	const struct rnf_export_value shape = { s->flat ? 1 : x->h, s->flat ? image_size(x) : x->w,
						s->flat ? 1 : x->c, NULL };
	writer_window(p->w, &shape, &s->window);
}

/* Sums of the last step stay as they are; their scales make logits of them. */
static int writes_sums(const struct plan *p, const struct step *s)
{
	return p->wide && s->out == p->logits;
}

static void write_scales(struct plan *p, const double *scale, int64_t n)
{
	float *floats = p->w->host->alloc((size_t)n * sizeof *floats);
	for (int64_t i = 0; i < n; i++)
		floats[i] = (float)scale[i];
	p->scales = writer_table(p->w, "logits", floats, n);
}

static rnf_status convolution(struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	struct kernel k = kernel_of(p, s);
	quantise(p, s, &k);
	const int t[4] = { table(p, s->label, "int8_t", k.q, k.size * y->c),
			   table(p, s->label, "int32_t", k.bias, y->c),
			   table(p, s->label, "int32_t", k.multiplier, y->c),
			   table(p, s->label, "uint8_t", k.shift, y->c) };
	if (k.size > p->patch) p->patch = k.size;
	p->w->macs += k.size * y->c * y->h * y->w;
	window(p, s);
	fprintf(p->w->body, "\t\tstatic const struct filters f = { %lld, %lld, %d, %d, t%d, t%d, t%d, "
		"t%d };\n", (long long)s->groups, (long long)y->c, x->zero, y->zero, t[0], t[1], t[2],
		t[3]);
	if (writes_sums(p, s)) write_scales(p, k.scale, y->c);
	fprintf(p->w->body, "\t\tconv(&at, &f, %s, %s, %s);\n\t}\n", at(p, s->in[0]),
		writes_sums(p, s) ? "0" : at(p, s->out), writes_sums(p, s) ? "sums" : "0");
	return RNF_OK;
}

/* -- one image, element by element -- */

/* For each channel a factor of what has that scale, a constant and a shift: their tables. */
static void line(const struct plan *p, const struct step *s, double scale, int t[3])
{
	const struct image *y = image(p, s->out);
	int32_t *by = room(p, y->c), *plus = room(p, y->c), *shift = room(p, y->c);
	for (int64_t c = 0; c < y->c; c++) {
		const double both[2] = { s->by[c] * scale / y->scale, s->shift[c] / y->scale };
		shift[c] = shift_for(both, 2);
		by[c] = shifted(both[0], shift[c]);
		plus[c] = shifted(both[1], shift[c]);
	}
	t[0] = table(p, s->label, "int32_t", by, y->c);
	t[1] = table(p, s->label, "int32_t", plus, y->c);
	t[2] = table(p, s->label, "uint8_t", shift, y->c);
}

static rnf_status affine(struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	int t[3];
	line(p, s, x->scale, t);
	fprintf(p->w->body, "\taffine(%lld, %lld, %d, %d, t%d, t%d, t%d, %s, %s);\n",
		(long long)(y->h * y->w), (long long)y->c, x->zero, y->zero, t[0], t[1], t[2],
		at(p, s->in[0]), at(p, s->out));
	return RNF_OK;
}

/* The variance of a set of n numbers is computed n^2 times as large, on the scale of x: so is
 * eps, at least 1, so that nothing is divided by 0. */
static int64_t eps_of(const struct step *s, const struct image *x, double n)
{
	const double eps = half_up(s->norm.eps * n * n / (x->scale * x->scale));
	return eps < 1 ? 1 : eps > ldexp(1, 60) ? (int64_t)1 << 60 : (int64_t)eps;
}

static rnf_status normalise(struct plan *p, const struct step *s)
{
	enum { MOST = 1 << 22, UNIT = 1 << 12 }; /* as int8_helpers.c has it */
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	const int64_t pixels = s->norm.each_pixel ? 1 : x->h * x->w, n = pixels * s->norm.width;
	int t[3];
	if (n > MOST)
		return p->w->host->fail(RNF_EUNSUP, "%s: sums of %lld squares may not fit an int64",
					s->label, (long long)n);
	line(p, s, 1.0 / UNIT, t);
	fprintf(p->w->body, "\t{\n\t\tstatic const struct sets s = { %lld, %lld, %lld, %d, %d, %lld, "
		"t%d, t%d, t%d };\n", (long long)pixels, (long long)x->c, (long long)s->norm.width,
		x->zero, y->zero, (long long)eps_of(s, x, (double)n), t[0], t[1], t[2]);
	fprintf(p->w->body, "\t\tnormalise(&s, %lld, %s, %s);\n\t}\n",
		(long long)(x->h * x->w / pixels), at(p, s->in[0]), at(p, s->out));
	return RNF_OK;
}

static int32_t entry(const struct image *y, double value)
{
	return cut(half_up(value / y->scale) + y->zero, -128, 127);
}

static rnf_status function(struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	const int64_t tables = s->by_channel ? y->c : 1;
	int32_t *data = room(p, tables * 256);
	for (int64_t c = 0; c < tables; c++)
		for (int q = -128; q < 128; q++)
			data[c * 256 + q + 128] =
				entry(y, term_at(p, s->op, s->term, x->scale * (q - x->zero), c));
	fprintf(p->w->body, "\tlook_up(%lld, %lld, t%d, %s, %s);\n",
		(long long)(image_size(y) / tables), (long long)tables,
		table(p, s->label, "int8_t", data, tables * 256), at(p, s->in[0]), at(p, s->out));
	return RNF_OK;
}

/* -- two images -- */

/* Is it as large, or one pixel or channel for all? Distances from one to the next. */
static void distances(const struct plan *p, int32_t i)
{
	const struct image *x = image(p, i);
	fprintf(p->w->body, "%s, %lld, %d, ", at(p, i), (long long)(x->h * x->w > 1 ? x->c : 0),
		x->c > 1);
}

static void operands(const struct plan *p, const char *call, const struct step *s)
{
	const struct image *y = image(p, s->out);
	fprintf(p->w->body, "\t%s%lld, %lld, ", call, (long long)(y->h * y->w), (long long)y->c);
	distances(p, s->in[0]);
	distances(p, s->in[1]);
	fprintf(p->w->body, "%d, %d, %d, ", image(p, s->in[0])->zero, image(p, s->in[1])->zero,
		y->zero);
}

static void pair(struct plan *p, const struct step *s, const char *call, double a, double b)
{
	const double by[2] = { a * image(p, s->in[0])->scale / image(p, s->out)->scale,
			       b * image(p, s->in[1])->scale / image(p, s->out)->scale };
	const int32_t shift = shift_for(by, 2);
	operands(p, call, s);
	fprintf(p->w->body, "%d, %d, %d, %s);\n", shifted(by[0], shift), shifted(by[1], shift), shift,
		at(p, s->out));
}

static rnf_status add(struct plan *p, const struct step *s)
{
	pair(p, s, "add(", s->by[0], s->by[1]);
	return RNF_OK;
}

static rnf_status larger(struct plan *p, const struct step *s)
{
	pair(p, s, "extreme(1, ", 1, 1);
	return RNF_OK;
}

static rnf_status smaller(struct plan *p, const struct step *s)
{
	pair(p, s, "extreme(-1, ", 1, 1);
	return RNF_OK;
}

static rnf_status multiply(struct plan *p, const struct step *s)
{
	int32_t shift;
	const int32_t by = multiplier_of(image(p, s->in[0])->scale * image(p, s->in[1])->scale /
					 image(p, s->out)->scale, &shift);
	operands(p, "multiply(", s);
	fprintf(p->w->body, "%d, %d, %s);\n", by, shift, at(p, s->out));
	return RNF_OK;
}

/* Numbers are below 2^8: a shift of so many bits leaves a divisor below 2^62, and a quotient that
 * needs more is 0. */
static rnf_status divide(struct plan *p, const struct step *s)
{
	enum { MOST = 54 };
	int32_t shift;
	int32_t by = multiplier_of(image(p, s->in[0])->scale / image(p, s->in[1])->scale /
				   image(p, s->out)->scale, &shift);
	if (shift > MOST) {
		by = 0;
		shift = MOST;
	}
	operands(p, "divide(", s);
	fprintf(p->w->body, "%d, %d, %s);\n", by, shift, at(p, s->out));
	return RNF_OK;
}

/* -- pixels -- */

/* Windows at an edge have fewer pixels: a multiplier for each number of them. */
static rnf_status average(struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	const int64_t most = s->window.kernel_h * s->window.kernel_w;
	int32_t *by = room(p, most), shift;
	multiplier_of(x->scale / y->scale, &shift);
	for (int64_t n = 1; n <= most; n++)
		by[n - 1] = shifted(x->scale / y->scale / (double)n, shift);
	window(p, s);
	fprintf(p->w->body, "\t\taverage(&at, %d, %d, t%d, %d, %s, %s);\n\t}\n", x->zero, y->zero,
		table(p, s->label, "int32_t", by, most), shift, at(p, s->in[0]), at(p, s->out));
	return RNF_OK;
}

static rnf_status largest(struct plan *p, const struct step *s)
{
	window(p, s);
	fprintf(p->w->body, "\t\tlargest(&at, %s, %s);\n\t}\n", at(p, s->in[0]),
		at(p, s->out));
	return RNF_OK;
}

static rnf_status mean(struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	const int64_t pixels = x->h * x->w;
	int32_t shift;
	const int32_t by = multiplier_of(x->scale / y->scale / (double)pixels, &shift);
	if (pixels > INT32_MAX / 255)
		return p->w->host->fail(RNF_EUNSUP, "%s: a sum of %lld pixels may not fit an int32",
					s->label, (long long)pixels);
	fprintf(p->w->body, "\tmean(%lld, %lld, %d, %d, %d, %d, %s, %s);\n", (long long)pixels,
		(long long)y->c, x->zero, y->zero, by, shift, at(p, s->in[0]), at(p, s->out));
	return RNF_OK;
}

/* -- the same values elsewhere -- */

/* c channels of each pixel, from `from` to `to`, on the scale of `out`. */
static void move_pixels(struct plan *p, int32_t in, int32_t out, int64_t pixels, int64_t c,
			int64_t from, int64_t to)
{
	const struct image *x = image(p, in), *y = image(p, out);
	int32_t shift;
	const int32_t by = multiplier_of(x->scale / y->scale, &shift);
	writer_want(p->w, HELPER_INT_MOVE);
	fprintf(p->w->body, "\tmove(%lld, %lld, %s + %lld, %lld, %s + %lld, %lld, %d, %d, %d, %d);\n",
		(long long)pixels, (long long)c, at(p, in), (long long)from, (long long)x->c,
		at(p, out), (long long)to, (long long)y->c, x->zero, y->zero, by, shift);
}

static void move(struct plan *p, int32_t in, int32_t out, int64_t c, int64_t from, int64_t to)
{
	move_pixels(p, in, out, image(p, out)->h * image(p, out)->w, c, from, to);
}

static rnf_status concat(struct plan *p, const struct step *s)
{
	int64_t first = 0;
	for (uint32_t i = 0; i < s->n_in; i++) {
		move(p, s->in[i], s->out, image(p, s->in[i])->c, 0, first);
		first += image(p, s->in[i])->c;
	}
	return RNF_OK;
}

static rnf_status slice(struct plan *p, const struct step *s)
{
	move(p, s->in[0], s->out, image(p, s->out)->c, s->first, 0);
	return RNF_OK;
}

static rnf_status reshape(struct plan *p, const struct step *s)
{
	if (p->lives[s->in[0]].offset == p->lives[s->out].offset) return RNF_OK;
	move_pixels(p, s->in[0], s->out, 1, image_size(image(p, s->out)), 0, 0);
	return RNF_OK;
}

static rnf_status border(struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]), *y = image(p, s->out);
	fprintf(p->w->body, "\tsurround(%lld, %lld, %lld, %lld, %lld, %lld, %lld, %d, %s, %s);\n",
		(long long)x->h, (long long)x->w, (long long)x->c, (long long)s->window.pad_top,
		(long long)s->window.pad_left, (long long)y->h, (long long)y->w,
		s->window.border == RNF_BORDER_EDGE, at(p, s->in[0]), at(p, s->out));
	return RNF_OK;
}

static rnf_status take(struct plan *p, const struct step *s)
{
	const struct image *x = image(p, s->in[0]);
	const struct around a = writer_around((const int64_t[]){ x->h, x->w, x->c }, s->op->axis);
	int32_t *places = room(p, s->op->n_index);
	for (int64_t i = 0; i < s->op->n_index; i++)
		places[i] = (int32_t)s->op->index[i];
	fprintf(p->w->body, "\ttake(%lld, %lld, %lld, %lld, %d, t%d, %s, %s);\n", (long long)a.outer,
		(long long)a.size, (long long)s->op->n_index, (long long)a.inner, x->zero,
		table(p, s->label, "int32_t", places, s->op->n_index), at(p, s->in[0]),
		at(p, s->out));
	return RNF_OK;
}

static rnf_status permute(struct plan *p, const struct step *s)
{
	const int32_t n = s->op->n_axes;
	int64_t strides[RNF_AXES_MAX];
	int32_t axes[2 * RNF_AXES_MAX];
	writer_strides(s->op, strides);
	for (int32_t i = 0; i < n; i++) {
		axes[2 * i] = (int32_t)s->op->sizes[s->op->order[i]];
		axes[2 * i + 1] = (int32_t)strides[s->op->order[i]];
	}
	fprintf(p->w->body, "\tpermute(%d, t%d, %s, %s);\n", n,
		table(p, s->label, "int32_t", axes, 2 * n), at(p, s->in[0]), at(p, s->out));
	return RNF_OK;
}

static rnf_status product(struct plan *p, const struct step *s)
{
	const struct image *a = image(p, s->in[0]), *b = image(p, s->in[1]), *y = image(p, s->out);
	int32_t shift;
	const int32_t by = multiplier_of(a->scale * b->scale / y->scale, &shift);
	if (a->c > INT32_MAX / (255 * 255))
		return p->w->host->fail(RNF_EUNSUP, "%s: a sum of %lld products may not fit an int32",
					s->label, (long long)a->c);
	p->w->macs += a->h * a->w * a->c * b->c;
	fprintf(p->w->body, "\tproduct(%lld, %lld, %lld, %lld, %d, %d, %d, %d, %d, %s, %s, %s);\n",
		(long long)a->h, (long long)a->w, (long long)a->c, (long long)b->c, a->zero, b->zero,
		y->zero, by, shift, at(p, s->in[0]), at(p, s->in[1]), at(p, s->out));
	return RNF_OK;
}

/* 2^(-i / 256), in 2^-24 */
static int powers(const struct plan *p)
{
	int32_t *data = room(p, 256);
	for (int i = 0; i < 256; i++)
		data[i] = (int32_t)half_up(exp2(24 - i / 256.0));
	return table(p, "powers", "int32_t", data, 256);
}

static rnf_status mix(struct plan *p, const struct step *s)
{
	enum { CHANNELS = 16512, PIXELS = 1 << 18, UNIT = 1 << 12 }; /* as int8_helpers.c has it */
	const struct image *a = image(p, s->in[0]), *b = image(p, s->in[1]), *v = image(p, s->in[2]),
			   *y = image(p, s->out);
	int32_t shift, by_shift;
	const int32_t octaves = multiplier_of(256 / log(2) * s->by[0] * a->scale * b->scale, &shift);
	const int32_t by = multiplier_of(v->scale / y->scale / UNIT, &by_shift);
	if (a->c > CHANNELS || v->w > PIXELS)
		return p->w->host->fail(RNF_EUNSUP, "%s: sums over %lld channels and %lld pixels may not "
					"fit", s->label, (long long)a->c, (long long)v->w);
	if (v->w > p->row) p->row = v->w;
	p->w->macs += a->h * a->w * v->w * (a->c + v->c);
	fprintf(p->w->body, "\t{\n\t\tstatic const struct mixture m = { %lld, %lld, %lld, %lld, %lld, %d, "
		"%d, %d, %d, %d, %d, %d, %d, t%d };\n", (long long)a->h, (long long)a->w,
		(long long)a->c, (long long)v->w, (long long)v->c, a->zero, b->zero, v->zero, y->zero,
		octaves, shift, by, by_shift, powers(p));
	fprintf(p->w->body, "\t\tmix(&m, %s, %s, %s, %s);\n\t}\n", at(p, s->in[0]), at(p, s->in[1]),
		at(p, s->in[2]), at(p, s->out));
	return RNF_OK;
}

static const struct {
	rnf_status (*write)(struct plan *, const struct step *);
	enum helper helper;
	int windows;
} rows[STEPS] = {
	[STEP_CONV] = { convolution, HELPER_INT_CONV, 1 },
	[STEP_AFFINE] = { affine, HELPER_INT_AFFINE, 0 },
	[STEP_NORM] = { normalise, HELPER_INT_NORM, 0 },
	[STEP_TABLE] = { function, HELPER_INT_TABLE, 0 },
	[STEP_ADD] = { add, HELPER_INT_ADD, 0 },
	[STEP_MUL] = { multiply, HELPER_INT_MULTIPLY, 0 },
	[STEP_DIV] = { divide, HELPER_INT_DIVIDE, 0 },
	[STEP_MAX] = { larger, HELPER_INT_EXTREME, 0 },
	[STEP_MIN] = { smaller, HELPER_INT_EXTREME, 0 },
	[STEP_AVERAGE] = { average, HELPER_INT_AVERAGE, 1 },
	[STEP_LARGEST] = { largest, HELPER_INT_LARGEST, 1 },
	[STEP_MEAN] = { mean, HELPER_INT_MEAN, 0 },
	[STEP_CONCAT] = { concat, HELPERS, 0 },
	[STEP_SLICE] = { slice, HELPERS, 0 },
	[STEP_RESHAPE] = { reshape, HELPERS, 0 },
	[STEP_BORDER] = { border, HELPER_INT_BORDER, 0 },
	[STEP_TAKE] = { take, HELPER_INT_TAKE, 0 },
	[STEP_PRODUCT] = { product, HELPER_INT_PRODUCT, 0 },
	[STEP_MIX] = { mix, HELPER_INT_MIX, 0 },
	[STEP_PERMUTE] = { permute, HELPER_INT_PERMUTE, 0 },
};

static rnf_status write_step(struct plan *p, const struct step *s)
{
	fputs("\n\t/* ", p->w->body);
	writer_word(p->w->body, s->label);
	fputs(" */\n", p->w->body);
	writer_want(p->w, rows[s->kind].helper);
	if (rows[s->kind].windows) writer_want(p->w, HELPER_PIXEL);
	return rows[s->kind].write(p, s);
}

/* A byte of the image becomes an int8 by a table for each channel. */
static void input(struct plan *p)
{
	const struct rnf_export_model *m = p->w->model;
	const struct image *x = image(p, m->input);
	int32_t *data = room(p, x->c * 256);
	for (int64_t c = 0; c < x->c; c++)
		for (int i = 0; i < 256; i++)
			data[c * 256 + i] = entry(x, i * (double)m->scale[c] + (double)m->shift[c]);
	writer_want(p->w, HELPER_INT_IMAGE);
	fprintf(p->w->body, "\tread_image(%lld, %lld, t%d, image, %s);\n",
		(long long)(x->h * x->w), (long long)x->c,
		table(p, "pixels", "int8_t", data, x->c * 256), at(p, m->input));
}

/* Without sums, the int8 logits stand for them. */
static void narrow_logits(struct plan *p)
{
	const struct image *y = image(p, p->logits);
	double *scale = p->w->host->alloc((size_t)y->c * sizeof *scale);
	for (int64_t c = 0; c < y->c; c++)
		scale[c] = y->scale;
	write_scales(p, scale, y->c);
	writer_want(p->w, HELPER_INT_WIDEN);
	fprintf(p->w->body, "\twiden(%lld, %d, %s, sums);\n", (long long)y->c, y->zero,
		at(p, p->logits));
}

rnf_status plan_write(struct plan *p)
{
	input(p);
	for (size_t i = 0; i < p->n_steps; i++)
		RNF_TRY(write_step(p, &p->steps[i]));
	if (!p->wide) narrow_logits(p);
	return RNF_OK;
}
