/* A primitive comes as a file of core/op, a member of the graph's table and its name in the
 * list, and goes with these: no other line of core knows it. The new one trains the weights
 * that the product of a value with itself does. */
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

/* A make of its own, not one of the `make check` that runs this test. */
#define MAKE "env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u DEV make -s -j2 "

/* The layer under test stands between convolutions; two of its inputs are one value. */
static const char conf[] =
	"seed = 7; threads = 2;\n"
	"model = { initializer = \\\"he_normal\\\"; act = \\\"relu\\\"; layers = (\n"
	"{ type = \\\"conv2d\\\"; name = \\\"a\\\"; filters = 5; },\n"
	"{ $LAYER name = \\\"b\\\"; },\n"
	"{ type = \\\"conv2d\\\"; name = \\\"c\\\"; filters = 4; }, { type = \\\"act\\\"; },\n"
	"{ type = \\\"global_avgpool\\\"; }, { type = \\\"dense\\\"; } ); };\n"
	"data = { type = \\\"synthetic\\\"; images = 12; test_images = 3; classes = 3;\n"
	"height = 9; width = 7; channels = 3; validation = 0.0; };\n"
	"train = { batch_size = 5; epochs = 1; metrics = ( \\\"accuracy\\\" ); pictures = false;\n"
	"loss = \\\"crossentropy\\\"; optimizer = { type = \\\"sgd\\\"; lr = 0.1; };\n"
	"scheduler = \\\"constant\\\"; };\n";

enum { PARAMETERS = 3 * 3 * 3 * 5 + 3 * 3 * 5 * 4 + 4 * 3 + 3 };

static const char plugins[] =
	"layer/conv2d layer/square layer/mul layer/global_avgpool layer/dense activation/relu "
	"initializer/he_normal dataset/synthetic metric/accuracy loss/crossentropy optimizer/sgd "
	"scheduler/constant format/safetensors";

/* Exactly one line of a file, by sed; another number of changed lines fails. */
static void edit(const char *dir, const char *file, const char *command)
{
	test_shell("cd '%s' && cp %s before && sed -i '%s' %s && "
		   "[ $(diff before %s | grep -c '^[<>]') -ge 1 ] && "
		   "[ $(diff before %s | grep -c '^[<>]') -le 2 ]", dir, file, command, file, file,
		   file);
}

static void come(const char *dir)
{
	test_shell("cp tests/added/op/square.c '%s/core/op/'", dir);
	test_shell("cp tests/added/layer/square.c '%s/plugins/layer/'", dir);
	edit(dir, "core/op/op.h", "s/ x(mul)/ x(mul) x(square)/");
	edit(dir, "include/rnframe/graph.h",
	     "/(\\*reshape)(struct/a rnf_val (*square)(struct rnf_graph *, rnf_val x);");
}

/* So do the layers that call it. */
static void go(const char *dir)
{
	test_shell("cd '%s' && rm core/op/max.c", dir);
	edit(dir, "core/op/op.h", "s/ x(max)//");
	edit(dir, "include/rnframe/graph.h", "/(\\*max)(struct/d");
}

static void train(const char *dir, const char *name, const char *layer)
{
	test_shell("cd '%s' && LAYER='%s' && echo \"%s\" >%s.cfg && "
		   "build/rnframe train %s.cfg --out %s >%s.log 2>&1 || { cat %s.log; exit 1; }",
		   dir, layer, conf, name, name, name, name, name);
}

START_TEST(one_comes_and_another_goes)
{
	const char *dir = test_folder("primitive");
	test_shell("cp -r Makefile core include plugins conf '%s'", dir);
	come(dir);
	go(dir);
	test_shell("cd '%s' && " MAKE "CFLAGS=-O0 BUILD=build build/rnframe "
		   "$(printf 'build/plugins/%%s.so ' %s) >make.log 2>&1 || { cat make.log; exit 1; }",
		   dir, plugins);
	train(dir, "square", "type = \"square\";");
	train(dir, "mul", "type = \"mul\"; inputs = [\"a\", \"a\"];");
	test_shell("cd '%s' && for n in square mul; do tail -c %d $n/model.safetensors >$n.numbers; "
		   "done && cmp square.numbers mul.numbers", dir, 4 * PARAMETERS);
	test_shell("cd '%s' && build/rnframe plan square.cfg --phases | grep -q 'square_bwd'", dir);
	test_shell("cd '%s' && ! build/rnframe plan mul.cfg --phases | grep -q square", dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { one_comes_and_another_goes, NULL };
	return test_run("primitive", tests);
}
