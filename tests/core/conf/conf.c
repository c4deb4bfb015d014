/* Confs from files made here: includes, places, literals, bases, overrides, and
 * that what is written reads back as the same tree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "conf/conf.h"
#include "lib/plugin.h"

static char dir[] = "/tmp/rnf_conf_XXXXXX";

static const char *at(const char *name)
{
	static char paths[8][256];
	static int i;
	snprintf(paths[++i % 8], 256, "%s/%s", dir, name);
	return paths[i % 8];
}

static const char *put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return at(name);
}

static struct rnf_conf *read_text(const char *text)
{
	struct rnf_conf *root = NULL;
	const char *path = put("a.cfg", text);
	ck_assert_msg(rnf_conf_read(path, dir, &root) == RNF_OK, "%s", rnf_fail_words());
	return root;
}

/* All words must be in the failure. */
static void refuses(const char *path, const char *one, const char *two)
{
	struct rnf_conf *root = NULL;
	ck_assert_int_lt(rnf_conf_read(path, dir, &root), 0);
	ck_assert_msg(strstr(rnf_fail_words(), one) && strstr(rnf_fail_words(), two),
		      "not \"%s\" and \"%s\" but: %s", one, two, rnf_fail_words());
}

static struct rnf_conf *node(const struct rnf_conf *root, const char *a, const char *b)
{
	struct rnf_conf *child = rnf_conf_get(root, a);
	ck_assert_ptr_nonnull(child);
	if (b) child = rnf_conf_get(child, b);
	ck_assert_ptr_nonnull(child);
	return child;
}

START_TEST(types_and_places)
{
	struct rnf_conf *root = read_text("i = -3; # comment 99999999999999999999\n"
		"big = 5000000000;\n/* @include \"x\"\n */ f = 2.5e-3;\n"
		"s = \"a#b 99999999999999999999\"; t = true; h = 0xFFFFFFFF;\n"
		"g = { l = ( 1, { k = 2; } ); a = [1, 5000000000];\n z = 010; };\n");
	ck_assert_int_eq(node(root, "i", NULL)->i, -3);
	ck_assert_int_eq(node(root, "big", NULL)->i, 5000000000ll);
	ck_assert_int_eq(node(root, "h", NULL)->i, 0xFFFFFFFFll);
	ck_assert_double_eq(node(root, "f", NULL)->f, 2.5e-3);
	ck_assert_str_eq(node(root, "s", NULL)->s, "a#b 99999999999999999999");
	ck_assert_int_eq(node(root, "t", NULL)->type, RNF_CONF_BOOL);
	ck_assert_int_eq(node(root, "g", "z")->i, 10);
	ck_assert_int_eq(node(root, "g", "a")->at[1]->i, 5000000000ll);
	ck_assert_int_eq(node(root, "f", NULL)->line, 4);
	struct rnf_conf *k = node(node(root, "g", "l")->at[1], "k", NULL);
	ck_assert_str_eq(rnf_conf_path(k), "g.l[1].k");
	ck_assert_int_eq(k->line, 6);
	rnf_conf_fail(k, "is %d", 7);
	char want[300];
	snprintf(want, sizeof want, "%s:6: g.l[1].k: is 7", at("a.cfg"));
	ck_assert_str_eq(rnf_fail_words(), want);
}
END_TEST

START_TEST(includes_keep_places)
{
	mkdir(at("sub"), 0700);
	put("sub/in.cfg", "\nx = 1;\n@include \"two.cfg\"  # beside this file\ny = 3;\n");
	put("sub/two.cfg", "two = 2;\n");
	put("fallback.cfg", "fall = 4;");
	put("sub/a.cfg", "@include \"../sub/in.cfg\"\n@include \"fallback.cfg\"\nlast = 5;\n");
	struct rnf_conf *root = NULL;
	ck_assert_msg(rnf_conf_read(at("sub/a.cfg"), dir, &root) == RNF_OK, "%s",
		      rnf_fail_words());
	ck_assert_int_eq(node(root, "y", NULL)->line, 4);
	ck_assert_str_eq(node(root, "y", NULL)->file, at("sub/in.cfg"));
	ck_assert_str_eq(node(root, "two", NULL)->file, at("sub/two.cfg"));
	ck_assert_str_eq(node(root, "fall", NULL)->file, at("fallback.cfg"));
	ck_assert_int_eq(node(root, "last", NULL)->line, 3);
}
END_TEST

