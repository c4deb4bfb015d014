#include "data/resample.h"

#include <math.h>
#include <string.h>

enum { BITS = 22, HALF = 1 << (BITS - 1) };

/* Which pixels a new one is made of, along one side. */
struct axis {
	int32_t *first, *n; /* [to] */
	int32_t *weights;   /* [to][taps], sums to 1 << BITS */
	int64_t taps;
};

static double reach(int64_t n, int64_t to)
{
	return n > to ? (double)n / (double)to : 1.0;
}

static int64_t taps_of(int64_t n, int64_t to)
{
	return 2 * (int64_t)ceil(reach(n, to)) + 1;
}

static size_t axis_bytes(int64_t n, int64_t to)
{
	return (size_t)(to * (2 + taps_of(n, to)) + 1) * sizeof(int32_t);
}

size_t rnf_resample_scratch(int64_t h, int64_t w, int64_t c, int64_t to_h, int64_t to_w)
{
	return axis_bytes(h, to_h) + axis_bytes(w, to_w) + (size_t)(h * to_w * c) + 8;
}

static void set_weights(struct axis *a, int64_t x, int64_t n, int64_t to)
{
	const double r = reach(n, to), centre = ((double)x + 0.5) * ((double)n / (double)to);
	int64_t from = (int64_t)(centre - r + 0.5), end = (int64_t)(centre + r + 0.5);
	double sum = 0;
	if (from < 0) from = 0;
	if (end > n) end = n;
	for (int64_t k = from; k < end; k++)
		sum += fmax(0.0, 1.0 - fabs((double)k + 0.5 - centre) / r);
	for (int64_t k = from; k < end; k++) {
		const double weight = fmax(0.0, 1.0 - fabs((double)k + 0.5 - centre) / r) / sum;
		a->weights[x * a->taps + k - from] = (int32_t)(weight * (1 << BITS) + 0.5);
	}
	a->first[x] = (int32_t)from;
	a->n[x] = (int32_t)(end - from);
}

/* Returns the memory behind it. */
static char *make_axis(struct axis *a, int64_t n, int64_t to, char *memory)
{
	a->taps = taps_of(n, to);
	a->first = (int32_t *)(void *)memory;
	a->n = a->first + to;
	a->weights = a->n + to;
	for (int64_t x = 0; x < to; x++)
		set_weights(a, x, n, to);
	return memory + axis_bytes(n, to);
}

static uint8_t to_byte(int32_t sum)
{
	const int32_t value = sum >> BITS;
	return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* One new pixel of c bytes from n old ones, `step` bytes apart. */
static void weigh(const uint8_t *at, int64_t step, const int32_t *weights, int32_t n,
		  int64_t c, uint8_t *to)
{
	for (int64_t j = 0; j < c; j++) {
		int32_t sum = HALF;
		for (int32_t k = 0; k < n; k++)
			sum += at[k * step + j] * weights[k];
		to[j] = to_byte(sum);
	}
}

/* to[h][to_w][c] */
static void along_rows(const struct rnf_crop *from, const struct axis *a, int64_t to_w,
		       uint8_t *to)
{
	for (int64_t y = 0; y < from->h; y++)
		for (int64_t x = 0; x < to_w; x++, to += from->c)
			weigh(from->at + y * from->stride + a->first[x] * from->c, from->c,
			      a->weights + x * a->taps, a->n[x], from->c, to);
}

/* A row is c bytes of one pixel here: columns do not mix. */
static void along_columns(const uint8_t *from, int64_t stride, const struct axis *a,
			  int64_t row, int64_t to_h, uint8_t *to)
{
	for (int64_t y = 0; y < to_h; y++, to += row)
		weigh(from + a->first[y] * stride, stride, a->weights + y * a->taps, a->n[y],
		      row, to);
}

void rnf_resample(const struct rnf_crop *from, uint8_t *to, int64_t to_h, int64_t to_w,
		  void *scratch)
{
	const int64_t row = to_w * from->c;
	struct axis across, down;
	char *rest = make_axis(&across, from->w, to_w, scratch);
	uint8_t *middle = (uint8_t *)make_axis(&down, from->h, to_h, rest);
	const uint8_t *rows = middle;
	int64_t stride = row;
	if (to_w == from->w) {
		rows = from->at;
		stride = from->stride;
	} else {
		along_rows(from, &across, to_w, to_h == from->h ? to : middle);
	}
	if (to_h != from->h) along_columns(rows, stride, &down, row, to_h, to);
	else if (to_w == from->w)
		for (int64_t y = 0; y < to_h; y++)
			memcpy(to + y * row, rows + y * stride, (size_t)row);
}
