/* Every built activation against its own `ref` in double; a new plugin needs no new code.
 * Those that PyTorch has are compared with it too. With --bench, also ns an element for each
 * kernel. */
#include "lib/golden.h"
#include "lib/plugin.h"
#include "op/formula.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PLUGINS_MAX 64

static const size_t sizes[] = { 1, 3, 17, RNF_TILE_MAX };
static const struct rnf_tile tile = { .size = sizeof tile, .key = 1 };

struct subject {
	char name[64];
	const struct rnf_activation_impl *impl;
	void *self;
};

static struct subject subjects[PLUGINS_MAX];
static size_t n_subjects;

/* The defaults of the numeric rows, as the core fills them. */
static void *defaults(const struct rnf_params *params)
{
	if (!params) return NULL;
	char *conf = calloc(1, params->conf_size);
	for (size_t i = 0; i < params->n; i++) {
		const struct rnf_param *row = &params->rows[i];
		if (row->type == RNF_TYPE_FLOAT)
			*(double *)(void *)(conf + row->offset) = row->number;
		if (row->type == RNF_TYPE_INT)
			*(int64_t *)(void *)(conf + row->offset) = (int64_t)row->number;
		if (row->type == RNF_TYPE_BOOL)
			*(int32_t *)(void *)(conf + row->offset) = row->number > 0;
	}
	return conf;
}

static void add_subject(const char *file)
{
	struct subject *s = &subjects[n_subjects];
	const size_t length = strlen(file);
	if (length < 4 || length - 3 >= sizeof s->name) return;
	if (strcmp(file + length - 3, ".so") != 0 || n_subjects == PLUGINS_MAX) return;
	memcpy(s->name, file, length - 3);
	const struct rnf_feature *feature = test_feature("activation", s->name);
	s->impl = feature->impl;
	s->self = defaults(feature->params);
	if (s->impl->ref) n_subjects++; /* random kernels have tests of their own */
	else memset(s, 0, sizeof *s);
}

static void find_subjects(void)
{
	char path[512];
	snprintf(path, sizeof path, "%s/plugins/activation", test_build());
	DIR *folder = opendir(path);
	n_subjects = 0;
	if (!folder) return;
	for (struct dirent *entry; (entry = readdir(folder));)
		add_subject(entry->d_name);
	closedir(folder);
}

/* -30 to 30 beside the round numbers, where kinks are, and far values at the end. */
static void fill(size_t n, float *x, float *dy)
{
	static const float far[] = { 1e-6f, -1e-6f, 90.0f, -90.0f, 1e3f, -1e3f,
				     1e20f, -1e20f, 3e38f, -3e38f };
	const size_t n_far = sizeof far / sizeof *far;
	for (size_t i = 0; i < n; i++) {
		x[i] = (float)(60.0 * ((double)i + 0.37) / (double)n - 30.0);
		dy[i] = (float)(1.5 - (double)(i % 7) / 3.5) + 0.01f;
	}
	for (size_t i = 0; n > 100 && i < n_far; i++)
		x[n - 1 - i] = far[i];
}

static void close_to(const char *what, const char *name, double x, double got,
		     double want, double tolerance)
{
	const double scale = fabs(want) > 1.0 ? fabs(want) : 1.0;
	ck_assert_msg(fabs(got - want) <= tolerance * scale,
		      "%s of %s at %.9g: %.9g, expected %.9g", what, name, x, got, want);
}

START_TEST(finds_plugins)
{
	find_subjects();
	ck_assert_uint_gt(n_subjects, 0);
	for (size_t i = 0; i < n_subjects; i++) {
		ck_assert_ptr_nonnull(subjects[i].impl->fwd);
		ck_assert_ptr_nonnull(subjects[i].impl->bwd);
	}
}
END_TEST

