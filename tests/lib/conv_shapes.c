#include "lib/conv_shapes.h"

#include "lib/plugin.h"
#include "lib/sanitizer.h"

enum { VALID = TEST_CONV_VALID, SAME = TEST_CONV_SAME, EVEN = TEST_CONV_EVEN,
	SHIFTED = TEST_CONV_SHIFTED };

static const struct row {
	int64_t h, w, c, k, groups, kernel_h, kernel_w, stride;
	int pad;
	int64_t dilation; /* 0: 1 */
} rows[] = {
#define DILATED(d, h, w, c, k, groups, kernel_h, kernel_w, stride, pad) \
	{ h, w, c, k, groups, kernel_h, kernel_w, stride, pad, d }
	/* of the models: dense, then in groups */
	{ 32, 32, 3, 16, 1, 3, 3, 1, SAME, 0 },   { 32, 32, 16, 16, 1, 3, 3, 1, SAME, 0 },
	{ 32, 32, 16, 32, 1, 3, 3, 2, SAME, 0 },  { 16, 16, 32, 32, 1, 3, 3, 1, SAME, 0 },
	{ 16, 16, 32, 64, 1, 3, 3, 2, SAME, 0 },  { 8, 8, 64, 64, 1, 3, 3, 1, SAME, 0 },
	{ 32, 32, 16, 64, 1, 1, 1, 1, SAME, 0 },  { 32, 32, 16, 32, 1, 1, 1, 2, SAME, 0 },
	{ 32, 32, 32, 32, 16, 3, 3, 1, SAME, 0 }, { 16, 16, 64, 64, 16, 3, 3, 1, SAME, 0 },
	{ 8, 8, 128, 128, 16, 3, 3, 1, SAME, 0 }, { 32, 32, 32, 32, 16, 3, 3, 2, SAME, 0 },
	/* one channel a group */
	{ 16, 16, 16, 16, 16, 3, 3, 1, SAME, 0 }, { 16, 16, 16, 16, 16, 3, 3, 2, SAME, 0 },
	{ 9, 7, 17, 17, 17, 3, 3, 1, SAME, 0 },
	/* groups of equal width in and out; 5, 8, 16 and 17 channels */
	{ 9, 7, 15, 15, 3, 3, 3, 1, SAME, 0 },    { 9, 7, 15, 15, 3, 3, 3, 2, EVEN, 0 },
	{ 7, 9, 16, 16, 2, 3, 3, 2, SAME, 0 },    { 8, 8, 64, 64, 4, 3, 3, 1, SAME, 0 },
	{ 8, 8, 64, 64, 4, 3, 3, 2, SAME, 0 },    { 5, 6, 34, 34, 2, 3, 3, 1, SAME, 0 },
	/* groups wider on one side */
	{ 9, 8, 6, 12, 3, 3, 3, 1, SAME, 0 },     { 9, 8, 12, 6, 3, 3, 3, 1, SAME, 0 },
	{ 9, 8, 6, 12, 3, 3, 3, 2, SAME, 0 },     { 9, 8, 12, 6, 3, 3, 3, 2, EVEN, 0 },
	{ 7, 7, 4, 64, 4, 3, 3, 1, SAME, 0 },     { 7, 7, 64, 4, 4, 3, 3, 1, SAME, 0 },
	/* kernels in groups */
	{ 9, 8, 16, 16, 4, 1, 1, 1, SAME, 0 },    { 9, 8, 16, 16, 4, 1, 1, 2, SAME, 0 },
	{ 9, 8, 16, 16, 4, 1, 7, 1, SAME, 0 },    { 9, 8, 16, 16, 4, 7, 1, 1, SAME, 0 },
	{ 9, 8, 16, 16, 4, 5, 5, 1, SAME, 0 },    { 9, 8, 16, 16, 4, 5, 5, 2, SAME, 0 },
	{ 9, 8, 16, 16, 4, 5, 5, 1, VALID, 0 },   { 1, 1, 16, 16, 4, 3, 3, 1, SAME, 0 },
	{ 9, 10, 16, 16, 4, 1, 9, 1, SAME, 0 },   { 12, 11, 16, 16, 4, 3, 9, 1, SAME, 0 },
	{ 9, 12, 24, 24, 4, 3, 3, 1, VALID, 0 },  { 9, 12, 24, 24, 4, 1, 3, 1, SAME, 0 },
	{ 5, 2, 16, 16, 4, 3, 3, 1, SAME, 0 },    { 5, 1, 16, 16, 4, 3, 3, 1, SAME, 0 },
	/* kernels, dense */
	{ 9, 8, 16, 8, 1, 1, 7, 1, SAME, 0 },     { 9, 8, 16, 8, 1, 7, 1, 1, SAME, 0 },
	{ 8, 8, 16, 8, 1, 3, 3, 1, VALID, 0 },    { 8, 8, 16, 8, 1, 3, 3, 2, EVEN, 0 },
	{ 33, 31, 17, 64, 1, 3, 3, 1, SAME, 0 },  { 33, 31, 64, 1, 1, 3, 3, 2, SAME, 0 },
	{ 11, 7, 17, 3, 1, 5, 4, 1, SAME, 0 },    { 9, 8, 3, 64, 1, 5, 4, 2, SAME, 0 },
	{ 48, 64, 3, 64, 1, 3, 3, 2, SAME, 0 },   /* dy in two bands, in bf16 */
	{ 4, 5, 9, 8, 1, 1, 1, 1, SHIFTED, 0 },
	{ 9, 10, 17, 20, 1, 3, 3, 1, SAME, 0 },   /* nine tiles of Winograd: one without a pair */
	/* dilated, dense and in groups */
	DILATED(2, 16, 16, 64, 64, 1, 3, 3, 1, SAME), DILATED(2, 9, 7, 16, 24, 1, 3, 3, 2, EVEN),
	DILATED(3, 9, 12, 17, 8, 1, 3, 3, 2, SAME),   DILATED(2, 5, 9, 3, 12, 1, 3, 3, 1, SAME),
	DILATED(4, 5, 9, 33, 3, 1, 3, 3, 1, SAME),    DILATED(2, 11, 9, 12, 33, 1, 3, 3, 1, VALID),
	DILATED(2, 1, 1, 12, 12, 1, 3, 3, 1, SAME),   DILATED(2, 1, 1, 1, 1, 1, 5, 5, 1, SAME),
	DILATED(2, 9, 8, 16, 16, 1, 5, 4, 1, SAME),   DILATED(5, 9, 8, 12, 16, 1, 1, 3, 1, SAME),
	DILATED(2, 8, 8, 64, 64, 16, 3, 3, 1, SAME),  DILATED(2, 9, 7, 33, 33, 3, 3, 3, 1, SAME),
	DILATED(2, 9, 7, 16, 16, 4, 3, 3, 2, SAME),   DILATED(3, 9, 7, 17, 17, 17, 3, 3, 1, SAME),
	DILATED(2, 5, 9, 12, 6, 3, 5, 3, 2, EVEN),    DILATED(7, 16, 5, 16, 16, 4, 3, 3, 1, SAME),
};

