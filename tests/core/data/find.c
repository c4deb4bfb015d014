#include "lib/plugin.h"
#include "lib/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/status.h"
#include "data/find.h"
#include "plugin/loader.h"

static const char *const files[] = { "one.bin", "two.bin", NULL };
static const struct rnf_download downloads[] = {
	{ .url = "http://localhost/toy.tar.gz", .file = "toy.tar.gz" }, { .url = NULL } };
static const struct rnf_dataset_impl impl = {
	.files = files, .folder = "inside", .downloads = downloads };
static const struct rnf_dataset_impl without_files = { .files = NULL };
static const struct rnf_feature toy = { .kind = "dataset", .name = "toy", .impl = &impl };
static const struct rnf_feature synthetic = {
	.kind = "dataset", .name = "none", .impl = &without_files };

static char root[64];
static struct rnf_blob *blobs;

static void run(const char *command)
{
	test_shell("cd %s && %s", root, command);
}

/* A folder of our own, and an environment that names no other. */
static void set_up(void)
{
	strcpy(root, "/tmp/rnf_find_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	setenv("HOME", root, 1);
	unsetenv("RNFRAME_DATA");
	unsetenv("XDG_DATA_HOME");
	rnf_loader_path(rnf_format("%s/plugins", test_build()));
	run("mkdir -p sub/inside plain && cd plain && printf first > one.bin && "
	    "printf second > two.bin && cp *.bin ../sub/inside");
}

static void tear_down(void)
{
	run("rm -rf sub plain packed archive .local data");
	remove(root);
}

static const char *in(const char *place)
{
	return rnf_format("%s/%s", root, place);
}

static void check_found(const char *path)
{
	blobs = NULL;
	const rnf_status status = rnf_data_find(&toy, path, &blobs);
	ck_assert_msg(status == RNF_OK, "%s", rnf_fail_words());
	ck_assert_str_eq(blobs[0].name, "one.bin");
	ck_assert_uint_eq(blobs[0].size, 5);
	ck_assert_mem_eq(blobs[0].data, "first", 5);
	ck_assert_str_eq(blobs[1].name, "two.bin");
	ck_assert_uint_eq(blobs[1].size, 6);
	ck_assert_mem_eq(blobs[1].data, "second", 6);
}

START_TEST(folders)
{
	set_up();
	check_found(in("plain"));
	check_found(in("sub"));
	tear_down();
}
END_TEST

START_TEST(packed)
{
	set_up();
	run("mkdir packed archive && cp plain/* packed && gzip packed/two.bin");
	check_found(in("packed"));
	run("tar czf archive/other.tar.gz plain/one.bin");
	run("tar czf archive/toy.tar.gz sub");
	check_found(in("archive/toy.tar.gz"));
	check_found(in("archive"));
	run("rm archive/*; tar cJf archive/any.tar.xz sub");
	check_found(in("archive/any.tar.xz"));
	check_found(in("archive"));
	tear_down();
}
END_TEST

START_TEST(standard_places)
{
	set_up();
	run("mkdir -p .local/share/rnframe data && cp -r plain .local/share/rnframe/toy");
	ck_assert_str_eq(rnf_data_home("toy"), in(".local/share/rnframe/toy"));
	check_found(NULL);
	run("cp -r plain data/rnframe; mkdir data/toy; mv data/rnframe/* data/toy; "
	    "rm -r .local");
	setenv("RNFRAME_DATA", in("data"), 1);
	ck_assert_str_eq(rnf_data_home("toy"), in("data/toy"));
	check_found(NULL);
	setenv("RNFRAME_DATA", in("nowhere"), 1);
	run("mkdir -p data/rnframe; mv data/toy data/rnframe");
	setenv("XDG_DATA_HOME", in("data"), 1);
	check_found(NULL);
	tear_down();
}
END_TEST

START_TEST(missing)
{
	set_up();
	run("rm plain/two.bin");
	ck_assert_int_eq(rnf_data_find(&toy, in("plain"), &blobs), RNF_ENOENT);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "no two.bin in"));
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), in("plain")));
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "rnframe fetch toy"));
	ck_assert_int_eq(rnf_data_find(&toy, NULL, &blobs), RNF_ENOENT);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "one.bin, two.bin"));
	tear_down();
}
END_TEST

START_TEST(no_files_needed)
{
	blobs = (struct rnf_blob *)1;
	ck_assert_int_eq(rnf_data_find(&synthetic, NULL, &blobs), RNF_OK);
	ck_assert_ptr_null(blobs);
	ck_assert_int_eq(rnf_data_find(&synthetic, "", &blobs), RNF_OK);
	ck_assert_int_eq(rnf_data_find(&synthetic, "/tmp", &blobs), RNF_OK);
}
END_TEST

/* -- optional files -- */

static const char *const some[] = { "must.bin", "?may.bin", NULL };
static const struct rnf_dataset_impl optional_impl = { .files = some };
static const struct rnf_feature optional = {
	.kind = "dataset", .name = "optional", .impl = &optional_impl };

START_TEST(an_optional_file_may_be_missing)
{
	const char *dir = test_folder("find_optional");
	ck_assert_int_lt(rnf_data_find(&optional, dir, &blobs), 0);
	ck_assert_msg(strstr(rnf_fail_words(), "no must.bin in ") != NULL, "%s", rnf_fail_words());
	test_shell("echo 1 >%s/must.bin", dir);
	ck_assert_msg(rnf_data_find(&optional, dir, &blobs) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_ptr_nonnull(blobs[0].data);
	ck_assert_ptr_null(blobs[1].data);
	ck_assert_str_eq(blobs[1].name, "may.bin");
	test_shell("echo 12 >%s/may.bin", dir);
	ck_assert_int_eq(rnf_data_find(&optional, dir, &blobs), RNF_OK);
	ck_assert_uint_eq(blobs[1].size, 3);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		folders, packed, standard_places, missing, no_files_needed,
		an_optional_file_may_be_missing, NULL
	};
	return test_run("data/find", tests);
}
