/* What every tile kernel must keep, of activations and optimizers alike: the same bits at
 * any place, length and alignment, in place or not; writes to the results only; and
 * slopes that match the kernel's own f. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/built.h"
#include "lib/guard.h"

enum { N = RNF_TILE_MAX };

/* The part of the master tensors that a call gets, and the offset of its arrays from a
 * 64-byte boundary. */
static const struct part { size_t n, from, shift; } parts[] = {
	{ 1, 0, 0 }, { 1, N - 1, 3 }, { 7, 0, 1 }, { 7, 93, 15 }, { 37, 5, 2 },
	{ N - 1, 1, 1 }, { N, 0, 0 }, { N, 0, 5 },
};

/* -8 .. 8, in an order that puts different values side by side. */
static void spread(float *x, uint64_t key)
{
	struct rnf_random random = { .key = key };
	for (size_t i = 0; i < N; i++)
		x[i] = (float)(16 * rnf_random_uniform(&random) - 8);
}

static void same(const float *got, const float *want, size_t n, const char *where)
{
	size_t i = 0;
	if (!memcmp(got, want, n * sizeof *got)) return;
	while (!memcmp(got + i, want + i, sizeof *got)) i++;
	ck_abort_msg("%s: [%zu of %zu] is %a, must be %a", where, i, n,
		     (double)got[i], (double)want[i]);
}

/* A plugin's struct as it was, to compare. */
static void *copy_of(const struct test_built *f, const struct rnf_ref *ref)
{
	const struct rnf_params *p = f->plugin->features[0].params;
	void *copy = p ? malloc(p->conf_size) : NULL;
	if (copy) memcpy(copy, ref->conf, p->conf_size);
	return copy;
}

static void check_copy(const struct test_built *f, const struct rnf_ref *ref, void *copy)
{
	const struct rnf_params *p = f->plugin->features[0].params;
	ck_assert_msg(!copy || !memcmp(copy, ref->conf, p->conf_size),
		      "%s.%s writes to self", f->kind, f->name);
	free(copy);
}

/* -- activations -- */

enum { FWD, BWD, BOTH };
enum { X, DY, Y, DX, ARRAYS };

/* How a call may place its arrays: [Y] and [DX] select the array. */
static const struct way { const char *name; int function, y, dx; } ways[] = {
	{ "fwd", FWD, Y, DX },
	{ "fwd, y on x", FWD, X, DX },
	{ "bwd", BWD, Y, DX },
	{ "bwd, dx on dy", BWD, Y, DY },
	{ "bwd, dx on x", BWD, Y, X },
	{ "fwd_bwd", BOTH, Y, DX },
	{ "fwd_bwd, y on x, dx on dy", BOTH, X, DY },
	{ "fwd_bwd, dx on dy", BOTH, Y, DY },
	{ "fwd_bwd, dx on x", BOTH, Y, X },
};

static float master[ARRAYS][N]; /* y by fwd and dx by bwd, of the whole tile */

static void call(const struct rnf_activation_impl *a, const void *self,
		 const struct way *w, const struct part *p, float *const at[ARRAYS])
{
	const struct rnf_tile kept = { .size = sizeof kept, .key = 5, .sample = 3,
				       .offset = p->from };
	const struct rnf_tile tile = kept;
	if (w->function == FWD) a->fwd(self, &tile, p->n, at[X], at[w->y]);
	if (w->function == BWD) a->bwd(self, &tile, p->n, at[X], at[DY], at[w->dx]);
	if (w->function == BOTH)
		a->fwd_bwd(self, &tile, p->n, at[X], at[DY], at[w->y], at[w->dx]);
	ck_assert_msg(!memcmp(&tile, &kept, sizeof tile), "%s: writes to the tile", w->name);
}

static void check_way(const struct test_built *f, const void *self,
		      const struct way *w, const struct part *p)
{
	const struct rnf_activation_impl *a = f->plugin->features[0].impl;
	const int has_y = w->function != BWD, has_dx = w->function != FWD;
	float *at[ARRAYS];
	char where[128];
	if (w->function == BOTH && !a->fwd_bwd) return;
	snprintf(where, sizeof where, "%s: %s", f->name, w->name);
	for (int i = 0; i < ARRAYS; i++)
		at[i] = test_guarded(p->n, p->shift, i < Y ? master[i] + p->from : NULL);
	call(a, self, w, p, at);
	if (has_y) same(at[w->y], master[Y] + p->from, p->n, where);
	if (has_dx) same(at[w->dx], master[DX] + p->from, p->n, where);
	for (int i = X; i <= DY; i++) /* inputs that no result overwrites */
		if ((!has_y || w->y != i) && (!has_dx || w->dx != i))
			same(at[i], master[i] + p->from, p->n, where);
	for (int i = 0; i < ARRAYS; i++)
		test_guarded_free(at[i], p->n, p->shift, where);
}

