/* Stored tensors in bf16: half the memory, gradients that differ by its rounding
 * alone, the same bits for any number of threads. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "exec/narrow.h"
#include "lib/convs.h"
#include "lib/experiment.h"
#include "lib/plugin.h"
#include "lib/sanitizer.h"

static const struct {
	float from, to;
} roundings[] = {
	{ 0, 0 }, { -0.0f, -0.0f }, { 1, 1 }, { -3.140625f, -3.140625f },
	{ 1 + 1 / 256.0f, 1 }, { 1 + 3 / 256.0f, 1 + 4 / 256.0f }, /* ties to even */
	{ 1 + 1.01f / 256.0f, 1 + 2 / 256.0f }, { 3.4e38f, INFINITY },
	{ INFINITY, INFINITY }, { -INFINITY, -INFINITY }, { 1e-40f, 0 },
	{ -1e-40f, -0.0f }, { 0x1p-126f, 0x1p-126f },
};

typedef void narrow_floats(int64_t, const float *, uint16_t *);

/* One, and as many as processors take at once and then some. */
static void check_rounding(narrow_floats *f, float value, const float *to)
{
	enum { MOST = 35 };
	for (int n = 1; n <= MOST; n++) {
		uint16_t narrow[MOST + 1] = { [MOST] = 0 };
		float from[MOST], wide[MOST];
		for (int i = 0; i < n; i++)
			from[i] = value;
		narrow[n] = 0x1234;
		f(n, from, narrow);
		ck_assert_uint_eq(narrow[n], 0x1234);
		rnf_widen(n, narrow, wide);
		for (int i = 0; i < n; i++)
			ck_assert_msg(!memcmp(&wide[i], to, sizeof *to), "%a became %a, not %a",
				      (double)value, (double)wide[i], (double)*to);
	}
}

START_TEST(bf16_is_the_nearest)
{
	check_rounding(rnf_narrow, roundings[_i].from, &roundings[_i].to);
	check_rounding(rnf_narrow_plain, roundings[_i].from, &roundings[_i].to);
}
END_TEST

/* All exponents, and significands around the halves. */
START_TEST(bf16_has_the_bits_of_plain_rounding)
{
	for (uint32_t exponent = 0; exponent < 256; exponent++)
		for (uint32_t i = 0; i < 64; i++) {
			const uint32_t bits = (i & 1) << 31 | exponent << 23 |
					      (i >> 1 & 3) << 16 | (0x7ffe + (i >> 3));
			const uint32_t lower = bits & 0xffff, upper = bits >> 16;
			const uint32_t up = lower > 0x8000 || (lower == 0x8000 && (upper & 1));
			const uint32_t want = exponent == 255 ? upper | 0x40
					    : exponent == 0 ? upper & 0x8000 : upper + up;
			float from;
			uint16_t narrow, plain;
			memcpy(&from, &bits, sizeof from);
			rnf_narrow(1, &from, &narrow);
			rnf_narrow_plain(1, &from, &plain);
			ck_assert_msg(narrow == want && plain == want, "%08x became %04x and %04x, "
				      "not %04x", bits, narrow, plain, want);
		}
}
END_TEST

START_TEST(nan_stays_nan)
{
	const uint32_t bits[] = { 0x7f800001, 0xffffffff, 0x7fc00000, 0xff800001 };
	for (int i = 0; i < 4; i++) {
		float from, wide;
		uint16_t narrow;
		memcpy(&from, &bits[i], sizeof from);
		rnf_narrow(1, &from, &narrow);
		rnf_widen(1, &narrow, &wide);
		ck_assert(isnan(wide));
	}
}
END_TEST

static const char *const confs[] = { "se_mxresnet20.cfg", "xresnet20.cfg",
				     "se_mxresnext29_16x2d.cfg", "wrn16_4.cfg",
				     "densenet40_k12.cfg" };
enum { REFINED = 3 }; /* the first ones */

/* Plain kernels are fp32: only what is stored differs then. */
static struct rnf_experiment *start(const char *conf, const char *precision,
				    const char *threads)
{
	return test_experiment(conf, NULL, NULL, precision, threads);
}

START_TEST(half_the_memory_and_nearly_the_same_gradients)
{
	struct rnf_experiment *wide = start(confs[_i], "precision=fp32", "threads=2");
	struct rnf_experiment *narrow = start(confs[_i], "precision=bf16", "threads=2");
	struct rnf_experiment *alone = start(confs[_i], "precision=bf16", "threads=1");
	const double loss = test_step(wide), near = test_step(narrow);
	const double memory = (double)narrow->model.plans[1]->arena /
			      (double)wide->model.plans[1]->arena;
	const double far = test_distance(wide, narrow);
	printf("%s: arena %.3f of fp32, gradients differ by %.4f, losses %.5f and %.5f\n",
	       confs[_i], memory, far, loss, near);
	ck_assert_double_lt(memory, 0.55);
	ck_assert_double_gt(far, 1e-6);
	ck_assert_double_lt(far, 0.3); /* signs and maxima near a tie change sides */
	ck_assert_double_eq_tol(near, loss, 0.02 * loss);
	ck_assert_double_eq(test_step(alone), near);
	ck_assert_double_eq(test_distance(narrow, alone), 0);
	rnf_experiment_finish(wide);
	rnf_experiment_finish(narrow);
	rnf_experiment_finish(alone);
}
END_TEST

