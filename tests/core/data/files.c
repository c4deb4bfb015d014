/* Decoded images in a file: made once, found by the next run, made again when anything that
 * they were made from has changed, or the file is damaged. */
#include "data/files.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/signal.h"
#include "base/status.h"
#include "data/picture.h"
#include "lib/built.h"
#include "lib/photos.h"
#include "lib/program.h"

enum { TRAIN = 10, TEST = 2, N = TRAIN + TEST, H = 9, W = 7, BYTES = H * W * 3, HEAD = 64, PLACE = 32 };

static const char *dir;
static const char *paths[N];

static const char *path_of(const void *self, int split, int64_t i)
{
	(void)self;
	return paths[split == RNF_SPLIT_TEST ? TRAIN + i : i];
}

static rnf_status label_of(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	(void)self, (void)split, (void)pixels;
	*label = (int32_t)i;
	return RNF_OK;
}

static const struct rnf_dataset_impl dataset = { .path = path_of, .read = label_of };

static int ready(void)
{
	if (!test_has_plugin("decoder", "png")) return 0;
	dir = test_folder("files");
	test_plugins_path();
	ck_assert_msg(rnf_picture_decoders() == RNF_OK, "%s", rnf_fail_words());
	test_photos(dir, "a", N, H, W, 0);
	for (int i = 0; i < N; i++)
		paths[i] = rnf_format("%s/a/%02d.png", dir, i);
	return 1;
}

static struct rnf_files_conf conf_of(double memory)
{
	return (struct rnf_files_conf){ .dataset = &dataset, .threads = 2, .memory = memory,
					.folder = rnf_format("%s/cache", dir) };
}

/* memory 1e9: all there; else in a file. */
static void *opened(double memory)
{
	struct rnf_files_conf conf = conf_of(memory);
	struct rnf_dataset_info info = { .images = { TRAIN, TEST } };
	size_t framed;
	void *self;
	conf.only_memory = memory > BYTES * N;
	ck_assert_msg(rnf_files_open(&conf, &info, &self, &framed) == RNF_OK, "%s", rnf_fail_words());
	ck_assert(info.h == H && info.w == W && info.c == 3);
	ck_assert_double_eq(rnf_files_bytes(self), conf.only_memory ? N * BYTES : 0);
	return self;
}

static void read_all(void *self, uint8_t pixels[N][BYTES])
{
	int32_t label;
	for (int i = 0; i < N; i++) {
		const int test = i >= TRAIN;
		ck_assert_msg(rnf_files_dataset.read(self, test ? RNF_SPLIT_TEST : RNF_SPLIT_TRAIN,
			test ? i - TRAIN : i, pixels[i], &label) == RNF_OK, "%s", rnf_fail_words());
		ck_assert_int_eq(label, test ? i - TRAIN : i);
	}
}

static void check_pixels(void *self)
{
	static uint8_t want[N][BYTES], got[N][BYTES];
	read_all(opened(1e9), want);
	read_all(self, got);
	ck_assert_mem_eq(got, want, sizeof got);
}

/* The one file of the cache, and its number. */
static const char *kept(ino_t *inode)
{
	glob_t files;
	struct stat at;
	ck_assert_int_eq(glob(rnf_format("%s/cache/*", dir), 0, NULL, &files), 0);
	ck_assert_uint_eq(files.gl_pathc, 1);
	const char *path = rnf_format("%s", files.gl_pathv[0]);
	globfree(&files);
	ck_assert_int_eq(stat(path, &at), 0);
	*inode = at.st_ino;
	return path;
}

START_TEST(the_next_run_finds_them)
{
	ino_t first, second;
	if (!ready()) return;
	check_pixels(opened(0));
	kept(&first);
	check_pixels(opened(0));
	check_pixels(opened(1)); /* as in auto: memory has no room */
	kept(&second);
	ck_assert_uint_eq(first, second);
}
END_TEST

START_TEST(another_file_is_decoded)
{
	ino_t inode;
	if (!ready()) return;
	opened(0);
	const char *before = kept(&inode);
	test_shell("cp -p %s %s.new && mv %s.new %s", paths[3], paths[3], paths[3], paths[3]);
	check_pixels(opened(0));
	test_shell("test $(ls %s/cache | wc -l) = 2 && rm %s", dir, before);
	test_shell("cp %s %s", paths[1], paths[0]); /* other pixels */
	check_pixels(opened(0));
	test_shell("test $(ls %s/cache | wc -l) = 2", dir);
}
END_TEST

static void damage(const char *path, long at, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "r+b");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

/* Somewhere in the head, among the places, behind the end; cut. */
static const struct { long at; const char *shell; } damaged[] = {
	{ 0, NULL }, { 9, NULL }, { 16, NULL }, { 33, NULL }, { HEAD + 8, NULL },
	{ HEAD + PLACE * N - 8, NULL }, { HEAD + PLACE * N + N * BYTES, NULL },
	{ 0, "truncate -s -1" }, { 0, "truncate -s 10" }, { 0, "truncate -s 0" },
};

