/* Structs filled from confs by tables, with plugins compiled here so that the
 * test needs none of the tree's own; and what the loader refuses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "plugin/loader.h"
#include "plugin/param.h"

static char dir[] = "/tmp/rnf_param_XXXXXX";

struct toy { /* as in the plugin below */
	int64_t filters, stride;
	double rate;
	int32_t bias, padding;
	const struct rnf_ref *act, *tail;
	struct rnf_ints dims;
	struct rnf_floats means;
	struct rnf_strings words;
	const char *file;
};

#define LAYER_IMPL \
	"static rnf_val lower(const void *s, struct rnf_graph *g, const rnf_val *in, size_t n)\n" \
	"{ (void)s; (void)g; (void)n; return in[0]; }\n" \
	"static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };\n"

static const char *const toy_source =
"#include <rnframe/layer.h>\n"
"struct toy { int64_t filters, stride; double rate; int32_t bias, padding;\n"
" const struct rnf_ref *act, *tail; struct rnf_ints dims; struct rnf_floats means;\n"
" struct rnf_strings words; const char *file; };\n"
"static const char *const pads[] = { \"same\", \"valid\", NULL };\n"
"static const struct rnf_params params = RNF_PARAMS(struct toy,\n"
" RNF_INT_REQUIRED(struct toy, filters, 1, 64, \"channels\", \"of y\"),\n"
" RNF_INT(struct toy, stride, 1, 1, 8, \"pixels\", \"apart\"),\n"
" RNF_FLOAT(struct toy, rate, 0.5, 0, 1, \"\", \"dropped\"),\n"
" RNF_BOOL(struct toy, bias, 0, \"added\"),\n"
" RNF_ENUM(struct toy, padding, \"valid\", pads, \"zeros\"),\n"
" RNF_REF(struct toy, act, \"activation\", \"half\", \"after\"),\n"
" RNF_REF(struct toy, tail, \"layer|block\", NULL, \"at last\"),\n"
" RNF_INTS(struct toy, dims, 1, 9, \"\", \"sizes\"),\n"
" RNF_FLOATS(struct toy, means, 0, 1, \"\", \"of channels\"),\n"
" RNF_STRINGS(struct toy, words, \"any\"),\n"
" RNF_STRING(struct toy, file, \"~/x\", RNF_PARAM_PATH, \"read\"));\n"
LAYER_IMPL
"RNF_PLUGIN(layer, toy, \"a toy\", &params, impl);\n";

static const char *const other_source =
"#include <rnframe/layer.h>\n"
"struct other { int64_t filters; };\n"
"static const struct rnf_params params = RNF_PARAMS(struct other,\n"
" RNF_INT(struct other, filters, 2, 1, 64, \"\", \"of y\"));\n"
LAYER_IMPL
"RNF_PLUGIN(layer, other, \"another\", &params, impl);\n";

static const char *const needy_source =
"#include <rnframe/layer.h>\n"
"struct needy { int64_t width; };\n"
"static const struct rnf_params params = RNF_PARAMS(struct needy,\n"
" RNF_INT_REQUIRED(struct needy, width, 1, 64, \"\", \"of y\"));\n"
LAYER_IMPL
"RNF_PLUGIN(layer, needy, \"says what it lacks\", &params, impl);\n";

static const char *const loop_source =
"#include <rnframe/layer.h>\n"
"struct loop { const struct rnf_ref *again; };\n"
"static const struct rnf_params params = RNF_PARAMS(struct loop,\n"
" RNF_REF(struct loop, again, \"layer\", \"loop\", \"itself\"));\n"
LAYER_IMPL
"RNF_PLUGIN(layer, loop, \"a cycle\", &params, impl);\n";

static const char *const half_source =
"#include <rnframe/activation.h>\n"
"static void fwd(const void *s, const struct rnf_tile *t, size_t n, const float *x, float *y)\n"
"{ (void)s; (void)t; while (n--) y[n] = x[n] / 2; }\n"
"static void bwd(const void *s, const struct rnf_tile *t, size_t n, const float *x,\n"
" const float *dy, float *dx) { (void)x; fwd(s, t, n, dy, dx); }\n"
"static const struct rnf_activation_impl impl = { .fwd = fwd, .bwd = bwd };\n"
"RNF_PLUGIN(activation, half, \"x / 2\", NULL, impl);\n";

