/* Where a replay starts when the listed checkpoint is gone or replaced. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/experiment.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "run/replay.h"
#include "train/weights.h"

/* What happens between the listing and the reading. */
static const struct { const char *how; rnf_status status; } changes[] = {
	{ "cp %s/a/checkpoints/last.safetensors %s", RNF_ENOENT }, /* of a later step */
	{ ": %s; rm %s", RNF_ENOENT },
	{ ": %s; truncate -s 3000 %s", RNF_EINVAL },
};

static size_t block_bytes(const struct rnf_experiment *e)
{
	return (size_t)e->model.programs[0]->block * sizeof(float);
}

static const struct rnf_saved *earliest(const struct rnf_saved_list *list)
{
	const struct rnf_saved *earliest = &list->at[0];
	for (size_t i = 1; i < list->n; i++)
		if (list->at[i].progress.step < earliest->progress.step) earliest = &list->at[i];
	return earliest;
}

START_TEST(a_failed_start_leaves_the_first_values)
{
	char out[4096];
	const char *dir = test_folder("replay_start");
	struct rnf_saved_list list;
	ck_assert_msg(test_program(out, sizeof out, "train synthetic.cfg train.epochs=2 "
				   "train.pictures=false --out %s/a", dir) == 0, "%s", out);
	struct rnf_experiment *e = test_planned(rnf_format("%s/a/conf.cfg", dir), 1, NULL, 0);
	float *weights = rnf_alloc(block_bytes(e));
	memcpy(weights, e->session.weights, block_bytes(e));
	ck_assert_int_eq(rnf_native_find(), RNF_OK);
	ck_assert_int_eq(rnf_checkpoints_list(rnf_format("%s/a", dir), &list), RNF_OK);
	const struct rnf_saved *from = earliest(&list);
	test_shell(changes[_i].how, dir, from->path);
	ck_assert_int_eq(rnf_replay_start(e, from), changes[_i].status);
	ck_assert_int_eq(memcmp(weights, e->session.weights, block_bytes(e)), 0);
	for (int64_t k = 0; k < e->model.programs[0]->block; k++)
		ck_assert(e->session.slots[0][k] == 0);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_failed_start_leaves_the_first_values, TEST_ROWS(changes) },
		{ NULL, 0 },
	};
	return test_run_cases("replay", cases);
}
