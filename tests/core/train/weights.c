#include "lib/plugin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/experiment.h"
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

/* -- weights of another model -- */

static const struct {
	const char *set, *skip[3], *words; /* of the model; after the file's path, NULL: good */
} others[] = {
	{ "name=x", { NULL }, NULL },
	{ "data.classes=7", { NULL }, "%1$s: shape: classifier/kernel is 32 x 10 in the file, 32 x 7 "
	  "in the model\n%1$s: shape: classifier/bias is 10 in the file, 7 in the model" },
	{ "data.classes=7", { "classifier", NULL }, NULL },
	{ "data.classes=7", { "class", NULL }, "%1$s: shape: classifier/kernel is 32 x 10 in the "
	  "file, 32 x 7 in the model\n%1$s: shape: classifier/bias is 10 in the file, 7 in the "
	  "model\ntrain.init.skip: neither the model nor %1$s has tensors of a layer \"class\"" },
	{ "model.layers.classifier.name=head", { "classifier", NULL }, "%1$s: missing: head/kernel "
	  "(32 x 10)\n%1$s: missing: head/bias (10)" },
	{ "model.layers.classifier.name=head", { "head", NULL }, "%1$s: unexpected: "
	  "classifier/kernel is not in the model\n%1$s: unexpected: classifier/bias is not in the "
	  "model" },
	{ "model.layers.classifier.name=head", { "head", "classifier", NULL }, NULL },
	{ "name=y", { "stage1_res_block1", NULL }, NULL },
};

static size_t count(const char *const *words)
{
	size_t n = 0;
	while (words[n]) n++;
	return n;
}

static struct rnf_experiment *drawn(const char *set, const char *other)
{
	const char *const sets[] = { set, other };
	return test_planned("synthetic.cfg", 1, sets, 2);
}

/* Each tensor comes from the file, or is as it was drawn. */
static void check_tensors(const struct rnf_experiment *e, const struct rnf_experiment *from,
			  const float *before, const char *const *skip)
{
	for (size_t i = 0; i < e->model.weights.n; i++) {
		const struct rnf_model_weight *w = &e->model.weights.at[i];
		const size_t bytes = (size_t)w->size * sizeof(float);
		const float *now = e->session.weights + w->offset, *must = before + w->offset;
		int skipped = 0;
		for (size_t k = 0; skip[k]; k++)
			skipped |= !strncmp(w->name, skip[k], strlen(skip[k]));
		const int64_t at = rnf_names_find(from->model.weights.names, w->name);
		if (!skipped) must = from->session.weights + from->model.weights.at[at].offset;
		ck_assert_msg(!memcmp(now, must, bytes), "%s: skipped %d", w->name, skipped);
	}
}

START_TEST(what_does_not_fit_is_listed)
{
	const struct rnf_strings skip = { others[_i].skip, count(others[_i].skip) };
	char path[] = "/tmp/rnf_weights_XXXXXX";
	struct rnf_experiment *from = drawn("seed=1", "name=x"), *e = drawn("seed=2", others[_i].set);
	const size_t bytes = (size_t)e->session.block * sizeof(float);
	const float *before = memcpy(rnf_alloc(bytes), e->session.weights, bytes);
	close(mkstemp(path));
	ck_assert_int_eq(rnf_weights_write(&from->session.tensors, path, from->session.tensors.n,
					   NULL, 0), RNF_OK);
	const rnf_status status = rnf_weights_take(&e->session, path, skip);
	unlink(path);
	if (others[_i].words) {
		char words[4096];
		snprintf(words, sizeof words, others[_i].words, path);
		ck_assert_int_eq(status, RNF_EINVAL);
		ck_assert_str_eq(rnf_fail_words(), words);
	} else {
		ck_assert_msg(status == RNF_OK, "%s", rnf_fail_words());
		check_tensors(e, from, before, others[_i].skip);
	}
	rnf_experiment_finish(from);
	rnf_experiment_finish(e);
}
END_TEST

/* The file is read once: it may be gone when its weights are taken. */
START_TEST(a_loaded_file_is_not_read_again)
{
	static const struct rnf_text text = { "rnframe.name", "x" };
	char path[] = "/tmp/rnf_weights_XXXXXX";
	struct rnf_loaded loaded = { .path = NULL };
	struct rnf_experiment *from = drawn("seed=1", "name=x"), *e = drawn("seed=2", "name=x");
	struct rnf_experiment *other = drawn("seed=2", "data.classes=7");
	close(mkstemp(path));
	ck_assert_int_eq(rnf_weights_write(&from->session.tensors, path, from->session.tensors.n,
					   &text, 1), RNF_OK);
	ck_assert_int_eq(rnf_weights_load(path, &loaded), RNF_OK);
	unlink(path);
	ck_assert_str_eq(rnf_contents_text(&loaded.contents, "rnframe.name"), "x");
	ck_assert_int_eq(rnf_weights_put(&e->session, &loaded), RNF_OK);
	check_tensors(e, from, from->session.weights, (const char *const []){ NULL });
	ck_assert_int_eq(rnf_weights_put(&other->session, &loaded), RNF_EINVAL); /* nothing left */
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), ": missing: "));
	rnf_experiment_finish(from);
	rnf_experiment_finish(other);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ what_is_no_file_of_weights, 0 },
		{ a_tensor_given_twice_is_refused, TEST_ROWS(twice) },
		{ many_names_are_told_apart, 0 },
		{ what_does_not_fit_is_listed, TEST_ROWS(others) },
		{ a_loaded_file_is_not_read_again, 0 }, { NULL, 0 },
	};
	rnf_conf_dir = "conf";
	return test_run_cases("train/weights", cases);
}