static const char *const old_source =
"#include <rnframe/abi.h>\n"
"#undef RNF_ABI_MINOR\n#define RNF_ABI_MINOR 77\n"
"#include <rnframe/layer.h>\n"
LAYER_IMPL
"RNF_PLUGIN(layer, old, \"old\", NULL, impl);\n";

static const char *const wild_source = /* flushes denormals when loaded */
"#include <rnframe/layer.h>\n#include <xmmintrin.h>\n"
"__attribute__((constructor)) static void f(void) { _mm_setcsr(_mm_getcsr() | 0x8000); }\n"
LAYER_IMPL
"RNF_PLUGIN(layer, wild, \"wild\", NULL, impl);\n";

static void put(const char *path, const char *text)
{
	char whole[256];
	snprintf(whole, sizeof whole, "%s/%s", dir, path);
	FILE *f = fopen(whole, "w");
	if (!f) exit(1);
	fputs(text, f);
	fclose(f);
}

static int run(const char *format)
{
	char command[1024];
	snprintf(command, sizeof command, format, dir, dir, dir);
	return system(command);
}

static int build_plugins(void)
{
	if (run("mkdir -p %s/layer %s/activation %s/block")) return 1;
	put("layer/toy.c", toy_source);
	put("layer/other.c", other_source);
	put("layer/loop.c", loop_source);
	put("layer/needy.c", needy_source);
	put("layer/old.c", old_source);
	put("activation/half.c", half_source);
#ifdef __SSE__
	put("layer/wild.c", wild_source);
#else
	(void)wild_source;
#endif
	if (run("for c in %s/*/*.c; do ${CC:-cc} -std=gnu17 -shared -fPIC -Iinclude "
		"$c -o ${c%%.c}.so & done; wait"))
		return 1;
	put("layer/text.so", "not a shared object\n");
	return run("cp %s/layer/toy.so %s/layer/renamed.so");
}

static struct rnf_conf *read_text(const char *text)
{
	static struct rnf_conf *root;
	char path[256];
	put("a.cfg", text);
	snprintf(path, sizeof path, "%s/a.cfg", dir);
	ck_assert_msg(rnf_conf_read(path, NULL, &root) == RNF_OK, "%s", rnf_fail_words());
	return root;
}

static const struct rnf_ref *fill(struct rnf_conf *root)
{
	const struct rnf_ref *ref = NULL;
	ck_assert_msg(rnf_param_ref(rnf_conf_get(root, "x"), "layer|block", &ref) == RNF_OK,
		      "%s", rnf_fail_words());
	return ref;
}

static void failed_with(rnf_status status, const char *words)
{
	ck_assert_int_lt(status, 0);
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "not \"%s\" but: %s", words,
		      rnf_fail_words());
}

static void refuses(const char *text, const char *words)
{
	const struct rnf_ref *ref = NULL;
	struct rnf_conf *root = read_text(text);
	failed_with(rnf_param_ref(rnf_conf_get(root, "x"), "layer|block", &ref), words);
}

START_TEST(defaults)
{
	const struct rnf_ref *ref = fill(read_text("x = { type = \"toy\"; filters = 3; };"));
	const struct toy *c = ref->conf;
	char file[512];
	snprintf(file, sizeof file, "%s/x", getenv("HOME"));
	ck_assert_str_eq(ref->feature->name, "toy");
	ck_assert_int_eq(c->filters, 3);
	ck_assert_int_eq(c->stride, 1);
	ck_assert_double_eq(c->rate, 0.5);
	ck_assert_int_eq(c->padding, 1);
	ck_assert_str_eq(c->act->feature->name, "half");
	ck_assert_ptr_null(c->tail);
	ck_assert_uint_eq(c->dims.n, 0);
	ck_assert_str_eq(c->file, file);
	ck_assert_ptr_null(ref->common);
}
END_TEST