static void match_ref(const struct subject *s, size_t n)
{
	static float x[RNF_TILE_MAX], dy[RNF_TILE_MAX], y[RNF_TILE_MAX], dx[RNF_TILE_MAX];
	fill(n, x, dy);
	s->impl->fwd(s->self, &tile, n, x, y);
	s->impl->bwd(s->self, &tile, n, x, dy, dx);
	for (size_t i = 0; i < n; i++) {
		double slope;
		close_to("value", s->name, x[i], y[i], s->impl->ref(s->self, x[i], &slope), 1e-6);
		if (isnan(slope)) continue; /* inf * 0 in a ref, far out */
		close_to("slope", s->name, x[i], dx[i], dy[i] * slope, 2e-6);
	}
}

START_TEST(matches_ref)
{
	find_subjects();
	for (size_t i = 0; i < n_subjects; i++)
		for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
			match_ref(&subjects[i], sizes[j]);
}
END_TEST

START_TEST(bwd_is_the_central_difference_of_ref)
{
	static float x[1024], dy[1024], dx[1024];
	const double h = 1e-5;
	find_subjects();
	for (size_t i = 0; i < n_subjects; i++) {
		const struct subject *s = &subjects[i];
		fill(1024, x, dy);
		s->impl->bwd(s->self, &tile, 1024, x, dy, dx);
		for (size_t j = 0; j < 1024; j++) {
			double unused;
			if (fabsf(x[j]) > 50.0f || fabsf(x[j]) < 1e-4f) continue;
			const double up = s->impl->ref(s->self, x[j] + h, &unused);
			const double down = s->impl->ref(s->self, x[j] - h, &unused);
			close_to("gradient", s->name, x[j], dx[j],
				 dy[j] * (up - down) / (2 * h), 3e-6);
		}
	}
}
END_TEST

/* What exports write is what the kernels compute; a plugin without one is refused there. */
START_TEST(formula_is_ref)
{
	int with = 0;
	find_subjects();
	for (size_t i = 0; i < n_subjects; i++) {
		const struct subject *s = &subjects[i];
		struct rnf_formula_writer w;
		struct rnf_formula_list list;
		if (!s->impl->formula) continue;
		rnf_formula_begin(&w, 1);
		const int32_t y = s->impl->formula(s->self, &w.f, 0);
		ck_assert_int_eq(rnf_formula_end(&w, y, s->name, &list), RNF_OK);
		for (double x = -30; x < 30; x += 0.37) {
			double unused;
			const double wanted = s->impl->ref(s->self, x, &unused);
			ck_assert_double_eq_tol(rnf_formula_value(&list, &x), wanted, 3e-9);
		}
		with++;
	}
	ck_assert_int_ge(with, 10);
}
END_TEST

/* Apart, then with y on x and dx on dy; and dx on x for bwd. */
static void same_bits(const struct subject *s, size_t n)
{
	static float x[RNF_TILE_MAX], dy[RNF_TILE_MAX], y[RNF_TILE_MAX], dx[RNF_TILE_MAX];
	static float a[RNF_TILE_MAX], b[RNF_TILE_MAX];
	const size_t bytes = n * sizeof *x;
	fill(n, x, dy);
	s->impl->fwd(s->self, &tile, n, x, y);
	s->impl->bwd(s->self, &tile, n, x, dy, dx);
	memcpy(a, x, bytes);
	s->impl->fwd(s->self, &tile, n, a, a);
	ck_assert_mem_eq(a, y, bytes);
	memcpy(a, dy, bytes);
	s->impl->bwd(s->self, &tile, n, x, a, a);
	ck_assert_mem_eq(a, dx, bytes);
	memcpy(a, x, bytes);
	s->impl->bwd(s->self, &tile, n, a, dy, a);
	ck_assert_mem_eq(a, dx, bytes);
	if (!s->impl->fwd_bwd) return;
	s->impl->fwd_bwd(s->self, &tile, n, x, dy, a, b);
	ck_assert_mem_eq(a, y, bytes);
	ck_assert_mem_eq(b, dx, bytes);
	memcpy(a, x, bytes);
	memcpy(b, dy, bytes);
	s->impl->fwd_bwd(s->self, &tile, n, a, b, a, b);
	ck_assert_mem_eq(a, y, bytes);
	ck_assert_mem_eq(b, dx, bytes);
}

