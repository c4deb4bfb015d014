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

/* Reading this path as weights of an empty model fails with these words. */
static void refused(const char *path, rnf_status status, const char *words)
{
	struct rnf_program program = { 0 };
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	e->programs[0] = &program;
	ck_assert_int_eq(rnf_weights_read(e, path), status);
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

int main(void)
{
	const TTest *const tests[] = { what_is_no_file_of_weights, NULL };
	return test_run("train/weights", tests);
}