START_TEST(values)
{
	const struct rnf_ref *ref = fill(read_text("x = { type = \"toy\"; filters = 3; rate = 1;\n"
		"bias = true; padding = \"same\"; act = { type = \"half\"; }; tail = \"other\";\n"
		"dims = [1, 9]; means = ( 0, 0.5 ); words = [\"a\", \"b\"]; file = \"/y\"; };"));
	const struct toy *c = ref->conf;
	ck_assert_double_eq(c->rate, 1);
	ck_assert_int_eq(c->bias, 1);
	ck_assert_int_eq(c->padding, 0);
	ck_assert_str_eq(c->tail->feature->name, "other");
	ck_assert_int_eq(c->dims.at[1], 9);
	ck_assert_double_eq(c->means.at[1], 0.5);
	ck_assert_str_eq(c->words.at[1], "b");
	ck_assert_str_eq(c->file, "/y");
}
END_TEST

START_TEST(refusals)
{
	refuses("x = { type = \"toy\"; filters = 3;\n stride = 0; };",
		"a.cfg:2: x.stride is 0, must be 1 .. 8");
	refuses("x = { type = \"toy\"; filters = 3; stride = 1.5; };",
		"x.stride is 1.5, must be a whole number, 1 .. 8");
	refuses("x = { type = \"toy\"; filters = 3; bias = 1; };", "must be true or false");
	refuses("x = { type = \"toy\"; filters = 3; padding = \"sane\"; };",
		"x.padding is \"sane\", must be \"same\" or \"valid\"");
	refuses("x = { type = \"toy\"; filters = 3; dims = [1, 10]; };",
		"x.dims[1] is 10, must be 1 .. 9");
	refuses("x = { type = \"toy\"; filters = 3; dims = 1; };", "must be a list");
	refuses("x = { type = \"toy\"; };", "x: layer.toy needs \"filters\"");
	refuses("x = \"toy\";", "x: layer.toy needs \"filters\"");
	refuses("x = { type = \"toy\"; filterz = 3; };",
		"layer.toy has no key \"filterz\" (did you mean \"filters\"?)");
	refuses("x = { type = \"other\";\n momentum = 3; };",
		"a.cfg:2: x.momentum: layer.other has no key \"momentum\"; its keys are: filters");
	refuses("x = { type = \"toi\"; filters = 3; };", "there is no layer or block \"toi\" "
		"(did you mean \"toy\"?); looked in ");
	refuses("x = { filters = 3; };", "says no `type`");
	refuses("x = 3;", "must be the name of a layer/block");
	refuses("x = { type = \"toy\"; filters = 3; act = \"other\"; };",
		"x.act: there is no activation \"other\"");
	refuses("x = \"../layer/toy\";", "there is no layer or block");
	refuses("x = \"loop\";", "cycle");
}
END_TEST

static void set(struct rnf_conf *root, const char *text)
{
	ck_assert_msg(rnf_conf_override(root, text, "--set", 0) == RNF_OK, "%s",
		      rnf_fail_words());
}

START_TEST(overrides)
{
	struct rnf_conf *root = read_text("x = { type = \"toy\"; filters = 3; };");
	set(root, "x.stride=4");
	set(root, "x.rate=1");
	set(root, "x.bias=true");
	set(root, "x.padding=same");
	set(root, "x.dims=[1, 2]");
	set(root, "x.means=(0.5)");
	set(root, "x.words=[\"a\",b]");
	set(root, "x.tail.filters=5");
	set(root, "x.tail=other");
	const struct toy *c = fill(root)->conf;
	ck_assert_int_eq(c->stride, 4);
	ck_assert_double_eq(c->rate, 1);
	ck_assert_int_eq(c->bias, 1);
	ck_assert_int_eq(c->padding, 0);
	ck_assert_int_eq(c->dims.at[1], 2);
	ck_assert_double_eq(c->means.at[0], 0.5);
	ck_assert_str_eq(c->words.at[0], "a");
	ck_assert_str_eq(c->words.at[1], "b");
	ck_assert_int_eq(*(const int64_t *)c->tail->conf, 5);
	struct rnf_conf *x = rnf_conf_get(root, "x");
	ck_assert_int_eq(rnf_conf_get(x, "dims")->at[1]->type, RNF_CONF_INT);
	ck_assert_int_eq(rnf_conf_get(x, "padding")->type, RNF_CONF_STRING);
	set(root, "x.stride= 5 ");
	set(root, "x.words=(\"a,b\", \"c\" )");
	set(root, "x.dims=\"1\",2");
	c = fill(root)->conf;
	ck_assert_int_eq(c->stride, 5);
	ck_assert_uint_eq(c->words.n, 2);
	ck_assert_str_eq(c->words.at[0], "a,b");
	ck_assert_str_eq(c->words.at[1], "c");
	ck_assert_int_eq(c->dims.at[1], 2);
	set(root, "x.rate=nan");
	const struct rnf_ref *ref = NULL;
	failed_with(rnf_param_ref(x, "layer", &ref), "--set: x.rate is \"nan\", must be");
	set(root, "x.rate=fast");
	failed_with(rnf_param_ref(x, "layer", &ref), "--set: x.rate is \"fast\", must be a number");
}
END_TEST