/* And each of these channels with each of these windows. */
static const struct { int64_t c, k, groups; } channels[] = {
	{ 1, 1, 1 }, { 1, 64, 1 }, { 3, 17, 1 }, { 17, 3, 1 }, { 64, 64, 1 },
	{ 6, 6, 6 }, { 8, 12, 4 }, { 12, 8, 4 }, { 32, 32, 16 }, { 128, 128, 16 },
};
static const struct row windows[] = {
	{ 1, 1, 0, 0, 0, 1, 1, 1, SAME, 0 }, { 1, 1, 0, 0, 0, 3, 3, 1, SAME, 0 },
	{ 1, 1, 0, 0, 0, 5, 4, 2, SAME, 0 }, { 7, 9, 0, 0, 0, 3, 3, 1, SAME, 0 },
	{ 8, 6, 0, 0, 0, 3, 3, 2, SAME, 0 }, { 7, 9, 0, 0, 0, 3, 3, 2, SAME, 0 },
	{ 7, 8, 0, 0, 0, 5, 4, 1, SAME, 0 }, { 9, 8, 0, 0, 0, 5, 4, 1, VALID, 0 },
	{ 9, 8, 0, 0, 0, 5, 4, 2, SAME, 0 }, { 5, 6, 0, 0, 0, 1, 1, 1, SAME, 0 },
	{ 5, 6, 0, 0, 0, 1, 1, 2, SAME, 0 }, { 2, 2, 0, 0, 0, 5, 5, 1, SAME, 0 },
	{ 9, 9, 0, 0, 0, 2, 3, 3, VALID, 0 },
};
enum {
	ROWS = TEST_ROWS(rows), WINDOWS = TEST_ROWS(windows),
	SHAPES = ROWS + WINDOWS * TEST_ROWS(channels),
};

