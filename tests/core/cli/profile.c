/* rnframe profile: its table, its JSON, and that it leaves nothing behind. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "lib/plugin.h"
#include "lib/program.h"

static char out[1 << 16];

static const struct { const char *arguments, *mode; int steps, threads; } runs[] = {
	{ "--steps 2 threads=2", "train", 2, 2 },
	{ "--steps=3 --mode inference threads=1", "inference", 3, 1 },
	{ "--mode train threads=3", "train", 20, 3 },
};

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	ck_assert_msg(json_is_number(value), "%s is missing", key);
	ck_assert(isfinite(json_number_value(value)));
	return json_number_value(value);
}

/* Relative to the peak; the machine has other work to do. */
static void check_share(const json_t *object)
{
	const json_t *share = json_object_get(object, "share_of_peak");
	ck_assert(json_is_null(share) || json_is_number(share));
	if (json_is_null(share)) return;
	ck_assert_double_ge(json_number_value(share), 0);
	ck_assert_double_le(json_number_value(share), 3);
}

struct sums { double ms, bytes, gflop; };

static struct sums sum(const json_t *profile, const char *list, const char *key)
{
	const json_t *rows = json_object_get(profile, list), *row;
	struct sums all = { 0 };
	size_t i;
	ck_assert_msg(json_array_size(rows) > 2, "%s is missing", list);
	json_array_foreach(rows, i, row) {
		const json_t *gflops = json_object_get(row, "gflops");
		ck_assert_ptr_nonnull(json_string_value(json_object_get(row, key)));
		ck_assert(json_is_null(gflops) || json_is_number(gflops));
		ck_assert_double_gt(number(row, "calls"), 0);
		ck_assert_double_ge(number(row, "ms"), 0);
		check_share(row);
		all.ms += number(row, "ms");
		all.bytes += number(row, "bytes");
		all.gflop += json_number_value(gflops) * number(row, "ms") * 1e-3;
	}
	return all;
}

/* Nine digits are written of each row. */
static void check_sums(const json_t *profile)
{
	const struct sums all = sum(profile, "kinds", "name");
	const struct sums others[] = { sum(profile, "phases", "phase"),
				       sum(profile, "layers", "name") };
	ck_assert_double_gt(all.ms, 0);
	ck_assert_double_eq(all.bytes, number(profile, "bytes_per_step"));
	ck_assert_double_eq_tol(all.gflop, number(profile, "gflop_per_step"),
				1e-6 * all.gflop);
	for (int i = 0; i < 2; i++) {
		ck_assert_double_eq_tol(others[i].ms, all.ms, 1e-6 * all.ms);
		ck_assert_double_eq(others[i].bytes, all.bytes);
		ck_assert_double_eq_tol(others[i].gflop, all.gflop, 1e-6 * all.gflop);
	}
}

static void check_figures(const json_t *p)
{
	static const char *const words[] = { "backend", "isa", "precision", NULL };
	for (int i = 0; words[i]; i++)
		ck_assert_ptr_nonnull(json_string_value(json_object_get(p, words[i])));
	ck_assert_ptr_nonnull(json_object_get(p, "cpu"));
	ck_assert_double_eq(number(p, "batch"), 16);
	ck_assert_double_eq_tol(number(p, "images_per_second") * number(p, "step_ms"),
				16000, 0.01);
	ck_assert_double_eq_tol(number(p, "images_per_second_ready") *
				number(p, "step_ms_ready"), 16000, 0.01);
	ck_assert_double_gt(number(p, "peak_memory_bytes"), number(p, "arena_bytes"));
	ck_assert_double_gt(number(p, "arena_bytes"), 0);
	ck_assert_ptr_nonnull(json_object_get(p, "first_step_s"));
	check_share(p);
	/* native and openblas know theirs */
	ck_assert_double_gt(number(p, "peak_gflops"), 0.1);
}

START_TEST(json_and_table)
{
	const char *dir = test_folder("profile");
	ck_assert_msg(test_program(out, sizeof out, "profile synthetic.cfg %s --json "
				   "%s/p.json", runs[_i].arguments, dir) == 0, "%s", out);
	static const char *const parts[] = { "images/s", "core-ms", "conv 3x3 8->8 at 8x8",
		"stem_conv", "kind of work", "  phase\n", "  layer\n" };
	for (int i = 0; i < TEST_ROWS(parts); i++)
		ck_assert_msg(strstr(out, parts[i]) != NULL, "%s: %s", parts[i], out);
	ck_assert_msg(!strstr(out, "nan") && !strstr(out, "inf "), "%s", out);
	char path[1024];
	snprintf(path, sizeof path, "%s/p.json", dir);
	json_t *p = json_load_file(path, 0, NULL);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(json_string_value(json_object_get(p, "mode")), runs[_i].mode);
	ck_assert_double_eq(number(p, "steps"), runs[_i].steps);
	ck_assert_double_eq(number(p, "threads"), runs[_i].threads);
	check_figures(p);
	check_sums(p);
	json_decref(p);
}
END_TEST

START_TEST(nothing_stays_behind)
{
	test_shell("program=$(realpath %s/rnframe); cd %s && "
		   "$program profile synthetic.cfg --steps 1 >/dev/null && "
		   "test -z \"$(ls -A)\"", test_build(), test_folder("profile"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ json_and_table, TEST_ROWS(runs) },
		{ nothing_stays_behind, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("cli/profile", cases);
}
