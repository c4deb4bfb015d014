/* Reports: the results of scikit-learn and numpy for the same predictions (tests/golden,
 * report.py); the program's own accuracy; figures and names that are missing. */
#include "run/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rnframe/training.h>

#include "base/arena.h"
#include "lib/noise.h"
#include "lib/plugin.h"

static const char *const cases[] = { "ten", "gaps", "ties" };

/* -- an evaluation from its golden file -- */

struct golden {
	json_t *file;
	struct rnf_tally tally;
	struct rnf_report report;
};

static void read_floats(const json_t *array, float *values)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		values[i] = (float)json_number_value(json_array_get(array, i));
}

/* Row i of the file, as the program would count it. */
static void add(struct golden *g, size_t i)
{
	const struct rnf_loss_impl *loss = test_feature("loss", "crossentropy")->impl;
	float target[16] = { 0 }, logits[16], probs[16];
	const json_t *labels = json_object_get(g->file, "labels");
	target[json_integer_value(json_array_get(labels, i))] = 1;
	read_floats(json_array_get(json_object_get(g->file, "logits"), i), logits);
	read_floats(json_array_get(json_object_get(g->file, "probs"), i), probs);
	const size_t k = (size_t)g->tally.classes;
	rnf_tally_add(&g->tally, target, logits, probs,
		      loss->plain(NULL, k, logits, target));
}

static struct golden read_golden(const char *name)
{
	struct golden g = { .file = json_load_file(
		rnf_format("tests/golden/report_%s.json", name), 0, NULL) };
	ck_assert_ptr_nonnull(g.file);
	const json_t *names = json_object_get(g.file, "names");
	const size_t k = json_array_size(names);
	const char **labels = rnf_alloc(k * sizeof *labels);
	for (size_t i = 0; i < k; i++)
		labels[i] = rnf_format("%s", json_string_value(json_array_get(names, i)));
	rnf_tally_init(&g.tally, (int64_t)k);
	for (size_t i = 0; i < json_array_size(json_object_get(g.file, "labels")); i++)
		add(&g, i);
	g.report = (struct rnf_report){ .name = name, .split = "test",
		.labels = rnf_report_labels(labels, (int64_t)k) };
	return g;
}

/* The text that `write` makes of a report; to be freed. */
static char *text_of(const struct rnf_report *r,
		     void (*write)(const struct rnf_report *, FILE *))
{
	static char *text; /* static, or gcc 12 warns of a pointer into this frame */
	static size_t n;
	FILE *out = open_memstream(&text, &n);
	ck_assert_ptr_nonnull(out);
	write(r, out);
	fclose(out);
	return text;
}

/* -- against scikit-learn and numpy -- */

START_TEST(table_is_the_text_of_classification_report)
{
	static char expected[8192];
	struct golden g = read_golden(cases[_i]);
	g.report.tally = &g.tally;
	FILE *f = fopen(rnf_format("tests/golden/report_%s.txt", cases[_i]), "r");
	ck_assert_ptr_nonnull(f);
	expected[fread(expected, 1, sizeof expected - 1, f)] = 0;
	fclose(f);
	char *text = text_of(&g.report, rnf_report_table);
	ck_assert_str_eq(text, expected);
	free(text);
	json_decref(g.file);
}
END_TEST

static void compare(const json_t *got, const json_t *expected, const char *where)
{
	const char *key;
	json_t *value;
	ck_assert_msg(got != NULL, "%s is missing", where);
	if (json_is_number(expected)) {
		const double a = json_number_value(got), b = json_number_value(expected);
		ck_assert_msg(json_is_number(got) && fabs(a - b) <= 1e-12 * fmax(1, fabs(b)),
			      "%s: %.17g, expected %.17g", where, a, b);
	} else if (json_is_array(expected)) {
		ck_assert_uint_eq(json_array_size(got), json_array_size(expected));
		for (size_t i = 0; i < json_array_size(expected); i++)
			compare(json_array_get(got, i), json_array_get(expected, i),
				rnf_format("%s[%zu]", where, i));
	} else if (json_is_object(expected)) {
		json_object_foreach((json_t *)expected, key, value)
			compare(json_object_get(got, key), value,
				rnf_format("%s/%s", where, key));
	} else {
		ck_assert_msg(json_equal(got, expected), "%s", where);
	}
}

/* The same keys in the same order as output_dict's, "rnframe" last. */
static void compare_keys(json_t *got, json_t *expected)
{
	void *a = json_object_iter(got), *b = json_object_iter(expected);
	for (; a && b; a = json_object_iter_next(got, a),
		       b = json_object_iter_next(expected, b))
		ck_assert_str_eq(json_object_iter_key(a), json_object_iter_key(b));
	ck_assert(!a && !b);
}