/* An override, and how it is refused. */
static const struct { const char *set, *words; } overrides_refused[] = {
	{ "x.stride=\" 2\"", "--set: x.stride is \" 2\", must be a whole number, 1 .. 8" },
	{ "x.rate=\" 1\"", "--set: x.rate is \" 1\", must be a number, 0 .. 1" },
	{ "x.rate=1e999", "--set: x.rate is \"1e999\", must be a number, 0 .. 1" },
	{ "x.words=[\"a\"", "--set: x.words is \"[\"a\"\", must be a list of texts" },
	{ "x.words=(a]", "--set: x.words is \"(a]\", must be a list of texts" },
	{ "x.act=hlf", "--set: x.act: there is no activation \"hlf\" (did you mean" },
	{ "x=toi", "--set: x: there is no layer or block \"toi\" (did you mean" },
	{ "x.type=needy", "--set: x: layer.needy needs \"width\" (of y)" },
};

START_TEST(override_refused)
{
	struct rnf_conf *root = read_text("\nx = { type = \"toy\";\n filters = 3;\n"
					  "act = { type = \"half\"; }; };");
	const struct rnf_ref *ref = NULL;
	set(root, overrides_refused[_i].set);
	failed_with(rnf_param_ref(rnf_conf_get(root, "x"), "layer|block", &ref),
		    overrides_refused[_i].words);
	ck_assert_ptr_eq(strstr(rnf_fail_words(), overrides_refused[_i].words),
			 rnf_fail_words());
}
END_TEST

/* What the notices say, and none is said twice. */
static void noticed(const char *want)
{
	char text[512] = "";
	FILE *saved = stderr, *out = fmemopen(text, sizeof text - 1, "w");
	stderr = out;
	rnf_param_notices();
	stderr = saved;
	fclose(out);
	ck_assert_str_eq(text, want);
}

START_TEST(retyped)
{
	struct rnf_conf *root = read_text("x = { type = \"toy\"; filters = 3; stride = 2; };");
	const struct rnf_ref *ref = NULL;
	set(root, "x=other");
	ck_assert_int_eq(*(const int64_t *)fill(root)->conf, 3);
	ck_assert_ptr_null(rnf_conf_get(rnf_conf_get(root, "x"), "stride"));
	noticed("x is layer.other now, which does not have: stride (left out)\n");
	noticed("");
	root = read_text("x = { type = \"toy\"; filters = 3; stride = 2; };");
	set(root, "x=other");
	set(root, "x.stride=2"); /* said after the change: meant for `other` */
	failed_with(rnf_param_ref(rnf_conf_get(root, "x"), "layer", &ref),
		    "layer.other has no key \"stride\"");
	root = read_text("x = { type = \"toy\"; filters = 3; rate = 1; };");
	set(root, "x=other");
	set(root, "x.wrong=2");
	failed_with(rnf_param_ref(rnf_conf_get(root, "x"), "layer", &ref), "no key \"wrong\"");
	noticed(""); /* one that is refused has its mistakes for an answer */
}
END_TEST

struct common { const char *name; };
static const struct rnf_params common = RNF_PARAMS(struct common,
	RNF_STRING(struct common, name, NULL, 0, "label"));