START_TEST(has_the_same_bits_in_place_and_fused)
{
	find_subjects();
	for (size_t i = 0; i < n_subjects; i++)
		for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
			same_bits(&subjects[i], sizes[j]);
}
END_TEST

/* An element's bits do not depend on where in a tile it lies. */
START_TEST(has_the_same_bits_alone)
{
	static float x[RNF_TILE_MAX], dy[RNF_TILE_MAX], y[RNF_TILE_MAX];
	find_subjects();
	for (size_t i = 0; i < n_subjects; i++) {
		fill(RNF_TILE_MAX, x, dy);
		subjects[i].impl->fwd(subjects[i].self, &tile, RNF_TILE_MAX, x, y);
		for (size_t j = 0; j < RNF_TILE_MAX; j++) {
			float alone;
			subjects[i].impl->fwd(subjects[i].self, &tile, 1, x + j, &alone);
			ck_assert_mem_eq(&alone, y + j, sizeof alone);
		}
	}
}
END_TEST

/* At every place of a tile, in vector code and in its remainder; the neighbours stay
 * finite. */
static void pass_nan(const struct subject *s, size_t at)
{
	float x[37], dy[37], y[37], dx[37], y2[37], dx2[37];
	fill(37, x, dy);
	x[at] = NAN;
	s->impl->fwd(s->self, &tile, 37, x, y);
	s->impl->bwd(s->self, &tile, 37, x, dy, dx);
	memcpy(y2, y, sizeof y);
	memcpy(dx2, dx, sizeof dx);
	if (s->impl->fwd_bwd) s->impl->fwd_bwd(s->self, &tile, 37, x, dy, y2, dx2);
	for (size_t i = 0; i < 37; i++) {
		ck_assert_int_eq(!!isnan(y[i]), i == at);
		ck_assert_int_eq(!!isnan(dx[i]), i == at);
		ck_assert_int_eq(!!isnan(y2[i]), i == at);
		ck_assert_int_eq(!!isnan(dx2[i]), i == at);
	}
	fill(37, x, dy);
	dy[at] = NAN;
	s->impl->bwd(s->self, &tile, 37, x, dy, dx);
	for (size_t i = 0; i < 37; i++)
		ck_assert_int_eq(!!isnan(dx[i]), i == at);
}

START_TEST(passes_nan_on)
{
	find_subjects();
	for (size_t i = 0; i < n_subjects; i++)
		for (size_t at = 0; at < 37; at++)
			pass_nan(&subjects[i], at);
}
END_TEST

/* -- PyTorch -- */

/* A golden case, and the keys of the plugin that are not its defaults. */
static const struct {
	const char *golden, *plugin, *keys[2];
	double values[2];
} peers[] = {
	{ "relu", "relu", { 0 }, { 0 } },
	{ "mish", "mish", { 0 }, { 0 } },
	{ "gelu", "gelu", { 0 }, { 0 } },
	{ "silu", "silu", { 0 }, { 0 } },
	{ "sigmoid", "sigmoid", { 0 }, { 0 } },
	{ "relu6", "relu6", { 0 }, { 0 } },
	{ "hard_swish", "hard_swish", { 0 }, { 0 } },
	{ "leaky_relu", "leaky_relu", { 0 }, { 0 } },
	{ "leaky_relu_0.2", "leaky_relu", { "slope" }, { 0.2 } },
	{ "elu", "elu", { 0 }, { 0 } },
	{ "elu_0.5", "elu", { "alpha" }, { 0.5 } },
	{ "softplus", "softplus", { 0 }, { 0 } },
	{ "softplus_2", "softplus", { "beta", "threshold" }, { 2, 10 } },
};

