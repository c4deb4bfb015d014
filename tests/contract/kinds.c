/* What every initializer, scheduler, loss and metric must keep, whatever it computes:
 * results depend on arguments only, nothing else is written, and values are in the range
 * that the headers promise. */
#include <math.h>
#include <string.h>

#include "lib/built.h"
#include "lib/guard.h"

static void same(const void *got, const void *want, size_t n_floats, const char *where)
{
	ck_assert_msg(!memcmp(got, want, n_floats * sizeof(float)), "%s: other bits", where);
}

/* -- initializers -- */

enum { WEIGHTS = 1001 };

static const int64_t fans[][2] = { { 1, 1 }, { 27, 16 }, { 4608, 512 } };

static float *filled(const struct test_built *f, uint64_t key, const int64_t fan[2])
{
	const struct rnf_initializer_impl *impl = f->plugin->features[0].impl;
	struct rnf_random random = { .key = key };
	float *w = test_guarded(WEIGHTS, 1, NULL); /* what is not filled stays NaN */
	impl->fill(test_least(f)->conf, &random, fan[0], fan[1], WEIGHTS, w);
	for (size_t i = 0; i < WEIGHTS; i++)
		ck_assert_msg(isfinite(w[i]), "%s: w[%zu] is %g", f->name, i, (double)w[i]);
	return w;
}

static void check_initializer(const struct test_built *f)
{
	for (int i = 0; i < TEST_ROWS(fans); i++) {
		float *w[] = { filled(f, 3, fans[i]), filled(f, 3, fans[i]), filled(f, 4, fans[i]) };
		const int constant = !memcmp(w[0], w[0] + 1, (WEIGHTS - 1) * sizeof(float));
		same(w[1], w[0], WEIGHTS, f->name);
		ck_assert_msg(constant || memcmp(w[0], w[2], WEIGHTS * sizeof(float)),
			      "%s: two keys, one result", f->name);
		for (int k = 0; k < 3; k++)
			test_guarded_free(w[k], WEIGHTS, 1, f->name);
	}
}

START_TEST(initializers_follow_their_stream)
{
	test_each("initializer", check_initializer);
}
END_TEST

/* -- schedulers -- */

enum { STEPS = 400 };

static const int64_t lengths[][2] = { /* epochs, steps an epoch */
	{ 1, 1 }, { 1, 7 }, { 7, 1 }, { 5, 3 }, { 200, 2 },
};

static double rate(const struct test_built *f, const void *self,
		   const int64_t length[2], int64_t step)
{
	const struct rnf_scheduler_impl *impl = f->plugin->features[0].impl;
	const struct rnf_when when = { .size = sizeof when, .step = step, .lr = 0.1,
				       .epochs = length[0], .steps_per_epoch = length[1] };
	const double lr = impl->rate(self, &when);
	ck_assert_msg(isfinite(lr) && lr >= 0, "%s: %g at step %lld of %lld x %lld", f->name,
		      lr, (long long)step, (long long)length[0], (long long)length[1]);
	return lr;
}

static void check_scheduler(const struct test_built *f)
{
	const void *self = test_least(f)->conf;
	double rates[STEPS + 1], highest = 0;
	for (int i = 0; i < TEST_ROWS(lengths); i++) {
		const int64_t n = lengths[i][0] * lengths[i][1];
		for (int64_t step = 1; step <= n; step++) {
			rates[step] = rate(f, self, lengths[i], step);
			highest = fmax(highest, rates[step]);
		}
		for (int64_t step = n; step >= 1; step--)
			ck_assert_msg(rate(f, self, lengths[i], step) == rates[step],
				      "%s: step %lld has two rates", f->name, (long long)step);
	}
	ck_assert_msg(highest > 0, "%s: never trains", f->name);
}

START_TEST(schedulers_are_functions_of_when)
{
	test_each("scheduler", check_scheduler);
}
END_TEST

/* -- losses and metrics -- */

enum { K_MAX = 100, ROWS = 6 };

static const size_t class_counts[] = { 2, 3, 10, K_MAX };

/* Logits of a row, and a target of one class, or of two in even rows. */
static void fill_row(size_t k, int row, float *logits, float *target)
{
	struct rnf_random random = { .key = rnf_random_key(k, (uint64_t)row) };
	for (size_t i = 0; i < k; i++)
		logits[i] = (float)(2 * rnf_random_normal(&random));
	memset(target, 0, k * sizeof *target);
	target[(size_t)row % k] += row % 2 ? 1.0f : 0.75f;
	target[((size_t)row + 1) % k] += row % 2 ? 0.0f : 0.25f;
}

struct row { /* what a loss says of one */
	double loss, plain;
	float gradient[K_MAX], p[K_MAX];
};