START_TEST(gate)
{
	refuses(put("a.cfg", "a = 1;\nb = 99999999999999999999;\n"), "a.cfg:2: ",
		"does not fit");
	refuses(put("a.cfg", "a = 1e999;\n"), "a.cfg:1: ", "too large");
	refuses(put("a.cfg", "a = 12abc;\n"), "a.cfg:1: ", "not a number");
	refuses(put("a.cfg", "a = 1;\n\na = 2;\n"), "a.cfg:3: ", "duplicate");
	refuses(put("a.cfg", "a = 1;\nb = = 2;\n"), "a.cfg:2: ", "syntax");
	refuses(put("a.cfg", "a = \"open\n"), "a.cfg:1: ", "inside a string");
	refuses(put("a.cfg", "x = 1;\n@include \"a.cfg\"\n"), "a.cfg:2: ", "16 deep");
	refuses(put("a.cfg", "@include two.cfg\n"), "a.cfg:1: ", "alone");
	refuses(put("a.cfg", "@include \".\"\n"), "a.cfg:1: ", "is a folder");
	refuses(dir, dir, " is a folder; a conf is a file");
	mkfifo(at("fifo.cfg"), 0600);
	refuses(at("fifo.cfg"), "fifo.cfg", "not a regular file");
	char deep[256] = "a = ";
	memset(deep + 4, '(', 70);
	refuses(put("a.cfg", deep), "a.cfg:1: ", "64 deep");
	char *large = malloc((1 << 20) + 2);
	memset(large, ' ', (1 << 20) + 1);
	large[(1 << 20) + 1] = 0;
	refuses(put("a.cfg", large), "a.cfg", "bytes");
	free(large);
	put("a.cfg", "");
	refuses(at("a2.cfg"), "a2.cfg", "did you mean \"a.cfg\"");
}
END_TEST

/* Of the conf and of what it includes. */
START_TEST(byte_order_mark)
{
	put("in.cfg", "\xef\xbb\xbfy = 2;\n");
	struct rnf_conf *root = read_text("\xef\xbb\xbfx = 1;\n@include \"in.cfg\"\n");
	ck_assert_int_eq(node(root, "x", NULL)->line, 1);
	ck_assert_int_eq(node(root, "y", NULL)->i, 2);
	read_text("\xef\xbb\xbf");
	refuses(put("a.cfg", "x = 1;\n\xef\xbb\xbfy = 2;\n"), "a.cfg:2: ", "syntax");
}
END_TEST

START_TEST(bare_names)
{
	struct rnf_conf *root = NULL;
	put("quick_one.cfg", "a = 1;");
	ck_assert_int_eq(rnf_conf_read("quick_one.cfg", dir, &root), RNF_OK);
	ck_assert_int_eq(rnf_conf_read("quick_one", dir, &root), RNF_OK);
	refuses("quick_oen", dir, "did you mean \"quick_one.cfg\"");
}
END_TEST

