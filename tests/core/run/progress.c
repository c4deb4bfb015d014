/* The position of a run as a text, which may come from anybody. */
#include "run/progress.h"

#include <stdlib.h>

#include "base/status.h"
#include "lib/plugin.h"

#define STATE(step, epochs, seconds, sums, numerics) "{\"step\":" step ",\"epochs\":" epochs \
	",\"seconds\":" seconds ",\"may_go\":true,\"sums\":" sums ",\"numerics\":" numerics \
	",\"history\":[]}"
#define MOST "9223372036854775807"

/* Numbers that the loop would increase without bound. */
static const char *const forged[] = {
	STATE(MOST, "4", "1", "[1,1,1,1,1]", "[0,0,0]"),
	STATE("-1", "4", "1", "[1,1,1,1,1]", "[0,0,0]"),
	STATE("7", MOST, "1", "[1,1,1,1,1]", "[0,0,0]"),
	STATE("7", "0", "1", "[1,1,1,1,1]", "[0,0,0]"),
	STATE("7", "4", "1e300", "[1,1,1,1,1]", "[0,0,0]"),
	STATE("7", "4", "-1", "[1,1,1,1,1]", "[0,0,0]"),
	STATE("7", "4", "1", "[1,1,1,1," MOST "]", "[0,0,0]"),
	STATE("7", "4", "1", "[1,1,1,1,-1]", "[0,0,0]"),
	STATE("7", "4", "1", "[1,1,1,-1,1]", "[0,0,0]"),
	STATE("7", "4", "1", "[1,1,1,1,1]", "[" MOST ",0,0]"),
	STATE("7", "4", "1", "[1,1,1,1,1]", "[0," MOST ",0]"),
	STATE("7", "4", "1", "[1,1,1,1,1]", "[0,0," MOST "]"),
	"[]", "{", "7",
};

START_TEST(numbers_that_no_run_comes_to)
{
	struct rnf_progress p = { 0 };
	int may_go;
	ck_assert_int_eq(rnf_progress_read(forged[_i], &p, &may_go), RNF_EINVAL);
}
END_TEST

START_TEST(there_and_back)
{
	const char *good = STATE("7", "4", "1.5", "[1.5,2.5,3.5,4.5,16]", "[1,2,3]");
	struct rnf_progress p = { 0 }, q = { 0 };
	int may_go;
	ck_assert_int_eq(rnf_progress_read(good, &p, &may_go), RNF_OK);
	ck_assert_int_eq(may_go, 1);
	char *text = rnf_progress_text(&p, 0);
	ck_assert_int_eq(rnf_progress_read(text, &q, &may_go), RNF_OK);
	free(text);
	ck_assert_int_eq(may_go, 0);
	ck_assert(q.step == 7 && q.epochs == 4 && q.seconds == 1.5 && q.sums.loss == 1.5);
	ck_assert(q.sums.seconds == 4.5 && q.sums.images == 16 && q.numerics.recent == 2);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ numbers_that_no_run_comes_to, TEST_ROWS(forged) },
		{ there_and_back, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("run/progress", cases);
}
