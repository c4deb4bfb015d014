#include "lib/plugin.h"

#include <string.h>

/* As the plugin's table describes it. */
struct conf {
	int64_t every, every_steps, keep;
	int32_t best, last;
};

static char saved[256];

static rnf_status save(const struct rnf_run *run, const char *file, int64_t keep)
{
	(void)run;
	strcat(saved, file);
	strcat(saved, keep > 0 ? "(may go) " : " ");
	return RNF_OK;
}

/* Three epochs of two steps; val_loss of each epoch as given. */
static const char *run(struct conf conf, const double *val_loss)
{
	const struct rnf_feature *feature = test_feature("callback", "checkpoint");
	const struct rnf_callback_impl *impl = feature->impl;
	ck_assert_uint_eq(feature->params->conf_size, sizeof conf);
	struct rnf_epoch history[3] = { 0 };
	struct rnf_run told = { .size = sizeof told, .name = "net", .epochs = 3,
		.steps = 6, .steps_per_epoch = 2, .history = history, .save = save };
	saved[0] = '\0';
	impl->on(&conf, RNF_EVENT_BEGIN, &told);
	for (int e = 0; e < 3; e++) {
		told.epoch = e + 1;
		for (int i = 0; i < 2; i++) {
			told.step++;
			impl->on(&conf, RNF_EVENT_STEP, &told);
		}
		history[e].val_loss = val_loss[e];
		history[e].train_loss = 3 - e;
		told.n_history = e + 1;
		impl->on(&conf, RNF_EVENT_EPOCH, &told);
	}
	impl->on(&conf, RNF_EVENT_END, &told);
	return saved;
}

START_TEST(defaults)
{
	ck_assert_str_eq(run((struct conf){ 1, 0, 2, 1, 1 }, (double[]){ 2, 1, 3 }),
			 "net_1(may go) best net_2(may go) best net_3(may go) last ");
}
END_TEST

START_TEST(by_steps)
{
	ck_assert_str_eq(run((struct conf){ 2, 3, 0, 0, 0 }, (double[]){ 2, 1, 3 }),
			 "net_step3 net_2 net_step6 ");
}
END_TEST

START_TEST(best_without_validation)
{
	ck_assert_str_eq(run((struct conf){ 0, 0, 2, 1, 0 }, (double[]){ NAN, NAN, NAN }),
			 "best best best ");
}
END_TEST

START_TEST(nothing)
{
	ck_assert_str_eq(run((struct conf){ 0 }, (double[]){ 2, 1, 3 }), "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		defaults, by_steps, best_without_validation, nothing, NULL
	};
	return test_run("callback/checkpoint", tests);
}