START_TEST(base_and_set)
{
	struct rnf_conf *root = NULL;
	put("b.cfg", "name = \"b\"; seed = 1;\nm = { act = \"relu\"; n = 3; };\n");
	put("c.cfg", "name = \"c\";\nbase = \"b.cfg\";\nset = ( \"m.act=mish\",\n \"m.n=4\" );\n");
	put("d.cfg", "base = \"c.cfg\"; set = ( \"m.n=5\" ); seed = 9;");
	ck_assert_msg(rnf_conf_read(at("d.cfg"), dir, &root) == RNF_OK, "%s",
		      rnf_fail_words());
	ck_assert_str_eq(node(root, "name", NULL)->s, "c");
	ck_assert_int_eq(node(root, "seed", NULL)->i, 9);
	ck_assert_str_eq(node(root, "m", "act")->s, "mish");
	ck_assert_int_eq(node(root, "m", "act")->line, 3);
	ck_assert_str_eq(node(root, "m", "n")->s, "5");
	ck_assert_ptr_null(rnf_conf_get(root, "base"));
	ck_assert_ptr_null(rnf_conf_get(root, "set"));
	refuses(put("e.cfg", "base = \"b.cfg\";\nm = { n = 1; };"), "e.cfg:2: ", "m");
	refuses(put("e.cfg", "base = \"e.cfg\";"), "e.cfg:1: ", "16 deep");
	refuses(put("e.cfg", "a = 1;\nset = ( \"a=2\" );"), "e.cfg:2: ", "none");
	refuses(put("e.cfg", "base = \"bb.cfg\";"), "e.cfg:1: ", "did you mean");
	refuses(put("e.cfg", "base = \"b.cfg\";\nset = ( \"m.n.k=2\" );"), "e.cfg:2: ",
		"plain value");
}
END_TEST

static void parse_refuses(const char *text, const char *words)
{
	struct rnf_conf *root = NULL;
	ck_assert_int_eq(rnf_conf_parse("w.bin", text, &root), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), words);
}

/* A conf out of a file of weights: the same gate, and nothing beside it. */
START_TEST(parse_text)
{
	struct rnf_conf *root = NULL;
	ck_assert_int_eq(rnf_conf_parse("w.bin", "a = 1;\nb = { c = 5000000000; };", &root), 0);
	ck_assert_int_eq(node(root, "b", "c")->i, 5000000000ll);
	ck_assert_str_eq(rnf_conf_place(node(root, "b", "c")), "w.bin:2: ");
	ck_assert_int_eq(rnf_conf_parse("w.bin", "", &root), 0);
	put("in.cfg", "x = 1;\n");
	parse_refuses("a = 1;\n@include \"in.cfg\"\n",
		      "w.bin:2: this conf stands inside a file and may include none");
	parse_refuses("base = \"in.cfg\";", "w.bin:1: base: this conf stands inside a "
		      "file and is whole; it may have no `base`");
	parse_refuses("set = ( \"a=1\" );", "w.bin:1: set: this conf stands inside a "
		      "file and is whole; it may have no `set`");
	parse_refuses("a = 99999999999999999999;",
		      "w.bin:1: 99999999999999999999 does not fit into 64 bits");
	parse_refuses("a = \"", "w.bin:1: the file ends inside a string");
	char *large = malloc((1 << 20) + 2);
	memset(large, ' ', (1 << 20) + 1);
	large[(1 << 20) + 1] = 0;
	parse_refuses(large, "w.bin has 1048577 bytes, a conf at most 1048576");
	free(large);
}
END_TEST

static const char *layers =
	"m = { act = \"relu\"; opt = { type = \"sgd\"; lr = 0.1; };\n"
	" layers = ( { type = \"conv\"; name = \"stem\"; n = 1; },\n"
	"  { type = \"norm\"; }, { type = \"conv\"; name = \"two\"; }, \"norm\", \"pool\" ); };\n";

static void set(struct rnf_conf *root, const char *text)
{
	ck_assert_msg(rnf_conf_override(root, text, "--set", 0) == RNF_OK, "%s",
		      rnf_fail_words());
}

static void set_fails(struct rnf_conf *root, const char *text, const char *one,
		      const char *two)
{
	ck_assert_int_lt(rnf_conf_override(root, text, "--set", 0), 0);
	ck_assert_msg(strstr(rnf_fail_words(), one) && strstr(rnf_fail_words(), two),
		      "%s", rnf_fail_words());
}