START_TEST(roles_and_common)
{
	static const char *const roles[] = { "norm", NULL };
	rnf_param_common("layer", &common);
	rnf_param_roles(roles);
	const struct rnf_ref *ref = fill(read_text("x = { type = \"norm\"; name = \"n1\"; };"));
	ck_assert_str_eq(ref->role, "norm");
	ck_assert_ptr_null(ref->feature);
	ck_assert_str_eq(((const struct common *)ref->common)->name, "n1");
	ref = fill(read_text("x = { type = \"other\"; name = \"o\"; };"));
	ck_assert_str_eq(((const struct common *)ref->common)->name, "o");
	ck_assert_ptr_null(ref->role);
	refuses("x = { type = \"norm\"; nam = 1; };", "did you mean \"name\"");
	struct rnf_conf *root = read_text("x = \"norm\";");
	failed_with(rnf_param_ref(rnf_conf_get(root, "x"), "activation", &ref),
		    "there is no activation");
}
END_TEST

START_TEST(settings)
{
	const struct rnf_ref *from, *ref = NULL, *half = NULL;
	const struct rnf_setting two[] = { RNF_SET_INT("filters", 8), RNF_SET_BOOL("bias", 1) };
	ck_assert_int_eq(rnf_param_settings("layer", "toy", NULL, two, 2, &ref), RNF_OK);
	ck_assert_int_eq(((const struct toy *)ref->conf)->filters, 8);
	ck_assert_double_eq(((const struct toy *)ref->conf)->rate, 0.5);
	from = fill(read_text("x = { type = \"toy\"; filters = 3; rate = 0.25; };"));
	half = ((const struct toy *)from->conf)->act;
	const struct rnf_setting over[] = { RNF_SET_INT("stride", 2), RNF_SET_REF("tail", ref),
		RNF_SET_REF("act", half), RNF_SET_STRING("padding", "same"),
		RNF_SET_INT("rate", 1) };
	const struct rnf_ref *laid = NULL;
	ck_assert_int_eq(rnf_param_settings("layer", "toy", from, over, 5, &laid), RNF_OK);
	const struct toy *c = laid->conf;
	ck_assert_int_eq(c->stride, 2);
	ck_assert_int_eq(c->filters, 3);
	ck_assert_ptr_eq(c->tail, ref);
	ck_assert_double_eq(c->rate, 1);
	ck_assert_int_eq(((const struct toy *)from->conf)->stride, 1); /* untouched */
	failed_with(rnf_param_settings("layer", "toy", NULL, two + 1, 1, &ref),
		    "layer.toy needs \"filters\"");
	const struct rnf_setting wrong[] = { RNF_SET_INT("filterz", 8),
		RNF_SET_INT("stride", 9), RNF_SET_REF("act", from) };
	failed_with(rnf_param_settings("layer", "toy", from, wrong, 1, &ref),
		    "a.cfg:1: x: layer.toy has no key \"filterz\" (did you mean \"filters\"?)");
	failed_with(rnf_param_settings("layer", "toy", from, wrong + 1, 1, &ref),
		    "layer.toy: stride is 9, must be 1 .. 8");
	failed_with(rnf_param_settings("layer", "toy", from, wrong + 2, 1, &ref),
		    "act takes activation, not layer.toy");
}
END_TEST

struct inner { int64_t n; };
static const struct rnf_params inner = RNF_PARAMS(struct inner,
	RNF_INT(struct inner, n, 5, 0, 0x1p63, "", "count"));
struct outer { double f; struct inner in; struct rnf_refs list; };
static const struct rnf_params outer = RNF_PARAMS(struct outer,
	RNF_FLOAT(struct outer, f, 2, 0, 9, "", "f"),
	{ .key = "in", .type = RNF_TYPE_GROUP, .group = &inner,
	  .offset = offsetof(struct outer, in) },
	RNF_REFS(struct outer, list, "layer", "some"));