START_TEST(figures_are_those_of_output_dict)
{
	struct golden g = read_golden(cases[_i]);
	g.report.tally = &g.tally;
	json_t *got = rnf_report_json(&g.report);
	json_t *expected = json_object_get(g.file, "report");
	compare_keys(got, expected);
	compare(got, expected, cases[_i]);
	json_decref(got);
	json_decref(g.file);
}
END_TEST

START_TEST(rows_of_the_matrix_are_true_classes)
{
	struct golden g = read_golden(cases[_i]);
	const json_t *matrix = json_object_get(g.file, "confusion");
	const int64_t k = g.tally.classes;
	for (int64_t i = 0; i < k; i++)
		for (int64_t j = 0; j < k; j++)
			ck_assert_int_eq(g.tally.confusion[i * k + j],
				json_integer_value(json_array_get(json_array_get(
					matrix, (size_t)i), (size_t)j)));
	json_decref(g.file);
}
END_TEST

/* With fewer classes than ranks, a rank for each class. */
static const struct { int64_t classes; size_t ranks; } ranked[] = { { 2, 2 }, { 5, 5 }, { 9, 5 } };

START_TEST(no_more_ranks_than_classes)
{
	static const char *const labels[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i" };
	const float target[9] = { 1 }, probs[9] = { 1 };
	struct rnf_tally t;
	rnf_tally_init(&t, ranked[_i].classes);
	rnf_tally_add(&t, target, probs, probs, 0);
	const struct rnf_report r = { .name = "ranks", .split = "test", .labels = labels, .tally = &t };
	json_t *got = rnf_report_json(&r);
	const json_t *top = json_object_get(json_object_get(got, "rnframe"), "top_k");
	ck_assert_uint_eq(json_object_size(top), ranked[_i].ranks);
	json_decref(got);
}
END_TEST

/* -- against the program's own scores -- */

enum { CLASSES = 7, IMAGES = 4000 };

/* Few levels, so that most images have ties; now and then a NaN. */
static void draw(const float *noise, float *logits)
{
	for (int j = 0; j < CLASSES; j++)
		logits[j] = noise[j] > 0.47f ? NAN : floorf(noise[j] * 4);
}

START_TEST(accuracy_is_that_of_the_metric)
{
	const struct rnf_metric_impl *accuracy = test_feature("metric", "accuracy")->impl;
	float *noise = test_noise(IMAGES * CLASSES, 1), logits[CLASSES];
	struct rnf_tally t;
	double sum = 0;
	rnf_tally_init(&t, CLASSES);
	for (int i = 0; i < IMAGES; i++) {
		float target[CLASSES] = { 0 };
		target[i % CLASSES] = 1;
		draw(noise + i * CLASSES, logits);
		rnf_tally_add(&t, target, logits, target, 0);
		sum += accuracy->score(NULL, CLASSES, logits, target);
	}
	free(noise);
	ck_assert_int_eq(t.within[0], (int64_t)sum);
	ck_assert_double_eq(rnf_tally_accuracy(&t), sum / IMAGES);
	ck_assert_int_gt(rnf_tally_undecided(&t), 0);
	for (int i = 1; i < RNF_TALLY_TOP; i++)
		ck_assert_int_ge(t.within[i], t.within[i - 1]);
}
END_TEST

/* -- no number, no name -- */

static struct rnf_tally two_images(float first)
{
	const float target[] = { 1, 0 }, lost[] = { first, 1 }, found[] = { 2, 1 };
	struct rnf_tally t;
	rnf_tally_init(&t, 2);
	rnf_tally_add(&t, target, lost, lost, NAN);
	rnf_tally_add(&t, target, found, target, 0.5);
	return t;
}

START_TEST(an_image_without_a_number_is_wrong_and_has_a_column)
{
	const struct rnf_tally t = two_images(NAN);
	const struct rnf_report r = { "a", "test", rnf_report_labels(NULL, 2), &t };
	ck_assert_int_eq(rnf_tally_class(&t, 0).support, 2);
	ck_assert_double_eq(rnf_tally_accuracy(&t), 0.5);
	ck_assert(isnan(rnf_tally_calibration(&t)));
	char *csv = text_of(&r, rnf_confusion_csv);
	ck_assert_str_eq(csv, "\"true \\ predicted\",\"0\",\"1\",\"(no prediction)\"\r\n"
			 "\"0\",1,0,1\r\n\"1\",0,0,0\r\n");
	free(csv);
	json_t *json = rnf_report_json(&r), *own = json_object_get(json, "rnframe");
	ck_assert_int_eq(json_integer_value(json_object_get(own, "undecided")), 1);
	ck_assert(json_is_null(json_object_get(own, "cross_entropy")));
	json_decref(json);
}
END_TEST

START_TEST(labels_are_told_apart)
{
	static const char *const names[] = { "cat", "cat", "", "two\nlines", "\xff",
		"accuracy", "macro avg", "größer", NULL };
	static const char *const expected[] = { "cat", "cat (1)", "2", "3", "4",
		"accuracy (5)", "macro avg (6)", "größer", "8" };
	const char *const *labels = rnf_report_labels(names, TEST_ROWS(expected));
	for (int i = 0; i < TEST_ROWS(expected); i++)
		ck_assert_str_eq(labels[i], expected[i]);
}
END_TEST

START_TEST(quotes_do_not_end_a_label)
{
	static const char *const names[] = { "a \"b\", c", "d's" };
	const struct rnf_tally t = two_images(0);
	const struct rnf_report r = { "it's", "test", names, &t };
	char *csv = text_of(&r, rnf_confusion_csv);
	ck_assert_ptr_nonnull(strstr(csv, ",\"a \"\"b\"\", c\",\"d's\"\r\n"));
	free(csv);
	char *script = text_of(&r, rnf_confusion_script);
	ck_assert_ptr_nonnull(strstr(script, "(\"a \\042b\\042, c\" 0, \"d\\047s\" 1)"));
	ck_assert_ptr_nonnull(strstr(script, "set title \"it\\047s, test: 50.00 % of 2"));
	free(script);
}
END_TEST

/* Pixels of a class, among so many. */
static const struct { int64_t classes; int side; } sides[] = {
	{ 2, 200 }, { 8, 50 }, { 9, 52 }, { 20, 52 }, { 21, 36 }, { 101, 36 }, { 102, 4 }, { 401, 2 },
};

/* The scale's words stand beside its middle. */
static void check_scale(const char *script)
{
	double x, y, w, h, at_x, at_y;
	const char *box = strstr(script, "set colorbox"), *words = strstr(script, "set label 'share");
	ck_assert(box && words);
	ck_assert_int_eq(sscanf(box, "set colorbox user origin screen %lf, screen %lf size screen "
				"%lf, screen %lf", &x, &y, &w, &h), 4);
	ck_assert_int_eq(sscanf(words, "set label 'share of the true class, %%' at screen %lf, "
				"screen %lf", &at_x, &at_y), 2);
	ck_assert_double_gt(at_x, x + w);
	ck_assert_double_eq_tol(at_y, y + h / 2, 2e-6);
}

START_TEST(all_lies_within_the_picture)
{
	const int64_t k = sides[_i].classes;
	struct rnf_tally tally;
	rnf_tally_init(&tally, k);
	const char **labels = rnf_alloc((size_t)k * sizeof *labels);
	for (int64_t i = 0; i < k; i++)
		labels[i] = "a";
	const struct rnf_report r = { "net", "test", labels, &tally };
	char *script = text_of(&r, rnf_confusion_script);
	const int matrix = (int)k * sides[_i].side, labelled = k <= 101 ? 52 + 8 : 52 + 4 * 8;
	ck_assert_msg(strstr(script, rnf_format(" size %d,%d }", labelled + matrix + 120,
						64 + matrix + labelled)) != NULL, "%s", script);
	for (const char *p = script; (p = strstr(p, "screen ")); p++) {
		const double at = atof(p + strlen("screen "));
		ck_assert_msg(at > 0 && at < 1, "%.60s", p);
	}
	check_scale(script);
	free(script);
}
END_TEST

/* Wilson's interval, by hand: with p = 0 it ends at z^2 / (n + z^2). */
START_TEST(intervals_stay_between_none_and_all)
{
	const double z2 = 1.959963984540054 * 1.959963984540054;
	const struct rnf_interval none = rnf_wilson(0, 10), all = rnf_wilson(1, 10);
	ck_assert_double_eq(none.low, 0);
	ck_assert_double_eq_tol(none.high, z2 / (10 + z2), 1e-15);
	ck_assert_double_eq_tol(all.low, 10 / (10 + z2), 1e-15);
	ck_assert_double_eq(all.high, 1);
}
END_TEST

int main(void)
{
	const struct test_case tests[] = {
		{ table_is_the_text_of_classification_report, TEST_ROWS(cases) },
		{ figures_are_those_of_output_dict, TEST_ROWS(cases) },
		{ rows_of_the_matrix_are_true_classes, TEST_ROWS(cases) },
		{ no_more_ranks_than_classes, TEST_ROWS(ranked) },
		{ accuracy_is_that_of_the_metric, 0 },
		{ all_lies_within_the_picture, TEST_ROWS(sides) },
		{ an_image_without_a_number_is_wrong_and_has_a_column, 0 },
		{ labels_are_told_apart, 0 },
		{ quotes_do_not_end_a_label, 0 },
		{ intervals_stay_between_none_and_all, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("report", tests);
}
