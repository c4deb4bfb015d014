/* stage: what it tells each of its blocks, and that it puts back what it found. */
#include <string.h>

#include "lib/plugin.h"

struct conf { int64_t repeat, stride; const struct rnf_ref *block; }; /* as in the plugin */

/* What the stage asked of the graph. */
static struct {
	int blocks;
	struct { int64_t index, count, stride, first; } of[8];
	char last[32];
} asked;

static rnf_val use(struct rnf_graph *g, const struct rnf_ref *ref, const char *label,
		   const rnf_val *in, size_t n_in, const struct rnf_setting *settings, size_t n)
{
	(void)ref, (void)n_in;
	ck_assert_uint_eq(n, 2);
	asked.of[asked.blocks].index = g->block_index;
	asked.of[asked.blocks].count = g->block_count;
	asked.of[asked.blocks].stride = settings[0].i;
	asked.of[asked.blocks++].first = settings[1].i;
	strncpy(asked.last, label, sizeof asked.last - 1);
	return in[0] == 13 ? -1 : in[0] + 1;
}

/* Inside of another one, at the third of five blocks. */
static struct rnf_graph lower(int64_t repeat, rnf_val x, rnf_val *y)
{
	const struct rnf_layer_impl *impl = test_feature("layer", "stage")->impl;
	const struct conf conf = { repeat, 2, NULL };
	struct rnf_graph g = { .use = use, .block_index = 2, .block_count = 5 };
	memset(&asked, 0, sizeof asked);
	*y = impl->lower(&conf, &g, &x, 1);
	return g;
}

START_TEST(each_block_sees_where_it_is)
{
	rnf_val y;
	lower(3, 10, &y);
	ck_assert_int_eq(y, 13);
	ck_assert_int_eq(asked.blocks, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(asked.of[i].index, i);
		ck_assert_int_eq(asked.of[i].count, 3);
		ck_assert_int_eq(asked.of[i].stride, i ? 1 : 2);
		ck_assert_int_eq(asked.of[i].first, !i);
	}
	ck_assert_str_eq(asked.last, "res_block3");
}
END_TEST

START_TEST(the_place_of_the_stage_is_put_back)
{
	for (rnf_val x = 10; x <= 13; x += 3) { /* 13: its block fails */
		rnf_val y;
		const struct rnf_graph g = lower(2, x, &y);
		ck_assert_int_eq(g.block_index, 2);
		ck_assert_int_eq(g.block_count, 5);
		ck_assert_int_eq(y, x == 13 ? -1 : 12);
		ck_assert_int_eq(asked.blocks, x == 13 ? 1 : 2);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { each_block_sees_where_it_is,
		the_place_of_the_stage_is_put_back, NULL };
	return test_run("stage", tests);
}