static void fill_master(const struct rnf_activation_impl *a, const void *self)
{
	float *const at[ARRAYS] = { master[X], master[DY], master[Y], master[DX] };
	spread(master[X], 1);
	spread(master[DY], 2);
	call(a, self, &ways[0], &(struct part){ N, 0, 0 }, at);
	call(a, self, &ways[2], &(struct part){ N, 0, 0 }, at);
}

static void check_bits(const struct test_built *f)
{
	const struct rnf_ref *ref = test_least(f);
	void *copy = copy_of(f, ref);
	fill_master(f->plugin->features[0].impl, ref->conf);
	for (int w = 0; w < TEST_ROWS(ways); w++)
		for (int p = 0; p < TEST_ROWS(parts); p++)
			check_way(f, ref->conf, &ways[w], &parts[p]);
	check_copy(f, ref, copy);
}

START_TEST(activations_have_the_same_bits_everywhere)
{
	test_each("activation", check_bits);
}
END_TEST

static void check_nan_at(const struct test_built *f, const void *self,
			 const struct way *w, int where, size_t i)
{
	const struct rnf_activation_impl *a = f->plugin->features[0].impl;
	static float data[ARRAYS][37];
	float *const at[ARRAYS] = { data[X], data[DY], data[Y], data[DX] };
	if (w->function == BOTH && !a->fwd_bwd) return;
	for (int k = 0; k < ARRAYS; k++)
		memcpy(data[k], master[k], sizeof data[k]);
	data[where][i] = NAN;
	call(a, self, w, &(struct part){ 37, 0, 0 }, at);
	if (w->function != BWD && where == X)
		ck_assert_msg(isnan(at[w->y][i]), "%s: %s: no NaN in y", f->name, w->name);
	if (w->function != FWD)
		ck_assert_msg(isnan(at[w->dx][i]), "%s: %s: no NaN in dx", f->name, w->name);
}

static void check_nan(const struct test_built *f)
{
	const struct rnf_ref *ref = test_least(f);
	fill_master(f->plugin->features[0].impl, ref->conf);
	for (int w = 0; w < TEST_ROWS(ways); w++)
		for (size_t i = 0; i < 37; i++)
			for (int where = X; where <= DY; where++)
				check_nan_at(f, ref->conf, &ways[w], where, i);
}

START_TEST(activations_pass_nan_on)
{
	test_each("activation", check_nan);
}
END_TEST

/* f at x + step, and the steps that float32 really made. */
static void moved(const struct rnf_activation_impl *a, const void *self, float step,
		  float *y, double *made)
{
	static float x[N];
	float *const at[ARRAYS] = { x, NULL, y, NULL };
	for (size_t i = 0; i < N; i++) {
		x[i] = master[X][i] + step;
		made[i] = (double)x[i] - (double)master[X][i];
	}
	call(a, self, &ways[0], &(struct part){ N, 0, 0 }, at);
}

/* The derivative from four points, of fourth order; NAN at a kink: near it both sides
 * differ, and a little off only the longer steps reach it. */
static double derivative(const double side[4])
{
	const double near = (side[0] + side[1]) / 2, far = (side[2] + side[3]) / 2;
	if (fabs(side[2] - side[3]) > 0.1 || fabs(near - far) > 1e-3) return NAN;
	return (4 * near - far) / 3;
}

static void check_slopes(const struct test_built *f)
{
	static float y[4][N];
	static double made[4][N];
	static const float steps[4] = { 0x1p-6f, -0x1p-6f, 0x1p-5f, -0x1p-5f };
	const struct rnf_activation_impl *a = f->plugin->features[0].impl;
	const struct rnf_ref *ref = test_least(f);
	size_t smooth = 0;
	fill_master(a, ref->conf);
	for (int s = 0; s < 4; s++)
		moved(a, ref->conf, steps[s], y[s], made[s]);
	for (size_t i = 0; i < N; i++) {
		double side[4];
		for (int s = 0; s < 4; s++)
			side[s] = ((double)y[s][i] - (double)master[Y][i]) / made[s][i];
		const double want = derivative(side) * (double)master[DY][i];
		if (isnan(want)) continue;
		ck_assert_msg(fabs((double)master[DX][i] - want) <= 8e-3,
			      "%s at %g: dx is %g, differences say %g", f->name,
			      (double)master[X][i], (double)master[DX][i], want);
		smooth++;
	}
	ck_assert_msg(smooth > N / 2, "%s: smooth at %zu of %d", f->name, smooth, N);
}

