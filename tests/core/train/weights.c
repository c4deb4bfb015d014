#include "lib/plugin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "plugin/loader.h"
#include "train/weights.h"

static char root[40];

/* Reading this path as weights of an empty model fails with this message. */
static void refused(const char *path, rnf_status status, const char *words)
{
	struct rnf_session session = { 0 };
	ck_assert_int_eq(rnf_weights_read(&session, path), status);
	ck_assert_str_eq(rnf_fail_words(), rnf_format("%s%s", path, words));
}

START_TEST(what_is_no_file_of_weights)
{
	strcpy(root, "/tmp/rnf_weights_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	rnf_loader_path(rnf_format("%s/plugins", test_build()));
	const char *pipe = rnf_format("%s/pipe", root), *other = rnf_format("%s/text", root);
	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	FILE *text = fopen(other, "wb");
	fputs("this is no file of weights", text);
	fclose(text);
	refused(root, RNF_EINVAL, " is a folder, must be a file of weights");
	refused("/dev/null", RNF_EINVAL, " is not a regular file, must be a file of weights");
	refused(pipe, RNF_EINVAL, " is not a regular file, must be a file of weights");
	refused(other, RNF_EINVAL, ": no format plugin knows this kind of file");
	unlink(pipe);
	unlink(other);
	refused(other, RNF_EINVAL, ": No such file or directory");
	rmdir(root);
}
END_TEST

/* In whatever format: two groups of a .h5 give one name too. */
static const struct {
	const char *file, *name;
} twice[] = {
	{ "safetensors/twice", "x" },
	{ "keras_h5/twice.h5", "a/kernel" },
	{ "keras_h5/numbered_twice.h5", "a/kernel" },
	{ "keras_h5/zip_same_names.keras", "stem/kernel" },
};

START_TEST(a_tensor_given_twice_is_refused)
{
	struct rnf_contents contents = { 0 };
	rnf_loader_path(rnf_format("%s/plugins", test_build()));
	const char *path = rnf_format("tests/fuzz/corpus/%s", twice[_i].file);
	ck_assert_int_eq(rnf_weights_check(path, &contents), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(),
			 rnf_format("%s: two tensors are named %s", path, twice[_i].name));
}
END_TEST

/* More names than there is room for at first. */
START_TEST(many_names_are_told_apart)
{
	enum { N = 700 };
	char path[] = "/tmp/rnf_weights_XXXXXX";
	struct rnf_contents contents = { 0 };
	static const float one = 1;
	struct rnf_named_tensor many[N];
	const struct rnf_format_impl *format = test_feature("format", "safetensors")->impl;
	for (int i = 0; i < N; i++)
		many[i] = (struct rnf_named_tensor){ .name = rnf_format("l%d/bias", i), .data = &one };
	const int fd = mkstemp(path);
	ck_assert_int_eq(format->write(&rnf_host, fd, many, N, NULL, 0), RNF_OK);
	close(fd);
	rnf_loader_path(rnf_format("%s/plugins", test_build()));
	ck_assert_msg(rnf_weights_check(path, &contents) == RNF_OK, "%s", rnf_fail_words());
	unlink(path);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ what_is_no_file_of_weights, 0 },
		{ a_tensor_given_twice_is_refused, TEST_ROWS(twice) },
		{ many_names_are_told_apart, 0 }, { NULL, 0 },
	};
	return test_run_cases("train/weights", cases);
}