START_TEST(groups)
{
	struct outer o = { 0 };
	ck_assert_int_eq(rnf_param_fill(NULL, &outer, &o), RNF_OK);
	ck_assert_int_eq(o.in.n, 5);
	ck_assert_uint_eq(o.list.n, 0);
	struct rnf_conf *root = read_text("in = { n = 9223372036854775807; };\n"
		"list = ( \"other\", { type = \"toy\"; filters = 2; } );");
	ck_assert_msg(rnf_param_fill(root, &outer, &o) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(o.in.n, INT64_MAX);
	ck_assert_str_eq(o.list.at[1]->feature->name, "toy");
	failed_with(rnf_param_fill(read_text("in = { n = -1; };"), &outer, &o),
		    "in.n is -1, must be 0 or more");
	failed_with(rnf_param_fill(read_text("in = { m = 1; };"), &outer, &o),
		    "in.m: in has no key \"m\"");
	failed_with(rnf_param_fill(read_text("in = 1;"), &outer, &o),
		    "in is 1, must be a group { key = value; }; its keys are: n");
	root = read_text("in = { n = 1; };");
	set(root, "in=1"); /* as if it were a plugin */
	failed_with(rnf_param_fill(root, &outer, &o),
		    "--set: in is a group and takes no value or type; its keys are: n");
	failed_with(rnf_param_fill(read_text("fff = 1;"), &outer, &o), "a conf has no key");
}
END_TEST

static void fails_whole(rnf_status status, const char *words)
{
	ck_assert_int_eq(status, RNF_EINVAL);
	const char *from = rnf_fail_words();
	for (; *words; words++) { /* ~ is the folder of the confs */
		if (*words != '~') {
			ck_assert_msg(*from++ == *words, "not ...%s but: %s", words,
				      rnf_fail_words());
			continue;
		}
		ck_assert_msg(!strncmp(from, dir, strlen(dir)), "%s", rnf_fail_words());
		from += strlen(dir);
	}
	ck_assert_msg(!*from, "%s", rnf_fail_words());
}

/* All over the tree, in its order; what follows from another one is not told. */
START_TEST(several_mistakes)
{
	struct outer o = { 0 };
	struct rnf_conf *root = read_text("f = 10;\nin = { m = 1;\n k = 2; };\n"
		"list = ( \"othr\", { type = \"toy\";\n filterz = 2; stride = 0; dims = [1, 0, 10];\n"
		" act = \"hlf\"; }, { type = \"needi\"; a = 1; b = 2; }, 3 );\n");
	fails_whole(rnf_param_fill(root, &outer, &o),
		"~/a.cfg:1: f is 10, must be 0 .. 9\n"
		"~/a.cfg:2: in.m: in has no key \"m\"; its keys are: n\n"
		"~/a.cfg:3: in.k: in has no key \"k\"; its keys are: n\n"
		"~/a.cfg:4: list[0]: there is no layer \"othr\" (did you mean \"other\"?); looked "
		"in ~/layer\n"
		"~/a.cfg:5: list[1].filterz: layer.toy has no key \"filterz\" (did you mean "
		"\"filters\"?)\n"
		"~/a.cfg:5: list[1].stride is 0, must be 1 .. 8\n"
		"~/a.cfg:6: list[1].act: there is no activation \"hlf\" (did you mean \"half\"?); "
		"looked in ~/activation\n"
		"~/a.cfg:5: list[1].dims[1] is 0, must be 1 .. 9\n"
		"~/a.cfg:5: list[1].dims[2] is 10, must be 1 .. 9\n"
		"~/a.cfg:6: list[2]: there is no layer \"needi\" (did you mean \"needy\"?); looked "
		"in ~/layer\n"
		"~/a.cfg:6: list[3] is 3, must be the name of a layer, or a group with `type`");
	ck_assert_int_eq(rnf_param_fill(read_text("f = 9;"), &outer, &o), RNF_OK);
}
END_TEST

START_TEST(one_plugin_is_a_list_of_it)
{
	struct outer o = { 0 };
	ck_assert_int_eq(rnf_param_fill(read_text("list = \"other\";"), &outer, &o), RNF_OK);
	ck_assert_uint_eq(o.list.n, 1);
	ck_assert_str_eq(o.list.at[0]->feature->name, "other");
	struct rnf_conf *root = read_text("list = { type = \"toy\"; filters = 2; };");
	ck_assert_int_eq(rnf_param_fill(root, &outer, &o), RNF_OK);
	ck_assert_int_eq(((const struct toy *)o.list.at[0]->conf)->filters, 2);
	failed_with(rnf_param_fill(read_text("list = 3;"), &outer, &o), "list is 3, must be a list "
		    "of layers");
}
END_TEST

/* Values as written keep their places; the others say that they are defaults. */
START_TEST(expanded)
{
	struct outer o = { 0 };
	char text[2048] = "";
	struct rnf_conf *root = read_text("list = ( \"other\", { type = \"toy\"; filters = 2; } );");
	ck_assert_int_eq(rnf_param_fill(root, &outer, &o), RNF_OK);
	ck_assert_int_eq(rnf_param_expand(root, &outer), RNF_OK);
	FILE *out = fmemopen(text, sizeof text - 1, "w");
	rnf_conf_list(root, out);
	fclose(out);
	for (char *p; (p = strstr(text, dir)); )
		memmove(p, p + strlen(dir) + 1, strlen(p + strlen(dir) + 1) + 1);
	ck_assert_str_eq(text,
		"list[0].type = \"other\"  # a.cfg:1\n"
		"list[0].filters = 2  # default\n"
		"list[1].type = \"toy\"  # a.cfg:1\n"
		"list[1].filters = 2  # a.cfg:1\n"
		"list[1].stride = 1  # default\n"
		"list[1].rate = 0.5  # default\n"
		"list[1].bias = false  # default\n"
		"list[1].padding = \"valid\"  # default\n"
		"list[1].act = \"half\"  # default\n"
		"list[1].file = \"~/x\"  # default\n"
		"in.n = 5  # default\n"
		"f = 2.0  # default\n");
	ck_assert_int_eq(rnf_param_fill(root, &outer, &o), RNF_OK);
}
END_TEST

struct seeded { int64_t seed, small; const char *name; };
static const struct rnf_params seeded = RNF_PARAMS(struct seeded,
	RNF_INT(struct seeded, seed, 1, 0, 0x1p53, "", "s"),
	RNF_INT(struct seeded, small, 0, -3, 1e12, "", "t"),
	RNF_STRING(struct seeded, name, "run", RNF_PARAM_NAME, "of files"));

/* 2^53 + 1 is no double: it would pass as 2^53. */
START_TEST(whole_numbers)
{
	struct seeded s = { 0 };
	ck_assert_int_eq(rnf_param_fill(read_text("seed = 9007199254740992;"), &seeded, &s),
			 RNF_OK);
	failed_with(rnf_param_fill(read_text("seed = 9007199254740993;"), &seeded, &s),
		    "seed is 9007199254740993, must be 0 .. 9007199254740992");
	failed_with(rnf_param_fill(read_text("small = -4;"), &seeded, &s),
		    "small is -4, must be -3 .. 1000000000000");
	failed_with(rnf_param_fill(read_text("small = 1.5;"), &seeded, &s),
		    "must be a whole number, -3 .. 1000000000000");
}
END_TEST

static const struct { const char *name, *words; } names[] = {
	{ "a b-\xc3\xa4_\xe2\x82\xac\xf0\x9f\x98\x80.1", NULL },
	{ "..a", NULL },
	{ "", "name is \"\", must be a text that is not empty" },
	{ ".", "\".\" and \"..\" are not" },
	{ "..", "\".\" and \"..\" are not" },
	{ "a/b", "name is \"a/b\", must be a name without /" },
	{ "a\nb", "name is \"a\\x0ab\", must be a text without control" },
	{ "a\x7f", "without control" },
	{ "\xc3", "valid UTF-8" },
	{ "\xc0\xaf", "valid UTF-8" },
	{ "\xed\xa0\x80", "valid UTF-8" },
	{ "\xf4\x90\x80\x80", "valid UTF-8" },
	{ "\xff", "valid UTF-8" },
};

static rnf_status fill_name(const char *name, struct seeded *s)
{
	struct rnf_conf *root = read_text("");
	rnf_conf_add(root, "name", RNF_CONF_STRING, "a.cfg", 7)->s = name;
	return rnf_param_fill(root, &seeded, s);
}

START_TEST(names_of_files)
{
	struct seeded s = { 0 };
	const rnf_status status = fill_name(names[_i].name, &s);
	if (!names[_i].words) {
		ck_assert_msg(status == RNF_OK, "%s", rnf_fail_words());
		ck_assert_str_eq(s.name, names[_i].name);
		return;
	}
	failed_with(status, names[_i].words);
	failed_with(status, "a.cfg:7: name is ");
}
END_TEST

START_TEST(longest_name)
{
	struct seeded s = { 0 };
	char name[202] = "";
	memset(name, 'x', 200);
	ck_assert_int_eq(fill_name(name, &s), RNF_OK);
	name[200] = 'x';
	failed_with(fill_name(name, &s), "must be at most 200 bytes long");
}
END_TEST

/* The build's note of a plugin that it could not make. */
START_TEST(left_out_of_the_build)
{
	const struct rnf_feature *f = NULL;
	put("layer/absent.missing", "hdf5\n");
	put("block/vague.missing", "");
	put("layer/toy.missing", "hdf5\n");
	failed_with(rnf_loader_find("block|layer", "absent", &f), "plugin layer \"absent\" "
		    "was left out when rnframe was built: install the development "
		    "package of hdf5 and run make again");
	failed_with(rnf_loader_find("block", "vague", &f), "package of what it needs");
	failed_with(rnf_loader_find("block", "absent", &f), "there is no block \"absent\"");
	failed_with(rnf_loader_find("layer", "../layer/absent", &f), "there is no layer");
	ck_assert_int_eq(rnf_loader_find("layer", "toy", &f), RNF_OK); /* an old note */
}
END_TEST

static int n_refused;

static void refused(const char *file, const char *reason)
{
	ck_assert_ptr_nonnull(strstr(reason, file));
	n_refused++;
}

START_TEST(loader)
{
	const struct rnf_feature *f = NULL, **list = NULL, *again = NULL;
	const char **kinds = NULL;
	failed_with(rnf_loader_find("layer", "text", &f), "text.so cannot be loaded: ");
	failed_with(rnf_loader_find("layer", "renamed", &f), "renamed.so holds layer.toy");
	failed_with(rnf_loader_find("layer", "old", &f),
		    rnf_format("old.so is built for plugin ABI 0.77, this program has %d.%d: "
			       "rebuild the plugin", RNF_ABI_MAJOR, RNF_ABI_MINOR));
#ifdef __SSE__
	failed_with(rnf_loader_find("layer", "wild", &f), "floating-point mode");
	volatile float tiny = 1e-40f;
	ck_assert(tiny * 0.5f != 0); /* and the mode is as before */
	const size_t broken = 4;
#else
	const size_t broken = 3;
#endif
	ck_assert_uint_eq(rnf_loader_list("layer", &list, refused), 4);
	ck_assert_uint_eq(n_refused, broken);
	ck_assert_str_eq(list[0]->name, "loop");
	ck_assert_str_eq(list[3]->name, "toy");
	ck_assert_int_eq(rnf_loader_find("block|layer", "toy", &again), RNF_OK);
	ck_assert_ptr_eq(again, list[3]);
	ck_assert_ptr_nonnull(strstr(rnf_loader_file(again), "/layer/toy.so"));
	ck_assert_str_eq(rnf_loader_plugin(again)->id, "rnframe.layer.toy");
	ck_assert_uint_eq(rnf_loader_kinds(&kinds), 2);
	ck_assert_str_eq(kinds[0], "activation");
}
END_TEST

START_TEST(description)
{
	const struct rnf_feature *f = NULL;
	char text[4096] = "";
	ck_assert_int_eq(rnf_loader_find("layer", "toy", &f), RNF_OK);
	FILE *out = fmemopen(text, sizeof text - 1, "w");
	rnf_describe_feature(f, out);
	fclose(out);
	ck_assert_ptr_eq(strstr(text, "layer toy  a toy\n"), text);
	ck_assert_ptr_nonnull(strstr(text, "  filters  int      1 .. 64"));
	ck_assert_ptr_nonnull(strstr(text, "required"));
	ck_assert_ptr_nonnull(strstr(text, "same, valid"));
	ck_assert_ptr_nonnull(strstr(text, "type = \"toy\"; filters = 1; stride = 1; rate = 0.5;"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ defaults, 0 }, { values, 0 }, { refusals, 0 }, { overrides, 0 },
		{ override_refused, TEST_ROWS(overrides_refused) }, { retyped, 0 },
		{ roles_and_common, 0 }, { settings, 0 }, { groups, 0 },
		{ several_mistakes, 0 }, { one_plugin_is_a_list_of_it, 0 }, { expanded, 0 },
		{ whole_numbers, 0 }, { names_of_files, TEST_ROWS(names) },
		{ longest_name, 0 }, { left_out_of_the_build, 0 }, { loader, 0 },
		{ description, 0 }, { NULL, 0 },
	};
	if (!mkdtemp(dir) || build_plugins()) return 1;
	rnf_loader_path(dir);
	const int failed = test_run_cases("param", cases);
	return run("rm -rf %s") || failed;
}
