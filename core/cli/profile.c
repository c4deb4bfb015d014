/* rnframe profile: runs a few steps, prints what they take and where it goes. */
#include "train/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/status.h"
#include "cli/cli.h"

enum { STEPS = 20, STEPS_MAX = 100000, LAYERS_SHOWN = 20 };

/* A measured experiment, and what its tables are relative to. */
struct view {
	const struct rnf_experiment *e;
	const struct rnf_plan *plan;
	const char *cpu, *backend, *isa;
	struct rnf_measurement p;
	int threads;
};

static rnf_status choose_mode(const char *word, int *training)
{
	*training = !word || !strcmp(word, "train");
	if (*training || !strcmp(word, "inference")) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "--mode is \"%s\", must be train or inference", word);
}

static const char *precision(const struct view *v)
{
	return rnf_precision_words[v->e->conf.root.precision];
}

/* -- figures; NAN: unknown -- */

static double rate(double operations, double seconds)
{
	return operations > 0 && seconds > 0 ? operations / seconds : NAN;
}

/* Of what `threads` threads can do, each on its own processor. */
static double share(const struct view *v, double operations, double seconds, int threads)
{
	const int at_once = threads < rnf_machine_cpus() ? threads : rnf_machine_cpus();
	return v->p.peak > 0 ? rate(operations, seconds) / (at_once * v->p.peak) : NAN;
}

static double images_a_second(const struct view *v, int ready)
{
	return (double)v->p.images / v->p.seconds[ready];
}

/* -- the tables -- */

/* A figure right-aligned in a column, "-" when it is unknown. */
static void put(double value, double unit, int columns, int decimals)
{
	if (isfinite(value)) printf("%*.*f", columns, decimals, value / unit);
	else printf("%*s", columns, "-");
}

static void print_head(const struct view *v)
{
	const struct rnf_measurement *p = &v->p;
	printf("cpu         %s\n", v->cpu ? v->cpu : "unknown");
	printf("backend     %s (%s), %s\n", v->backend, v->isa ? v->isa : "no kernels",
	       precision(v));
	printf("threads     %d, one at best", v->threads);
	put(p->peak > 0 ? p->peak : NAN, 1e9, 7, 1);
	printf(" GFLOP/s in %s, the peak\nbatch       %lld images, %s\n", precision(v),
	       (long long)p->images, p->training ? "training" : "inference");
	printf("first step  done");
	put(p->first_step_s, 1, 6, 2);
	printf(" s after the start of the process\n");
	printf("memory      %.1f MB at most; batch arena %.1f MB, scratch %.2f MB, "
	       "kernel scratch %.2f MB and leaf %.2f MB a thread\n",
	       (double)p->peak_memory * 1e-6, (double)v->plan->arena * 4e-6,
	       (double)v->plan->scratch * 4e-6,
	       (double)v->plan->kernel_scratch_bytes * 1e-6,
	       (double)v->plan->leaf * 4e-6);
}

static void print_steps(const struct view *v)
{
	static const char *const names[2] = { "full", "images are ready" };
	const struct rnf_measurement *p = &v->p;
	printf("\n%-18s%10s%10s%10s%9s  (medians of %lld, in turn)\n", "step", "ms",
	       "images/s", "GFLOP/s", "% peak", (long long)p->steps);
	for (int i = 0; i < 2; i++) {
		printf("%-18s", names[i]);
		put(p->seconds[i], 1e-3, 10, 2);
		put(images_a_second(v, i), 1, 10, 1);
		put(rate(p->operations, p->seconds[i]), 1e9, 10, 1);
		put(share(v, p->operations, p->seconds[i], v->threads), 0.01, 9, 1);
		putchar('\n');
	}
	printf("The input makes a step take %.3f times as long.\n",
	       p->seconds[0] / p->seconds[1]);
	printf("A step has %.2f GFLOP (direct convolutions and matrix products, two a "
	       "multiply-add; fewer are\ndone by winograd) and moves %.1f MB: what its "
	       "steps and chains read and write in the batch\narena, each operand once a "
	       "call; not weights, sums, scratch, nor the input's filling.\n",
	       p->operations * 1e-9, p->bytes * 1e-6);
}

static void print_row(const struct view *v, const struct rnf_cost *c)
{
	put(c->seconds, 1e-3, 10, 3);
	put(c->seconds, v->p.core_seconds / 100, 7, 1);
	put(rate(c->operations, c->seconds), 1e9, 9, 1);
	put(share(v, c->operations, c->seconds, 1), 0.01, 8, 1);
	put(c->bytes > 0 ? c->bytes : NAN, 1e6, 9, 2);
	put(c->calls, 1, 8, 0);
	printf("  %s\n", c->name);
}

