#include "run/predictions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "lib/program.h"

static const char *const labels[] = { "cat", "a \"b\", c" };

/* An image that is right, one that is wrong, one without a prediction. */
static void fill(struct rnf_tally *t)
{
	static const float targets[][2] = { { 1, 0 }, { 0, 1 }, { 0, 1 } };
	static const float logits[][2] = { { 2, 1 }, { 2, 1 }, { NAN, 1 } };
	static const float probs[][2] = { { 0.75f, 0.25f }, { 0.6f, 0.4f }, { NAN, NAN } };
	rnf_tally_init(t, 2);
	rnf_tally_keep(t, 3);
	for (int i = 0; i < 3; i++)
		rnf_tally_add(t, targets[i], logits[i], probs[i], 0);
}

static const char *written(const struct rnf_tally *t, const char *name)
{
	const struct rnf_report r = { "a", "test", labels, t };
	const char *path = rnf_format("%s/predictions.csv", test_folder(name));
	FILE *out = fopen(path, "wb");
	ck_assert_ptr_nonnull(out);
	rnf_predictions_csv(&r, out);
	fclose(out);
	return path;
}

START_TEST(a_line_for_each_image)
{
	struct rnf_tally t;
	char text[512];
	fill(&t);
	t.predictions[1].index = 77;
	FILE *f = fopen(written(&t, "predictions"), "rb");
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	ck_assert_str_eq(text, "index,true,predicted,p_true,p_predicted\r\n"
			 "0,\"cat\",\"cat\",0.75,0.75\r\n"
			 "77,\"a \"\"b\"\", c\",\"cat\",0.400000006,0.600000024\r\n"
			 "2,\"a \"\"b\"\", c\",,,\r\n");
}
END_TEST

START_TEST(read_back)
{
	struct rnf_tally t;
	struct rnf_answered a, other;
	fill(&t);
	ck_assert_int_eq(rnf_predictions_read(written(&t, "predictions_a"), &a), RNF_OK);
	ck_assert_int_eq(a.n, 3);
	ck_assert(a.right[0] == 1 && a.right[1] == 0 && a.right[2] == 0);
	t.predictions[1].class = 1; /* predictions do not count in the digest of the images */
	ck_assert_int_eq(rnf_predictions_read(written(&t, "predictions_b"), &other), RNF_OK);
	ck_assert(other.right[1] == 1 && other.images == a.images);
	free(other.right);
	t.predictions[1].index = 5;
	ck_assert_int_eq(rnf_predictions_read(written(&t, "predictions_b"), &other), RNF_OK);
	ck_assert(other.images != a.images);
	free(other.right);
	t.predictions[1].index = 1;
	t.predictions[0].label = 1;
	ck_assert_int_eq(rnf_predictions_read(written(&t, "predictions_b"), &other), RNF_OK);
	ck_assert(other.images != a.images);
	free(other.right);
	free(a.right);
}
END_TEST

#define HEAD "index,true,predicted,p_true,p_predicted\n"

static const struct { const char *text, *words; } bad[] = {
	{ "index,true\n", "predictions.csv:1: " },
	{ HEAD "0,\"cat\",\"cat\",1,1\n1,\"cat\"\n", "predictions.csv:3: " },
	{ HEAD "0,\"cat\",\"cat\",1,1,9\n", "predictions.csv:2: " },
	{ HEAD "0,\"cat,cat,1,1\n", "predictions.csv:2: " },
	{ HEAD ",\"cat\",\"cat\",1,1\n", "predictions.csv:2: " },
	{ HEAD "\n", "predictions.csv:2: " },
};

START_TEST(a_file_that_is_none)
{
	const char *path = rnf_format("%s/predictions.csv", test_folder("predictions_bad"));
	struct rnf_answered a;
	FILE *out = fopen(path, "wb");
	fputs(bad[_i].text, out);
	fclose(out);
	ck_assert_int_eq(rnf_predictions_read(path, &a), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), bad[_i].words) != NULL, "%s", rnf_fail_words());
	ck_assert_ptr_null(a.right);
}
END_TEST

START_TEST(no_file)
{
	struct rnf_answered a;
	ck_assert_int_eq(rnf_predictions_read("/nonexistent/predictions.csv", &a), RNF_ENOENT);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_line_for_each_image, 0 }, { read_back, 0 },
		{ a_file_that_is_none, TEST_ROWS(bad) }, { no_file, 0 }, { NULL, 0 },
	};
	return test_run_cases("run/predictions", cases);
}
