/* What a plan of the reference models keeps: phases, arena, stored values. */
#include <stdio.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "plugin/loader.h"
#include "train/setup.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

static const struct {
	const char *conf;
	size_t phases, pairs;
	int64_t arena_bytes; /* at most, at 128 images */
} plans[] = {
	{ "se_mxresnet20.cfg", 39, 18, 220000000 },
	{ "se_mxresnext29_16x2d.cfg", 57, 27, 900000000 },
};

static struct rnf_experiment *plan(const char *conf)
{
	char path[512];
	snprintf(path, sizeof path, "%s/plugins", test_build());
	rnf_loader_path(path);
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const char *sets[] = { "data.type=synthetic", "data.height=32",
			       "data.width=32", "data.channels=3", "data.images=16" };
	GOOD(rnf_config_read(&e->conf, conf, sets, 5));
	GOOD(rnf_dataset_open(&e->data, &e->conf));
	GOOD(rnf_experiment_shapes(e));
	GOOD(rnf_model_plan(&e->model, &e->conf, 0, 1));
	GOOD(rnf_model_plan(&e->model, &e->conf, 1, 1));
	return e;
}

START_TEST(plans_have_the_phases_of_their_barriers)
{
	const struct rnf_experiment *e = plan(plans[_i].conf);
	size_t stored = 0;
	ck_assert_uint_eq(e->model.plans[1]->n_phases, plans[_i].phases);
	ck_assert_uint_eq(e->model.plans[0]->n_phases, 2); /* one depth, of a little more than 1 MB */
	ck_assert_int_lt(e->model.plans[1]->arena * 4, plans[_i].arena_bytes);
	for (size_t v = 0; v < e->model.programs[1]->n_values; v++) {
		const struct rnf_value *x = &e->model.programs[1]->values[v];
		const struct rnf_op_row *row = e->model.programs[1]->ops[x->op].row;
		if (!e->model.plans[1]->stored[v] || x->h * x->w == 1) continue;
		stored++;
		ck_assert_msg(strcmp(row->name, "affine") != 0 && strcmp(row->name, "act") != 0,
			      "%s of %s is stored", row->name,
			      e->model.programs[1]->ops[x->op].label);
	}
	ck_assert_uint_gt(stored, 20); /* the convolutions' outputs are */
}
END_TEST

/* The sum of count() over all chains of a training step. */
static size_t of_chains(const char *conf, size_t (*count)(const struct rnf_chain *))
{
	const struct rnf_plan *training = plan(conf)->model.plans[1];
	size_t n = 0;
	for (size_t i = 0; i < training->n_phases; i++)
		for (size_t j = 0; j < training->phases[i].n_tasks; j++) {
			const struct rnf_chain *chain = training->phases[i].tasks[j].chain;
			if (chain) n += count(chain);
		}
	return n;
}

static size_t is_in_tiles(const struct rnf_chain *chain)
{
	const int64_t most = 2048 / chain->c;
	ck_assert_int_eq(chain->tile_pixels, most < chain->pixels ? most : chain->pixels);
	return chain->tile_pixels < chain->pixels;
}

static size_t pairs_of(const struct rnf_chain *chain)
{
	size_t n = 0;
	for (size_t i = 0; i < chain->n_links; i++)
		n += chain->links[i].forward >= 0;
	return n;
}

/* What a tile holds decides in which order sums are made, and so their bits: as many whole
 * pixels of `c` channels as RNF_TILE_FLOATS has room for. */
START_TEST(tiles_are_of_one_size)
{
	ck_assert_uint_gt(of_chains(plans[_i].conf, is_in_tiles), 20);
}
END_TEST

/* An activation that is made again behind a conv runs in one call with its gradient. */
START_TEST(activations_run_with_their_gradients)
{
	ck_assert_uint_eq(of_chains(plans[_i].conf, pairs_of), plans[_i].pairs);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ plans_have_the_phases_of_their_barriers, TEST_ROWS(plans) },
		{ tiles_are_of_one_size, TEST_ROWS(plans) },
		{ activations_run_with_their_gradients, TEST_ROWS(plans) },
		{ NULL, 0 },
	};
	return test_run_cases("plan", cases);
}