static int64_t place(int64_t n, int64_t span, int64_t stride, enum test_conv_pad pad,
		     int64_t *before)
{
	*before = pad == TEST_CONV_EVEN ? span / 2 : pad == TEST_CONV_SHIFTED;
	if (pad == TEST_CONV_SHIFTED) return n;
	if (pad != TEST_CONV_SAME) return (n + 2 * *before - span) / stride + 1;
	const int64_t out = (n + stride - 1) / stride;
	const int64_t zeros = (out - 1) * stride + span - n;
	if (zeros > 0) *before = zeros / 2;
	return out;
}

void test_conv_place(struct rnf_conv_shape *s, enum test_conv_pad pad)
{
	struct rnf_window *w = &s->window;
	if (w->dilation == 0) w->dilation = 1;
	w->out_h = place(s->h, rnf_window_span(w->kernel_h, w->dilation), w->stride, pad,
			 &w->pad_top);
	w->out_w = place(s->w, rnf_window_span(w->kernel_w, w->dilation), w->stride, pad,
			 &w->pad_left);
}

/* The first twelve are dense and in groups. */
int test_conv_shapes(void)
{
	return test_few(SHAPES, 12);
}

struct rnf_conv_shape test_conv_shape(int i)
{
	struct row r = i < ROWS ? rows[i] : windows[(i - ROWS) % WINDOWS];
	if (i >= ROWS) {
		r.c = channels[(i - ROWS) / WINDOWS].c;
		r.k = channels[(i - ROWS) / WINDOWS].k;
		r.groups = channels[(i - ROWS) / WINDOWS].groups;
	}
	struct rnf_conv_shape s = {
		.h = r.h, .w = r.w, .c = r.c, .k = r.k, .groups = r.groups,
		.window = { .kernel_h = r.kernel_h, .kernel_w = r.kernel_w,
			    .stride = r.stride, .dilation = r.dilation } };
	test_conv_place(&s, (enum test_conv_pad)r.pad);
	return s;
}

void test_conv_count(const struct rnf_conv_shape *s, int64_t n[3])
{
	n[0] = s->h * s->w * s->c;
	n[1] = s->window.kernel_h * s->window.kernel_w * s->c / s->groups * s->k;
	n[2] = s->window.out_h * s->window.out_w * s->k;
}

void test_conv_count_inputs(const struct rnf_conv_shape *s, int64_t n[2])
{
	int64_t all[3];
	test_conv_count(s, all);
	n[0] = all[s->kind == RNF_CONV_BWD_DATA ? 2 : 0];
	n[1] = all[s->kind == RNF_CONV_BWD_WEIGHTS ? 2 : 1];
}
