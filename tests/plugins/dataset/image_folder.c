/* What image_folder finds in folders and in labels.csv. Its files are not decoded here, so
 * they are empty. */
#include "lib/plugin.h"
#include "lib/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"

struct conf {
	const char *labels;
	double test;
};

static char logged[512];

static void keep_log(enum rnf_level level, const char *format, ...)
{
	va_list args;
	(void)level;
	va_start(args, format);
	vsnprintf(logged, sizeof logged, format, args);
	va_end(args);
}

static const struct rnf_dataset_impl *impl(void)
{
	return test_feature("dataset", "image_folder")->impl;
}

static rnf_status open_folder(const char *dir, void **self, struct rnf_dataset_info *info)
{
	static const struct conf conf = { "labels.csv", 0.25 };
	const struct rnf_blob blobs[] = { { .name = dir }, { .name = ".png" }, { .name = ".jpg" },
					  { .name = NULL } };
	struct rnf_host host = rnf_host;
	host.log = keep_log;
	logged[0] = 0;
	*info = (struct rnf_dataset_info){ .classes = 0 };
	return impl()->open(&host, &conf, blobs, self, info);
}

/* Makes these files, in folders that are missing; names are separated by blanks. */
static const char *folder(const char *files)
{
	const char *dir = test_folder("image_folder");
	test_shell("cd %s && for f in %s; do mkdir -p \"$(dirname \"$f\")\" && : >\"$f\"; done", dir,
		   files);
	return dir;
}

/* "train/a/1.png:0 ..." of a split. */
static const char *list(const char *dir, const void *self, int split, int64_t n)
{
	const char *words = "";
	for (int64_t i = 0; i < n; i++) {
		int32_t label = -1;
		impl()->read(self, split, i, NULL, &label);
		words = rnf_format("%s%s%s:%d", words, *words ? " " : "",
				   impl()->path(self, split, i) + strlen(dir) + 1, (int)label);
	}
	return words;
}

static const char *names(const struct rnf_dataset_info *info)
{
	const char *words = "";
	for (int64_t i = 0; i < info->classes; i++)
		words = rnf_format("%s%s%s", words, *words ? "," : "", info->names[i]);
	return words;
}

static const struct {
	const char *files, *names, *train, *test;
	int validation;
} trees[] = {
	{ "b/1.png a/2.png a/1.JPG B/x.png", "B,a,b", "B/x.png:0 a/1.JPG:1 a/2.png:1 b/1.png:2", "", 0 },
	{ "train/a/1.png train/b/1.png test/b/2.png", "a,b", "train/a/1.png:0 train/b/1.png:1",
	  "test/b/2.png:1", 0 },
	{ "train/a/1.png train/b/1.png val/b/2.png", "a,b", "train/a/1.png:0 train/b/1.png:1",
	  "val/b/2.png:1", 0 },
	{ "train/a/1.png train/b/1.png valid/b/2.png test/a/3.png", "a,b",
	  "train/a/1.png:0 train/b/1.png:1 valid/b/2.png:1", "test/a/3.png:0", 1 },
	{ ".a/1.png b/.1.png b/2.png", "b", "b/2.png:0", "", 0 },
	{ "a/2.png a/1/x/3.png a/4/5.png b/6/7.png a/.9/8.png", "a,b",
	  "a/1/x/3.png:0 a/2.png:0 a/4/5.png:0 b/6/7.png:1", "", 0 },
};