static struct row ask(const struct test_built *f, const void *self, size_t k, int row)
{
	const struct rnf_loss_impl *impl = f->plugin->features[0].impl;
	float from[2][K_MAX];
	struct row r = { .loss = 0 };
	fill_row(k, row, from[0], from[1]);
	float *logits = test_guarded(k, 1, from[0]), *target = test_guarded(k, 3, from[1]);
	float *out = test_guarded(k, 5, NULL);
	r.loss = impl->loss(self, k, logits, target);
	r.plain = impl->plain(self, k, logits, target);
	impl->gradient(self, k, logits, target, 0.125f, out);
	memcpy(r.gradient, out, k * sizeof *out);
	impl->predict(self, k, logits, out);
	memcpy(r.p, out, k * sizeof *out);
	same(logits, from[0], k, f->name);
	same(target, from[1], k, f->name);
	impl->predict(self, k, logits, logits);
	same(logits, r.p, k, "p on the logits");
	test_guarded_free(logits, k, 1, f->name);
	test_guarded_free(target, k, 3, f->name);
	test_guarded_free(out, k, 5, f->name);
	return r;
}

static double loss_near(const struct test_built *f, const void *self, size_t k, int row,
			size_t i, float step, double *made)
{
	const struct rnf_loss_impl *impl = f->plugin->features[0].impl;
	float logits[K_MAX], target[K_MAX];
	fill_row(k, row, logits, target);
	const float old = logits[i];
	logits[i] += step;
	*made = (double)logits[i] - (double)old;
	return impl->loss(self, k, logits, target);
}

static void check_derivative(const struct test_built *f, const void *self, size_t k,
			     int row, size_t i, double got)
{
	double d[2];
	for (int s = 0; s < 2; s++) {
		const float step = 0x1p-8f * (float)(s + 1);
		double up, down;
		const double high = loss_near(f, self, k, row, i, step, &up);
		d[s] = (high - loss_near(f, self, k, row, i, -step, &down)) / (up - down);
	}
	const double want = 0.125 * (4 * d[0] - d[1]) / 3;
	ck_assert_msg(fabs(got - want) <= 1e-6 * fmax(1, fabs(want)),
		      "%s: %zu classes, row %d: gradient[%zu] is %g, differences say %g",
		      f->name, k, row, i, got, want);
}

static void check_row(const struct test_built *f, const void *self, size_t k, int row,
		      const struct row *r)
{
	double sum = 0;
	ck_assert_msg(isfinite(r->loss) && isfinite(r->plain), "%s: loss %g, plain %g",
		      f->name, r->loss, r->plain);
	for (size_t i = 0; i < k; i++) {
		ck_assert_msg(r->p[i] >= 0 && r->p[i] <= 1, "%s: p is %g", f->name,
			      (double)r->p[i]);
		sum += (double)r->p[i];
		check_derivative(f, self, k, row, i, (double)r->gradient[i]);
	}
	ck_assert_msg(fabs(sum - 1) < 1e-5, "%s: p sums to %g", f->name, sum);
}

/* Backwards again: a row does not depend on the one before it. */
static void check_loss(const struct test_built *f)
{
	const void *self = test_least(f)->conf;
	for (int c = 0; c < TEST_ROWS(class_counts); c++) {
		const size_t k = class_counts[c];
		static struct row rows[ROWS];
		for (int row = 0; row < ROWS; row++) {
			rows[row] = ask(f, self, k, row);
			check_row(f, self, k, row, &rows[row]);
		}
		for (int row = ROWS - 1; row >= 0; row--) {
			const struct row again = ask(f, self, k, row);
			same(&again, &rows[row], sizeof again / sizeof(float), f->name);
		}
	}
}

START_TEST(losses_have_their_gradient)
{
	test_each("loss", check_loss);
}
END_TEST

/* Row ROWS has non-finite logits. */
static double score(const struct test_built *f, const void *self, size_t k, int row)
{
	const struct rnf_metric_impl *impl = f->plugin->features[0].impl;
	float from[2][K_MAX];
	fill_row(k, row, from[0], from[1]);
	for (size_t i = 0; row == ROWS && i < k; i += 2)
		from[0][i] = NAN;
	float *logits = test_guarded(k, 1, from[0]), *target = test_guarded(k, 3, from[1]);
	const double s = impl->score(self, k, logits, target);
	ck_assert_msg(s >= 0 && s <= 1, "%s: %g", f->name, s);
	same(logits, from[0], k, f->name);
	same(target, from[1], k, f->name);
	test_guarded_free(logits, k, 1, f->name);
	test_guarded_free(target, k, 3, f->name);
	return s;
}

static void check_metric(const struct test_built *f)
{
	const void *self = test_least(f)->conf;
	for (int c = 0; c < TEST_ROWS(class_counts); c++) {
		double scores[ROWS + 1];
		for (int row = 0; row <= ROWS; row++)
			scores[row] = score(f, self, class_counts[c], row);
		for (int row = ROWS; row >= 0; row--)
			ck_assert_msg(score(f, self, class_counts[c], row) == scores[row],
				      "%s: row %d has two scores", f->name, row);
	}
}

START_TEST(metrics_are_bounded)
{
	test_each("metric", check_metric);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		initializers_follow_their_stream,
		schedulers_are_functions_of_when,
		losses_have_their_gradient,
		metrics_are_bounded,
		NULL,
	};
	return test_run("kinds", tests);
}
