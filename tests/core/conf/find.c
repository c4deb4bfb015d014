#include "lib/plugin.h"

#include "conf/conf.h"

static const char text[] =
	"x = 1; act = \"mish\"; g = { a = { b = 2; }; };\n"
	"layers = ( { type = \"conv\"; name = \"one\"; n = 3; }, { type = \"conv\"; n = 4; },\n"
	"\"flip\", { type = \"stage\"; block = { type = \"basic\"; }; } ); l = [ 5, 6 ];";

static const struct { const char *path, *words; } rows[] = {
	{ "x", "1" }, { "g.a.b", "2" }, { "act", "\"mish\"" }, { "act.type", "\"mish\"" },
	{ "layers.one.n", "3" }, { "layers.conv.n", "3" }, { "layers[1].n", "4" },
	{ "layers.1.n", "4" }, { "layers.flip", "\"flip\"" }, { "layers.stage.block.type", "\"basic\"" },
	{ "l[1]", "6" }, { "l.0", "5" },
	{ "y", "not set" }, { "x.y", "not set" }, { "g.b", "not set" }, { "l[2]", "not set" },
	{ "l[-1]", "not set" }, { "l.99999999999999999999", "not set" }, { "layers.two", "not set" },
	{ "act.alpha", "not set" }, { "g.a.b.c", "not set" },
};

START_TEST(by_path)
{
	struct rnf_conf *root = NULL;
	ck_assert_int_eq(rnf_conf_parse("a", text, &root), RNF_OK);
	ck_assert_str_eq(rnf_conf_words(rnf_conf_find(root, rows[_i].path)), rows[_i].words);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = { { by_path, TEST_ROWS(rows) }, { NULL, 0 } };
	return test_run_cases("conf/find", cases);
}
