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

/* All words must be in the message. */
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

START_TEST(scanner)
{
	refuses(put("a.cfg", "a = 1;\nb = 99999999999999999999;\n"), "a.cfg:2: ",
		"does not fit");
	refuses(put("a.cfg", "a = 1e999;\n"), "a.cfg:1: ", "too large");
	refuses(put("a.cfg", "a = 12abc;\n"), "a.cfg:1: ", "not a number");
	refuses(put("a.cfg", "a = 1.5s;\n"), "a.cfg:1: ", "1.5s is not a number");
	refuses(put("a.cfg", "a = 0xFFFFFFFFFFFFFFFF;\n"), "a.cfg:1: ", "does not fit");
	refuses(put("a.cfg", "a = \"b\\x00c\";\n"), "a.cfg:1: ", "\\x00");
	refuses(put("a.cfg", "a = 1;\nb = = 2;\n"), "a.cfg:2: ", "syntax error: \"b = = 2;\"");
	refuses(put("a.cfg", "a = \"open\n"), "a.cfg:1: ", "inside a string");
	refuses(put("a.cfg", "a = ( \"b=1\",\n\"c=2\" # no comma\n\"d=3\" );\n"), "a.cfg:3: ",
		"two strings follow each other: a comma is missing");
	refuses(put("a.cfg", "a = \"b\"\"c\";\n"), "a.cfg:1: ", "a comma is missing");
	refuses(put("a.cfg", "x = 1;\n@include \"a.cfg\"\n"), "a.cfg:2: ", "16 deep");
	refuses(put("a.cfg", "@include two.cfg\n"), "a.cfg:1: ", "alone");
	refuses(put("a.cfg", "@include \".\"\n"), "a.cfg:1: ", "is a folder");
	refuses(dir, dir, " is a folder; a conf is a file");
	mkfifo(at("fifo.cfg"), 0600);
	refuses(at("fifo.cfg"), "fifo.cfg", "not a regular file");
	refuses(put("a.cfg", "a = {\n b = 1;\n"), "a.cfg:1: ", "this { is never closed");
	refuses(put("a.cfg", "a = (\n 1 };\n"), "a.cfg:2: } cannot close the ( of ", "a.cfg:1");
	refuses(put("a.cfg", "a = 1; };\n"), "a.cfg:1: ", "} closes nothing");
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

START_TEST(duplicate_keys)
{
	put("in.cfg", "y = 1;\nx = 2;\n");
	refuses(put("a.cfg", "x = 1;\n@include \"in.cfg\"\n"), "in.cfg:2: duplicate key: \"x\"",
		"a.cfg:1 already");
	refuses(put("a.cfg", "g = {\n a : 1;\n b = ( { a = 1; } );\n a = 2; };\n"), "a.cfg:4: ",
		"a.cfg:2 already");
	read_text("a = { x = 1; }; b = ( { x = 1; }, { x = 2; } ); x = \"x = 1\"; # x = 3\n");
}
END_TEST

/* Where libconfig itself would see an include, or a careless reader. */
START_TEST(hidden_includes)
{
	put("in.cfg", "y = 1;\n");
	refuses(put("a.cfg", "x = 1; @include \"in.cfg\"\n"), "a.cfg:1: ", "alone on its line");
	refuses(put("a.cfg", "/* a\n*/ @include \"in.cfg\"\n"), "a.cfg:2: ", "alone");
	refuses(put("a.cfg", "x = 1;\r@include \"/\"\n"), "a.cfg:1: ", "alone");
	refuses(put("a.cfg", "\f@include \"/\"\n"), "a.cfg:1: ", "alone");
	refuses(put("a.cfg", "@include \"in.cfg\" x = 1;\n"), "a.cfg:1: ", "alone");
	refuses(put("a.cfg", "@includes \"in.cfg\"\n"), "a.cfg:1: ", "alone");
	refuses(put("a.cfg", "@include \"/dev/zero\"\n"), "/dev/zero", "not a regular file");
	struct rnf_conf *root = read_text(" \t@include\t\"in.cfg\" // here\r\nx = 2;\r\n");
	ck_assert_int_eq(node(root, "y", NULL)->i, 1);
	ck_assert_int_eq(node(root, "x", NULL)->line, 2);
	root = read_text("x = \"a\n@include \\\" \";\n/*\n@include \"no.cfg\"\n*/ # @include\n");
	ck_assert_str_eq(node(root, "x", NULL)->s, "a\n@include \" ");
}
END_TEST

/* n times `item` with a number in it, between two texts. */
static const char *put_many(const char *before, const char *item, int n, const char *after)
{
	FILE *f = fopen(at("many.cfg"), "w");
	ck_assert_ptr_nonnull(f);
	fputs(before, f);
	for (int i = 0; i < n; i++) fprintf(f, item, i);
	fputs(after, f);
	fclose(f);
	return at("many.cfg");
}

START_TEST(sizes)
{
	struct rnf_conf *root;
	ck_assert_int_eq(rnf_conf_read(put_many("", "k%d = 1;\n", 256, ""), dir, &root), 0);
	ck_assert_int_eq(root->n, 256);
	refuses(put_many("", "k%d = 1;\n", 257, ""), "many.cfg:257: ", "a group has more than 256 keys");
	refuses(put_many("", "k%d:1\n", 257, ""), "many.cfg:257: ", "256 keys");
	refuses(put_many("a = [ 0", ",\n%d", 5000, " ];"), "many.cfg:4097: ", "a list has more than 4096");
	refuses(put_many("a = ( 0", ",\n[ 1, 2, 3, 4, 5, %d ]", 4000, " );"), "many.cfg:3335: ",
		"20000 entries");
	char key[80] = "";
	memset(key, 'k', 64);
	ck_assert_int_eq(rnf_conf_read(put_many(key, " = %d;", 1, ""), dir, &root), 0);
	key[64] = 'k';
	refuses(put_many(key, " = %d;", 1, ""), "many.cfg:1: ", "has 65 bytes, may have 64");
	put_many("", "@include \"none.cfg\" # %d\n", 257, "");
	put("none.cfg", "");
	refuses(at("many.cfg"), "many.cfg:257: ", "256 includes");
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

/* A conf out of a file of weights: the same scanner, and nothing else. */
START_TEST(parse_text)
{
	struct rnf_conf *root = NULL;
	ck_assert_int_eq(rnf_conf_parse("w.bin", "a = 1;\nb = { c = 5000000000; };", &root), 0);
	ck_assert_int_eq(node(root, "b", "c")->i, 5000000000ll);
	ck_assert_str_eq(rnf_conf_place(node(root, "b", "c")), "w.bin:2: ");
	ck_assert_int_eq(rnf_conf_parse("w.bin", "", &root), 0);
	put("in.cfg", "x = 1;\n");
	parse_refuses("a = 1;\n@include \"in.cfg\"\n",
		      "w.bin:2: this conf is part of another file and may include none");
	parse_refuses("base = \"in.cfg\";", "w.bin:1: base: this conf is part of another "
		      "file and stands alone: it may have no `base`");
	parse_refuses("set = ( \"a=1\" );", "w.bin:1: set: this conf is part of another "
		      "file and stands alone: it may have no `set`");
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

static const char *written(void (*write)(const struct rnf_conf *, FILE *),
			   const struct rnf_conf *root)
{
	static char text[2][4096];
	static int i;
	char *to = text[++i % 2];
	memset(to, 0, sizeof text[0]);
	FILE *out = fmemopen(to, sizeof text[0] - 1, "w");
	write(root, out);
	fclose(out);
	return to;
}

/* A checkpoint holds text only, a path any bytes. */
START_TEST(writes_text)
{
	struct rnf_conf *root = read_text("path = \"/gr\xf6n\xc3\xa4/\\x01\xed\xa0\x80\";\n");
	const char *text = written(rnf_conf_write, root);
	ck_assert_str_eq(text, "path = \"/gr\\xf6n\xc3\xa4/\\x01\\xed\\xa0\\x80\";\n");
	ck_assert_str_eq(node(read_text(text), "path", NULL)->s, node(root, "path", NULL)->s);
}
END_TEST

/* The same tree comes back; text written without origins does not have them. */
START_TEST(writes_origins)
{
	char want[2048], where[256];
	struct rnf_conf *root = read_text("a = 1; e = [];\nl = ( \"x\", { b = [1, 2]; } );\n");
	snprintf(where, sizeof where, "%s", at("a.cfg"));
	set(root, "g.s=t");
	snprintf(want, sizeof want, "a = 1;  # %s:1\ne = (  );  # %s:1\nl = (\n  \"x\",  # %s:2\n"
		 "  {\n    b = ( 1, 2 );  # %s:2\n  }\n);\ng = {\n  s = \"t\";  # --set\n};\n",
		 where, where, where, where);
	ck_assert_str_eq(written(rnf_conf_write_origins, root), want);
	snprintf(want, sizeof want, "a = 1  # %s:1\ne = (  )  # %s:1\nl[0] = \"x\"  # %s:2\n"
		 "l[1].b = ( 1, 2 )  # %s:2\ng.s = \"t\"  # --set\n", where, where, where, where);
	ck_assert_str_eq(written(rnf_conf_list, root), want);
	const char *plain = written(rnf_conf_write, root);
	ck_assert_str_eq(written(rnf_conf_write, read_text(written(rnf_conf_write_origins, root))),
			 plain);
	root->at[0]->file = "a\nb = 2;\x1b.cfg"; /* a name that would continue after its line */
	ck_assert_ptr_nonnull(strstr(written(rnf_conf_write_origins, root), "# a\\x0ab = 2;\\x1b.cfg:1\n"));
}
END_TEST

START_TEST(adds_to_lists)
{
	struct rnf_conf *root = read_text("l = ( \"b\", { type = \"d\"; name = \"dd\"; } ); n = 1;");
	set(root, "l+=e");
	set(root, "l.b+=a");
	set(root, "l.dd += c");
	set(root, "l.c.size=3");
	set(root, "new+=x");
	ck_assert_ptr_nonnull(strstr(written(rnf_conf_write, root), "l = (\n  \"a\",\n  \"b\",\n"
		"  {\n    type = \"c\";\n    size = 3;\n  },\n  {\n    type = \"d\";\n"
		"    name = \"dd\";\n  },\n  \"e\"\n);\nn = 1;\nnew = ( \"x\" );\n"));
	set(root, "w=[1,2]");
	set(root, "w+=3");
	set(root, "w.1=4");
	set(root, "one=x");
	set(root, "one+=y");
	set(root, "one.y.size=5");
	set(root, "two=v, w");
	set(root, "two.w.size=6");
	set(root, "three.type=z");
	set(root, "three.z.size=7");
	ck_assert_ptr_nonnull(strstr(written(rnf_conf_write, root), "w = ( 1, 4, 3 );\n"
		"one = (\n  \"x\",\n  {\n    type = \"y\";\n    size = 5;\n  }\n);\n"
		"two = (\n  \"v\",\n  {\n    type = \"w\";\n    size = 6;\n  }\n);\n"
		"three = (\n  {\n    type = \"z\";\n    size = 7;\n  }\n);\n"));
	set_fails(root, "n+=3", "n is neither a list", "--set");
	set_fails(root, "l.x+=3", "no element \"x\"", "--set");
	set_fails(root, "+=3", "no key", "--set");
}
END_TEST

/* Literals, equal keys and overrides: each has its line. */
START_TEST(several_mistakes)
{
	struct rnf_conf *root = NULL;
	put("b.cfg", "a = 1e999;\nb = 1; b = 2;\nc = 3x;\n@include \"none.cfg\"\n");
	put("none.cfg", "@");
	ck_assert_int_eq(rnf_conf_read(at("b.cfg"), dir, &root), RNF_EINVAL);
	const char *words = rnf_fail_words();
	ck_assert_ptr_nonnull(strstr(words, "/b.cfg:1: 1e999 is too large for a number\n"));
	ck_assert_ptr_nonnull(strstr(words, "/b.cfg:2: duplicate key: \"b\" is set at "));
	ck_assert_ptr_nonnull(strstr(words, "/b.cfg:3: 3x is not a number\n"));
	ck_assert_ptr_nonnull(strstr(words, "/none.cfg:1: an include must be alone"));
	put("b.cfg", "n = 1;");
	put("c.cfg", "base = \"b.cfg\"; set = ( \"n.m=1\", \"=\", \"n=2\" );");
	ck_assert_int_eq(rnf_conf_read(at("c.cfg"), dir, &root), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "n is a plain value, nothing is below it\n"));
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "names no key"));
	put("d.cfg", "base = \"b.cfg\"; set = ( \"n.m=1\", 5 ); g = { }; l = ( );");
	ck_assert_int_eq(rnf_conf_read(at("d.cfg"), dir, &root), RNF_EINVAL);
	words = rnf_fail_words();
	ck_assert_ptr_nonnull(strstr(words, "n is a plain value"));
	ck_assert_ptr_nonnull(strstr(words, "set[1]: must be a string"));
	ck_assert_ptr_nonnull(strstr(words, "g: beside `base`"));
	ck_assert_ptr_nonnull(strstr(words, "l: beside `base`"));
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
	const TTest *const tests[] = { types_and_places, includes_keep_places, scanner,
		duplicate_keys, hidden_includes, sizes, byte_order_mark, bare_names, base_and_set,
		parse_text, overrides, writes_what_it_read,
		writes_text, writes_origins, adds_to_lists, several_mistakes, nearest,
		NULL };
	char clean[64];
	if (!mkdtemp(dir)) return 1;
	snprintf(clean, sizeof clean, "rm -rf %s", dir);
	const int failed = test_run("conf", tests);
	return system(clean) || failed;
}