static void set(const struct rnf_params *params, void *conf, const char *key, double value)
{
	for (size_t i = 0; i < params->n; i++)
		if (!strcmp(params->rows[i].key, key)) {
			memcpy((char *)conf + params->rows[i].offset, &value, sizeof value);
			return;
		}
	ck_abort_msg("there is no key %s", key);
}

/* Values and slopes, at kinks too. */
START_TEST(has_the_numbers_of_pytorch)
{
	const struct rnf_feature *feature = test_feature("activation", peers[_i].plugin);
	const struct rnf_activation_impl *impl = feature->impl;
	const char *name = peers[_i].golden;
	void *self = defaults(feature->params);
	float y[256], dx[256];
	int64_t shape[8];
	for (int k = 0; k < 2 && peers[_i].keys[k]; k++)
		set(feature->params, self, peers[_i].keys[k], peers[_i].values[k]);
	const float *x = golden_op(name, "x", shape);
	ck_assert(shape[0] > 100 && shape[0] <= 256);
	const size_t n = (size_t)shape[0];
	impl->fwd(self, &tile, n, x, y);
	impl->bwd(self, &tile, n, x, golden_op(name, "dy", NULL), dx);
	for (size_t i = 0; i < n; i++) {
		close_to("value", name, x[i], y[i], golden_op(name, "y", NULL)[i], 5e-7);
		close_to("slope", name, x[i], dx[i], golden_op(name, "dx", NULL)[i], 5e-7);
	}
	free(self);
}
END_TEST

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

enum { BENCH_FWD, BENCH_IN_PLACE, BENCH_BWD, BENCH_BOTH, BENCHES };

/* ns an element, the best of some runs. */
static double bench_kernel(const struct subject *s, int which)
{
	static float x[RNF_TILE_MAX], dy[RNF_TILE_MAX], y[RNF_TILE_MAX], dx[RNF_TILE_MAX];
	const size_t n = RNF_TILE_MAX;
	double best = INFINITY;
	fill(n, x, dy);
	for (int run = 0; run < 500; run++) {
		memcpy(y, x, sizeof y);
		const double start = now_ns();
		if (which == BENCH_FWD) s->impl->fwd(s->self, &tile, n, x, y);
		if (which == BENCH_IN_PLACE) s->impl->fwd(s->self, &tile, n, y, y);
		if (which == BENCH_BWD) s->impl->bwd(s->self, &tile, n, x, dy, dx);
		if (which == BENCH_BOTH)
			s->impl->fwd_bwd(s->self, &tile, n, x, dy, y, dx);
		best = fmin(best, now_ns() - start);
	}
	return best / (double)n;
}

/* A case, since only a case may skip for a missing plugin. */
START_TEST(bench)
{
	find_subjects();
	printf("%-10s %8s %8s %8s %8s  ns/element\n", "", "fwd", "in place", "bwd", "fwd_bwd");
	for (size_t i = 0; i < n_subjects; i++) {
		const struct subject *s = &subjects[i];
		printf("%-10s", s->name);
		for (int which = 0; which < BENCHES; which++)
			if (which != BENCH_BOTH || s->impl->fwd_bwd)
				printf(" %8.3f", bench_kernel(s, which));
		printf("\n");
	}
}
END_TEST

int main(int argc, char **argv)
{
	const int timed = argc > 1 && strcmp(argv[1], "--bench") == 0;
	const struct test_case cases[] = {
		{ finds_plugins, 0 },
		{ matches_ref, 0 },
		{ bwd_is_the_central_difference_of_ref, 0 },
		{ formula_is_ref, 0 },
		{ has_the_same_bits_in_place_and_fused, 0 },
		{ has_the_same_bits_alone, 0 },
		{ passes_nan_on, 0 },
		{ has_the_numbers_of_pytorch, TEST_ROWS(peers) },
		{ timed ? bench : NULL, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("activation", cases);
}