/* How often a task writes the value as bf16. */
static int writes(const struct rnf_task *task, int value)
{
	int n = task->move == RNF_MOVE_NARROW && task->op->out == value;
	for (size_t i = 0; task->chain && i < task->chain->n_links; i++) {
		const struct rnf_link *s = &task->chain->links[i];
		n += s->move == RNF_MOVE_NARROW && s->op->out == value;
	}
	return n;
}

static int writes_of_all(const struct rnf_plan *plan, int value)
{
	int n = 0;
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_tasks; j++)
			n += writes(&plan->phases[i].tasks[j], value);
	return n;
}

/* A pass over a conv's output for that alone is spared: its statistics are read anyway. */
static void check_no_pass_alone(const struct rnf_plan *plan)
{
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_tasks; j++) {
			const struct rnf_task *task = &plan->phases[i].tasks[j];
			ck_assert(task->move != RNF_MOVE_NARROW || strcmp(task->op->row->name, "conv") != 0);
		}
}

START_TEST(each_tensor_is_narrowed_once)
{
	struct rnf_experiment *e = start(confs[_i], "precision=bf16", "threads=1");
	const struct rnf_plan *plan = e->model.plans[1];
	int narrow = 0;
	for (int v = 0; v < (int)plan->program->n_values; v++) {
		if (!plan->narrow[v]) continue;
		narrow++;
		ck_assert_int_eq(writes_of_all(plan, v), 1);
	}
	ck_assert_int_gt(narrow, 30);
	check_no_pass_alone(plan);
	rnf_experiment_finish(e);
}
END_TEST

/* -- a backend whose convs read floats, and narrow them themselves -- */

struct reader {
	struct rnf_kernel of;
	int64_t numbers[2]; /* of each input */
};

static void read_floats(const void *state, const struct rnf_kernel_io *io)
{
	const struct reader *r = state;
	struct rnf_kernel_io inner = *io;
	uint16_t *to = (uint16_t *)((char *)io->scratch + r->of.scratch_bytes);
	for (int i = 0; i < 2; i++) {
		if (!(r->of.narrow_in >> i & 1)) continue;
		rnf_narrow(r->numbers[i], io->in[i], to);
		inner.in[i] = (const float *)to;
		to += rnf_round16(r->numbers[i]) * 2;
	}
	r->of.run(r->of.state, &inner);
}

static void pack_weights(const void *state, const float *weights, float *packed)
{
	const struct reader *r = state;
	r->of.pack(r->of.state, weights, packed);
}

static rnf_status conv_of_floats(void *self, const struct rnf_host *host,
				 const struct rnf_conv_shape *s, struct rnf_kernel *kernel)
{
	const struct test_convs *by = self;
	struct reader *r = rnf_alloc(sizeof *r);
	const rnf_status status = by->impl->conv(by->self, host, s, &r->of);
	if (status < 0) return status;
	test_conv_count_inputs(s, r->numbers);
	*kernel = r->of;
	kernel->run = read_floats;
	kernel->pack = r->of.pack ? pack_weights : NULL;
	kernel->state = r;
	kernel->narrow_in = 0;
	kernel->scratch_bytes += 4 * (size_t)(rnf_round16(r->numbers[0]) +
					      rnf_round16(r->numbers[1]));
	return RNF_OK;
}

static int reads_narrow(const struct rnf_plan *plan)
{
	int n = 0;
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_tasks; j++)
			n += plan->phases[i].tasks[j].kernel.narrow_in != 0;
	return n;
}

/* Chains hand bf16 to convs that read it: the bits of convs that round floats. */
START_TEST(convs_read_what_they_would_round_to)
{
	static const struct rnf_backend_impl impl = { .conv = conv_of_floats };
	static const struct rnf_feature feature = { .kind = "backend", .name = "floats",
						    .impl = &impl };
	const struct rnf_feature *native = test_feature("backend", "native");
	struct test_convs by = test_convs_open(native);
	struct rnf_experiment *a =
		test_experiment(confs[_i], native, by.self, "precision=bf16", "threads=2");
	struct rnf_experiment *b =
		test_experiment(confs[_i], &feature, &by, "precision=bf16", "threads=2");
	ck_assert_int_gt(reads_narrow(a->model.plans[1]), 10);
	ck_assert_int_eq(reads_narrow(b->model.plans[1]), 0);
	ck_assert_double_eq(test_step(a), test_step(b));
	ck_assert_double_eq(test_distance(a, b), 0);
	rnf_experiment_finish(a);
	rnf_experiment_finish(b);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ bf16_is_the_nearest, TEST_ROWS(roundings) },
		{ bf16_has_the_bits_of_plain_rounding, 0 },
		{ nan_stays_nan, 0 },
		{ half_the_memory_and_nearly_the_same_gradients, test_few(TEST_ROWS(confs), 1) },
		{ each_tensor_is_narrowed_once, test_few(REFINED, 1) },
		{ convs_read_what_they_would_round_to, test_few(REFINED, 1) },
		{ NULL, 0 },
	};
	return test_run_cases("plan/narrow", cases);
}