START_TEST(activations_have_the_slope_of_f)
{
	test_each("activation", check_slopes);
}
END_TEST

/* -- optimizers -- */

enum { W, G, SLOTS };
enum { STATE = SLOTS + RNF_SLOTS_MAX };

static float after[STATE][N]; /* two steps over the whole tile at once */

/* Two steps from zeroed slots, each in calls for the first `cut` weights and for
 * the rest. */
static void descend(const struct rnf_optimizer_impl *o, const void *self,
		    const struct part *p, size_t cut, float *const at[STATE])
{
	for (int64_t step = 1; step <= 2; step++) {
		const struct rnf_update update = { .size = sizeof update, .step = step,
						   .lr = 0.1 / (double)step, .l2 = 1e-3 };
		const size_t ends[] = { 0, cut, p->n };
		for (int half = 0; half < 2; half++) {
			const size_t i = ends[half], n = ends[half + 1] - i;
			float *slots[RNF_SLOTS_MAX];
			for (int s = 0; s < RNF_SLOTS_MAX; s++)
				slots[s] = at[SLOTS + s] + i;
			if (n) o->update(self, &update, n, at[W] + i, at[G] + i, slots);
		}
	}
}

/* Slots beyond its own are guards from end to end. */
static void check_descent(const struct test_built *f, const void *self,
			  const struct part *p, size_t cut)
{
	static const float zeros[N];
	const struct rnf_optimizer_impl *o = f->plugin->features[0].impl;
	float *at[STATE];
	for (size_t i = 0; i < STATE; i++)
		at[i] = i < SLOTS ? test_guarded(p->n, p->shift, master[i] + p->from)
			: test_guarded(i < SLOTS + o->n_slots ? p->n : 0, p->shift, zeros);
	descend(o, self, p, cut, at);
	for (size_t i = 0; i < SLOTS + o->n_slots; i++)
		same(at[i], after[i] + p->from, p->n, f->name);
	for (size_t i = 0; i < STATE; i++)
		test_guarded_free(at[i], i < SLOTS + o->n_slots ? p->n : 0, p->shift,
				  f->name);
}

static void fill_after(const struct test_built *f, const void *self)
{
	const struct part whole = { N, 0, 0 };
	float *at[STATE];
	spread(master[W], 3);
	spread(master[G], 4);
	memset(after, 0, sizeof after);
	memcpy(after, master, 2 * sizeof *after);
	for (int i = 0; i < STATE; i++)
		at[i] = after[i];
	descend(f->plugin->features[0].impl, self, &whole, N, at);
	same(after[G], master[G], N, f->name);
	for (size_t i = 0; i < N; i++)
		ck_assert_msg(isfinite(after[W][i]) && after[W][i] != master[W][i],
			      "%s: weight %g became %g", f->name, (double)master[W][i],
			      (double)after[W][i]);
}

static void check_optimizer(const struct test_built *f)
{
	const struct rnf_optimizer_impl *o = f->plugin->features[0].impl;
	const struct rnf_ref *ref = test_least(f);
	void *copy = copy_of(f, ref);
	ck_assert_msg(o->n_slots <= RNF_SLOTS_MAX, "%s: slots", f->name);
	for (size_t s = 0; s < o->n_slots; s++)
		ck_assert_msg(o->slots[s] && *o->slots[s] && !strchr(o->slots[s], '/'),
			      "%s: the name of slot %zu", f->name, s);
	fill_after(f, ref->conf);
	for (int p = 0; p < TEST_ROWS(parts); p++) {
		check_descent(f, ref->conf, &parts[p], parts[p].n);
		check_descent(f, ref->conf, &parts[p], parts[p].n / 3);
	}
	check_copy(f, ref, copy);
}

START_TEST(optimizers_have_the_same_bits_everywhere)
{
	test_each("optimizer", check_optimizer);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		activations_have_the_same_bits_everywhere,
		activations_pass_nan_on,
		activations_have_the_slope_of_f,
		optimizers_have_the_same_bits_everywhere,
		NULL,
	};
	return test_run("tiles", tests);
}
