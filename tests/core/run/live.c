#include "run/live.h"

#include "lib/plugin.h"

static const struct {
	const char *path;
	int on_resume, always;
} keys[] = {
	{ "threads", 1, 1 }, { "out", 1, 1 }, { "data.path", 1, 1 }, { "train.pictures", 1, 1 },
	{ "train.callbacks", 1, 1 }, { "train.callbacks[0].keep", 1, 1 },
	{ "train.callbacks.checkpoint", 1, 1 }, { "train.epochs", 1, 0 },
	{ "train.max_steps", 1, 0 }, { "train.init.weights", 1, 0 },
	{ "train.freeze", 0, 0 }, { "name", 0, 1 },
	{ "seed", 0, 0 }, { "data.paths", 0, 0 }, { "data", 0, 0 }, { "train", 0, 0 },
	{ "model.name", 0, 0 }, { "train.optimizer.lr", 0, 0 }, { "model.threads", 0, 0 },
};

START_TEST(a_key_and_all_below_it)
{
	ck_assert_int_eq(rnf_live_on_resume(keys[_i].path), keys[_i].on_resume);
	ck_assert_int_eq(rnf_live_always(keys[_i].path), keys[_i].always);
}
END_TEST

START_TEST(the_list_is_told)
{
	ck_assert_str_eq(rnf_live_words(), "threads, out, data.path, data.cache, data.cache_mib, "
			 "train.init, train.callbacks, train.pictures, train.epochs and train.max_steps");
}
END_TEST

static const char *without(const char *text)
{
	struct rnf_conf *tree;
	ck_assert_int_eq(rnf_conf_parse("it", text, &tree), RNF_OK);
	rnf_live_drop_machine(tree);
	return rnf_conf_text(tree);
}

static const char *same(const char *text)
{
	struct rnf_conf *tree;
	ck_assert_int_eq(rnf_conf_parse("it", text, &tree), RNF_OK);
	return rnf_conf_text(tree);
}

START_TEST(what_says_where_a_run_runs_is_dropped)
{
	ck_assert_str_eq(without("threads = 2; out = \"runs/a\"; seed = 1; "
				 "data = { type = \"cifar10\"; path = \"/d\"; part = 0.5; }; "
				 "train = { epochs = 3; init = { weights = \"/w\"; skip = (\"a\"); }; "
				 "pictures = false; };"),
			 same("seed = 1; data = { type = \"cifar10\"; part = 0.5; }; "
			      "train = { epochs = 3; pictures = false; };"));
	ck_assert_str_eq(without("data = \"cifar10\"; path = \"/d\";"),
			 same("data = \"cifar10\"; path = \"/d\";"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_key_and_all_below_it, TEST_ROWS(keys) }, { the_list_is_told, 0 },
		{ what_says_where_a_run_runs_is_dropped, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("run/live", cases);
}