START_TEST(overrides)
{
	struct rnf_conf *root = read_text(layers), *list = node(root, "m", "layers");
	set(root, "m.layers.stem.n=7");
	ck_assert_str_eq(node(list->at[0], "n", NULL)->s, "7");
	set(root, "m.layers.2.n = \"8\" ");
	ck_assert_str_eq(node(list->at[2], "n", NULL)->s, "8");
	set(root, "m.layers[4].size=2"); /* a bare string becomes a group */
	ck_assert_str_eq(node(list->at[4], "type", NULL)->s, "pool");
	ck_assert_str_eq(node(list->at[4], "size", NULL)->s, "2");
	set(root, "m.act.alpha=0.5");
	ck_assert_str_eq(node(node(root, "m", "act"), "type", NULL)->s, "relu");
	set(root, "m.opt=adam");
	ck_assert_str_eq(node(node(root, "m", "opt"), "type", NULL)->s, "adam");
	ck_assert_int_eq(node(root, "m", "opt")->retyped, 1);
	set(root, "new.deep.key=[1,2]");
	ck_assert_str_eq(rnf_conf_path(node(node(root, "new", "deep"), "key", NULL)),
			 "new.deep.key");
	set(root, "m.layers.stem.type=dense");
	ck_assert_int_eq(list->at[0]->retyped, 1);
	set(root, "m.layers.pool.type=pool");
	ck_assert_int_eq(list->at[4]->retyped, 0);
	set(root, "m.act= half ");
	ck_assert_str_eq(node(node(root, "m", "act"), "type", NULL)->s, "half");
	set(root, "m.words=\"a\",\"b\""); /* the quotes are not around it all */
	ck_assert_str_eq(node(root, "m", "words")->s, "\"a\",\"b\"");
	set_fails(root, "m.layers.norm.n=1", "several", "1, 3");
	set_fails(root, "m.layers.stmm.n=1", "stmm", "stem, norm, two, norm, pool");
	set_fails(root, "m.layers.9.n=1", "5 elements", "--set");
	set_fails(root, "m.act", "key.path=value", "--set");
	set_fails(root, "m..act=1", "empty", "--set");
	set_fails(root, "=1", "no key", "--set");
}
END_TEST

START_TEST(writes_what_it_read)
{
	struct rnf_conf *root = read_text(layers);
	char text[2][4096] = { "", "" };
	set(root, "m.opt.lr=0.05");
	set(root, "m.word=ab\"c");
	set(root, "m.big=6000000000");
	set(root, "m.list=[1,2]");
	for (int i = 0; i < 3; i++) { /* the first has overrides as they were said */
		char *to = text[i > 0 ? i - 1 : 0];
		memset(to, 0, sizeof text[0]);
		FILE *out = fmemopen(to, sizeof text[0] - 1, "w");
		rnf_conf_write(root, out);
		fclose(out);
		root = read_text(to);
	}
	ck_assert_str_eq(text[0], text[1]);
	ck_assert_double_eq(node(node(root, "m", "opt"), "lr", NULL)->f, 0.05);
	ck_assert_str_eq(node(root, "m", "word")->s, "ab\"c");
	ck_assert_int_eq(node(root, "m", "big")->i, 6000000000ll);
	ck_assert_int_eq(node(root, "m", "list")->n, 2);
}
END_TEST

START_TEST(nearest)
{
	const char *const words[] = { "filters", "kernel", "stride" };
	ck_assert_str_eq(rnf_nearest("filterz", words, 3), "filters");
	ck_assert_str_eq(rnf_nearest("sride", words, 3), "stride");
	ck_assert_ptr_null(rnf_nearest("momentum", words, 3));
	ck_assert_ptr_null(rnf_nearest("", words, 3));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { types_and_places, includes_keep_places, gate,
		byte_order_mark, bare_names, base_and_set, parse_text, overrides, writes_what_it_read, nearest,
		NULL };
	char clean[64];
	if (!mkdtemp(dir)) return 1;
	snprintf(clean, sizeof clean, "rm -rf %s", dir);
	const int failed = test_run("conf", tests);
	return system(clean) || failed;
}