START_TEST(folders_of_classes)
{
	void *self;
	struct rnf_dataset_info info;
	const char *dir = folder(trees[_i].files);
	ck_assert_msg(open_folder(dir, &self, &info) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_str_eq(names(&info), trees[_i].names);
	ck_assert_str_eq(list(dir, self, RNF_SPLIT_TRAIN, info.images[0]), trees[_i].train);
	ck_assert_str_eq(list(dir, self, RNF_SPLIT_TEST, info.images[1]), trees[_i].test);
	ck_assert_int_eq(info.validation, trees[_i].validation);
	ck_assert_double_eq(info.test, info.images[1] ? 0 : 0.25);
	ck_assert_str_eq(logged, "");
}
END_TEST

START_TEST(strays_are_summed_up)
{
	void *self;
	struct rnf_dataset_info info;
	const char *dir = folder("a/1.png a/deeper/notes.txt a/notes.TXT z.png a/3.png.tmp a/README "
				 "a/b.webp a/c.webp a/d.WebP a/e.a_long_ending");
	ck_assert_msg(open_folder(dir, &self, &info) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(info.images[0], 1);
	ck_assert_str_eq(logged, rnf_format("%s: 9 entries are no image of a class and left out: "
		"%s/a/3.png.tmp, ...; 3 .webp, 2 .txt, 1 .tmp, 1 .png", dir, dir));
}
END_TEST

/* A link to a folder above has no end; to another one it is as if its files were here. */
START_TEST(links_to_folders)
{
	void *self;
	struct rnf_dataset_info info;
	const char *dir = folder("a/1.png b/2.png");
	test_shell("cd %s && ln -s .. a/up && ln -s . b/here && ln -s ../a b/more && mkdir -p c && "
		   "ln -s nowhere c/3.png && ln -s ../b/2.png c/4.png", dir);
	ck_assert_msg(open_folder(dir, &self, &info) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_str_eq(list(dir, self, RNF_SPLIT_TRAIN, info.images[0]),
			 "a/1.png:0 b/2.png:1 b/more/1.png:1 c/4.png:2");
	ck_assert_ptr_nonnull(strstr(logged, ": 4 entries are no image of a class and left out: "));
}
END_TEST

static const struct { const char *files, *words; } bad_trees[] = {
	{ "notes.txt", " has no training images: it must have folders" },
	{ "train/a/1.png test/c/1.png", "/test/c/1.png is of the class \"c\", of which there is no" },
	{ "a/1.png b/notes.txt b/c/notes.txt", "/b has no image: remove the folder" },
	{ "train/notes.txt a/1.png", " has no training images" },
};

START_TEST(folders_that_are_refused)
{
	void *self;
	struct rnf_dataset_info info;
	ck_assert_int_eq(open_folder(folder(bad_trees[_i].files), &self, &info), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), bad_trees[_i].words) != NULL, "%s", rnf_fail_words());
}
END_TEST

/* -- labels.csv -- */

static const char *labels(const char *text)
{
	const char *dir = test_folder("image_folder");
	FILE *f = fopen(rnf_format("%s/labels.csv", dir), "wb");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return dir;
}

static const struct {
	const char *text, *names, *train, *test;
	int validation;
} tables[] = {
	{ "file,label\na.png,x\nb/c.jpg,w\n", "w,x", "a.png:1 b/c.jpg:0", "", 0 },
	{ "label,file\r\nx,a.png\r\n\r\nw,b.png", "w,x", "a.png:1 b.png:0", "", 0 },
	{ "\xef\xbb\xbf" "file,label,split\na,x,test\nb,x,train\nc,x,val\nd,y,train\n", "x,y",
	  "b:0 d:1 c:0", "a:0", 1 },
	{ "file,label,split\na,x,val\nb,x,train\n", "x", "b:0", "a:0", 0 },
	{ "file,label\n\"a, \"\"b\"\".png\",\"x\"\n", "x", "a, \"b\".png:0", "", 0 },
	{ "file,label\n\"two\nlines.png\",x\n", "x", "two\nlines.png:0", "", 0 },
};

START_TEST(tables_of_files)
{
	void *self;
	struct rnf_dataset_info info;
	const char *dir = labels(tables[_i].text);
	ck_assert_msg(open_folder(dir, &self, &info) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_str_eq(names(&info), tables[_i].names);
	ck_assert_str_eq(list(dir, self, RNF_SPLIT_TRAIN, info.images[0]), tables[_i].train);
	ck_assert_str_eq(list(dir, self, RNF_SPLIT_TEST, info.images[1]), tables[_i].test);
	ck_assert_int_eq(info.validation, tables[_i].validation);
}
END_TEST

static const struct { const char *text, *words; } bad_tables[] = {
	{ "", "labels.csv is empty" },
	{ "name,label\na,b\n", "labels.csv:1: the first line must be file,label" },
	{ "file,label,split,more\na,b,train,c\n", "labels.csv:1: the first line must be" },
	{ "file,label,label\na,b,c\n", "labels.csv:1: the first line must be" },
	{ "file,label\na\n", "labels.csv:2: another number of fields" },
	{ "file,label\na,b\nc,d,e\n", "labels.csv:3: another number of fields" },
	{ "file,label\na,\n", "labels.csv:2: an empty field" },
	{ "file,label\n\"a,b\n", "labels.csv:3: a quote is not closed" },
	{ "file,label\n\"a\"c,b\n", "labels.csv:2: something stands behind a quote" },
	{ "file,label\n../a,b\n", "labels.csv:2: the file must lie in the folder" },
	{ "file,label\na/../../b,b\n", "labels.csv:2: the file must lie in the folder" },
	{ "file,label\na/..,b\n", "labels.csv:2: the file must lie in the folder" },
	{ "file,label\n/etc/passwd,b\n", "labels.csv:2: the file must lie in the folder" },
	{ "file,label,split\na,b,Train\n", "labels.csv:2: the split must be train, val or test" },
	{ "file,label\na,b\nc,b\na,b\n", "labels.csv:4: the file stands there twice" },
	{ "file,label,split\na,b,train\nc,d,test\n", "/c is of the class \"d\", of which there is no" },
	{ "file,label,split\na,b,test\n", " has no training images" },
};

START_TEST(tables_that_are_refused)
{
	void *self;
	struct rnf_dataset_info info;
	ck_assert_int_eq(open_folder(labels(bad_tables[_i].text), &self, &info), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), bad_tables[_i].words) != NULL, "%s", rnf_fail_words());
}
END_TEST

/* A field has less than 4,096 bytes. */
START_TEST(long_fields)
{
	enum { MOST = 4095 };
	void *self;
	struct rnf_dataset_info info;
	static char field[MOST + 2];
	memset(field, 'a', MOST);
	const char *dir = labels(rnf_format("file,label\n%s,b\n", field));
	ck_assert_msg(open_folder(dir, &self, &info) == RNF_OK, "%s", rnf_fail_words());
	field[MOST] = 'a';
	dir = labels(rnf_format("file,label\n%s,b\n", field));
	ck_assert_int_eq(open_folder(dir, &self, &info), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "labels.csv:2: a field is too long"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ folders_of_classes, TEST_ROWS(trees) }, { strays_are_summed_up, 0 },
		{ links_to_folders, 0 },
		{ folders_that_are_refused, TEST_ROWS(bad_trees) },
		{ tables_of_files, TEST_ROWS(tables) },
		{ tables_that_are_refused, TEST_ROWS(bad_tables) }, { long_fields, 0 }, { NULL, 0 },
	};
	return test_run_cases("dataset/image_folder", cases);
}
