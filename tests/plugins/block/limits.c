/* Numbers that no block can be built of are refused where the conf is read, before a division
 * by them. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "lib/plugin.h"
#include "train/setup.h"

#define STAGE "model.layers.stage1."

static const struct { const char *conf, *key; int64_t low, high; } limits[] = {
	{ "xresnext29_16x2d.cfg", STAGE "block.groups", 1, 4096 },
	{ "xresnext29_16x2d.cfg", STAGE "block.width", 1, 4096 },
	{ "xresnext29_16x2d.cfg", STAGE "block.base_width", 1, 4096 },
	{ "xresnext29_16x2d.cfg", STAGE "block.filters", 1, 4096 },
	{ "xresnext29_16x2d.cfg", STAGE "stride", 1, 64 },
	{ "xresnext29_16x2d.cfg", STAGE "repeat", 1, 1000 },
	{ "xresnet20.cfg", STAGE "block.filters", 1, 4096 },
};

static rnf_status read_with(const char *conf, const char *key, int64_t value)
{
	const char *set = rnf_format("%s=%lld", key, (long long)value);
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const rnf_status status = rnf_config_read(&e->conf, conf, &set, 1);
	rnf_experiment_finish(e);
	return status;
}

START_TEST(both_ends)
{
	const char *conf = limits[_i].conf, *key = limits[_i].key;
	test_plugins_path();
	rnf_conf_dir = "conf";
	ck_assert_msg(read_with(conf, key, limits[_i].low) >= 0, "%s", rnf_fail_words());
	ck_assert_msg(read_with(conf, key, limits[_i].high) >= 0, "%s", rnf_fail_words());
	for (int i = 0; i < 2; i++) {
		const int64_t bad = i ? limits[_i].high + 1 : limits[_i].low - 1;
		ck_assert_int_eq(read_with(conf, key, bad), RNF_EINVAL);
		const char *words = rnf_format("%s is %lld, must be %lld .. %lld", strrchr(key, '.'),
					       (long long)bad, (long long)limits[_i].low,
					       (long long)limits[_i].high);
		ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ both_ends, TEST_ROWS(limits) },
		{ NULL, 0 },
	};
	return test_run_cases("block/limits", cases);
}