static void print_table(const struct view *v, const char *title,
			const struct rnf_costs *costs, size_t most)
{
	struct rnf_cost rest = { 0 };
	printf("\n%10s%7s%9s%8s%9s%8s  %s\n", "core-ms", "%", "GFLOP/s", "% peak", "MB",
	       "calls", title);
	for (size_t i = 0; i < costs->n; i++) {
		const struct rnf_cost *c = &costs->at[i];
		if (i < most) {
			print_row(v, c);
			continue;
		}
		rest.seconds += c->seconds;
		rest.calls += c->calls;
		rest.operations += c->operations;
		rest.bytes += c->bytes;
	}
	if (costs->n <= most) return;
	rest.name = rnf_format("(%zu more)", costs->n - most);
	print_row(v, &rest);
}

static void print(const struct view *v)
{
	const struct rnf_cost_sums *sums = &v->p.sums;
	print_head(v);
	print_steps(v);
	printf("\nWhere a full step's %.3f core-ms go (time of all threads together; mean "
	       "of %lld steps of\n%.2f ms with timers on). GFLOP/s and %% of the peak "
	       "are of one thread.\n", v->p.core_seconds * 1e3, (long long)v->p.steps,
	       v->p.timed_seconds * 1e3);
	print_table(v, "kind of work", &sums->kinds, sums->kinds.n);
	print_table(v, "phase", &sums->phases, sums->phases.n);
	print_table(v, "layer", &sums->layers, LAYERS_SHOWN);
}

/* -- JSON -- */

static void set(json_t *object, const char *key, double value)
{
	json_object_set_new(object, key, rnf_json_number(value));
}

static void set_integer(json_t *object, const char *key, double value)
{
	json_object_set_new(object, key, json_integer(llround(value)));
}

static json_t *rows(const struct view *v, const char *key, const struct rnf_costs *costs)
{
	json_t *list = json_array();
	for (size_t i = 0; i < costs->n; i++) {
		const struct rnf_cost *c = &costs->at[i];
		json_t *row = json_object();
		json_object_set_new(row, key, rnf_json_word(c->name));
		set(row, "ms", c->seconds * 1e3);
		set(row, "gflops", rate(c->operations, c->seconds) * 1e-9);
		set(row, "share_of_peak", share(v, c->operations, c->seconds, 1));
		set_integer(row, "bytes", c->bytes);
		set_integer(row, "calls", c->calls);
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *json(const struct view *v)
{
	const struct rnf_measurement *p = &v->p;
	json_t *o = json_object();
	json_object_set_new(o, "cpu", rnf_json_word(v->cpu));
	json_object_set_new(o, "backend", rnf_json_word(v->backend));
	json_object_set_new(o, "isa", rnf_json_word(v->isa));
	json_object_set_new(o, "precision", json_string(precision(v)));
	json_object_set_new(o, "mode", json_string(p->training ? "train" : "inference"));
	set_integer(o, "threads", v->threads);
	set_integer(o, "batch", (double)p->images);
	set_integer(o, "steps", (double)p->steps);
	set(o, "peak_gflops", p->peak > 0 ? p->peak * 1e-9 : NAN);
	set(o, "images_per_second", images_a_second(v, 0));
	set(o, "images_per_second_ready", images_a_second(v, 1));
	set(o, "step_ms", p->seconds[0] * 1e3);
	set(o, "step_ms_ready", p->seconds[1] * 1e3);
	set(o, "gflop_per_step", p->operations * 1e-9);
	set(o, "share_of_peak", share(v, p->operations, p->seconds[0], v->threads));
	set_integer(o, "bytes_per_step", p->bytes);
	set(o, "first_step_s", p->first_step_s);
	set_integer(o, "peak_memory_bytes", (double)p->peak_memory);
	set_integer(o, "arena_bytes", (double)v->plan->arena * 4);
	json_object_set_new(o, "kinds", rows(v, "name", &p->sums.kinds));
	json_object_set_new(o, "phases", rows(v, "phase", &p->sums.phases));
	json_object_set_new(o, "layers", rows(v, "name", &p->sums.layers));
	return o;
}

/* -- the verb -- */

static rnf_status profile(struct rnf_experiment *e, const struct rnf_options *o)
{
	struct view v = { .e = e };
	int64_t steps;
	int training;
	RNF_TRY(rnf_outputs_check(o));
	RNF_TRY(rnf_options_number("--steps", o->steps, STEPS, STEPS_MAX, &steps));
	RNF_TRY(choose_mode(o->mode, &training));
	RNF_TRY(rnf_experiment_open(e, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_experiment_build(e, training));
	rnf_measure(e, training, steps, &v.p);
	v.plan = e->model.plans[training];
	v.cpu = rnf_machine_cpu();
	v.backend = rnf_model_backend(&e->model);
	v.isa = rnf_plan_kernels(v.plan);
	v.threads = rnf_threads_count(e->session.threads);
	print(&v);
	return o->json ? rnf_json_write(json(&v), o->json) : RNF_OK;
}

rnf_status rnf_verb_profile(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (!o->conf) return rnf_fail(RNF_EINVAL, "profile needs a conf");
	const rnf_status status = profile(e, o);
	rnf_experiment_finish(e); /* as in train */
	return status;
}