START_TEST(damaged_files_are_made_again)
{
	ino_t first, second;
	if (!ready()) return;
	opened(0);
	const char *path = kept(&first);
	if (damaged[_i].shell) test_shell("%s %s", damaged[_i].shell, path);
	else damage(path, damaged[_i].at, "\x77", 1);
	check_pixels(opened(0));
	kept(&second);
	ck_assert_uint_ne(first, second);
}
END_TEST

/* What only a look at all pixels would find is found when they are read; then the file goes. */
START_TEST(damaged_pixels_are_not_read)
{
	uint8_t pixels[BYTES];
	int32_t label;
	ino_t inode;
	if (!ready()) return;
	opened(0);
	const char *path = kept(&inode);
	damage(path, HEAD + PLACE * N + 3 * BYTES, "\1", 1);
	void *self = opened(0);
	ck_assert_int_eq(rnf_files_dataset.read(self, RNF_SPLIT_TRAIN, 2, pixels, &label), RNF_OK);
	ck_assert_int_eq(rnf_files_dataset.read(self, RNF_SPLIT_TRAIN, 3, pixels, &label), RNF_EIO);
	ck_assert_str_eq(rnf_fail_words(), rnf_format("%s was damaged and is removed: the next run "
						      "decodes the images again", path));
	test_shell("test ! -e %s", path);
	check_pixels(opened(0));
}
END_TEST

static void refused(const struct rnf_files_conf *conf, rnf_status status, const char *words)
{
	struct rnf_dataset_info info = { .images = { TRAIN, TEST } };
	size_t framed;
	void *self;
	ck_assert_int_eq(rnf_files_open(conf, &info, &self, &framed), status);
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
}

START_TEST(budgets_are_kept)
{
	if (!ready()) return;
	struct rnf_files_conf conf = conf_of(0);
	conf.disk = 1000;
	refused(&conf, RNF_EINVAL, "12 images of at most 7x9 take 0.0 GB, and ");
	refused(&conf, RNF_EINVAL, "/cache may take 0.0 GB: put a smaller resize");
	conf.memory = 10;
	conf.only_memory = 1;
	refused(&conf, RNF_EINVAL, "may take 0.0 GB of memory, and data.cache is \"memory\"");
	test_shell("test -z \"$(ls %s/cache)\"", dir);
}
END_TEST

/* A bad file leaves no cache, unless it is left out: then the next run knows it. */
START_TEST(bad_files_are_remembered)
{
	ino_t first, second;
	if (!ready()) return;
	test_shell("echo x >%s", paths[4]);
	struct rnf_files_conf conf = conf_of(0);
	refused(&conf, RNF_EINVAL, "is no image of a kind that can be read (data.on_bad_image");
	test_shell("test -z \"$(ls %s/cache)\"", dir);
	conf.skip = 1;
	for (int i = 0; i < 2; i++) {
		struct rnf_dataset_info info = { .images = { TRAIN, TEST }, .validation = 7 };
		size_t framed;
		void *self;
		ck_assert_int_eq(rnf_files_open(&conf, &info, &self, &framed), RNF_OK);
		ck_assert_int_eq(info.images[0], TRAIN - 1);
		ck_assert_int_eq(info.validation, 6); /* the bad one is among them */
		kept(i ? &second : &first);
	}
	ck_assert_uint_eq(first, second);
	conf.skip = 0;
	refused(&conf, RNF_EINVAL, "is no image of a kind that can be read (data.on_bad_image");
}
END_TEST

/* Whichever it is, the message says how many there are and what can be done. */
START_TEST(the_first_file_is_bad)
{
	if (!ready()) return;
	const struct rnf_files_conf conf = conf_of(0);
	test_shell("echo x >%s", paths[0]);
	refused(&conf, RNF_EINVAL, "is no image of a kind that can be read (data.on_bad_image");
	test_shell("echo x >%s", paths[3]);
	refused(&conf, RNF_EINVAL, "is no image of a kind that can be read, and 1 more");
	for (int i = 0; i < N; i++)
		test_shell("echo x >%s", paths[i]);
	refused(&conf, RNF_EINVAL, "none of 12 images can be read; the last: ");
}
END_TEST

START_TEST(a_signal_stops_it)
{
	if (!ready()) return;
	const struct rnf_files_conf disk = conf_of(0), memory = conf_of(1e9);
	rnf_signals_catch();
	raise(SIGTERM);
	refused(&disk, RNF_ESTOPPED, "stopped by SIGTERM while images were decoded: nothing was saved");
	refused(&memory, RNF_ESTOPPED, "stopped by SIGTERM while images were decoded");
	test_shell("test ! -e %s/cache || test -z \"$(ls %s/cache)\"", dir, dir);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ the_next_run_finds_them, 0 }, { another_file_is_decoded, 0 },
		{ damaged_files_are_made_again, TEST_ROWS(damaged) },
		{ damaged_pixels_are_not_read, 0 }, { budgets_are_kept, 0 },
		{ bad_files_are_remembered, 0 }, { the_first_file_is_bad, 0 },
		{ a_signal_stops_it, 0 }, { NULL, 0 },
	};
	return test_run_cases("data/files", cases);
}
