/* Every conf's model becomes a file of each kind that exports know. Its weights are as good as
 * any: 0. */
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "lib/program.h"
#include "plugin/param.h"
#include "train/export.h"
#include "train/weights.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s: %s", subject, rnf_fail_words())

static const char *subject; /* the conf under test */

static struct rnf_experiment *load(const char *conf)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct rnf_session *s = &e->session;
	GOOD(rnf_config_read(&e->conf, conf, NULL, 0));
	GOOD(rnf_experiment_shapes(e));
	GOOD(rnf_model_graph(&e->model, &e->conf, 0));
	s->block = e->model.weights.block;
	s->weights = rnf_alloc((size_t)s->block * sizeof *s->weights);
	rnf_weights_list(s, &e->model, e->conf.root.train.optimizer->feature->impl);
	return e;
}

static const char *folder;

static void write_file(const struct test_built *f, const struct rnf_export_model *model)
{
	const struct rnf_export_impl *impl = f->plugin->features[0].impl;
	const char *path = rnf_format("%s/m%s", folder, impl->suffix);
	struct stat st;
	const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	ck_assert_int_ge(fd, 0);
	GOOD(impl->write(test_least(f)->conf, &rnf_host, fd, "m", model));
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	ck_assert_msg(st.st_size > 4096, "%s: %s has %lld bytes", subject, path,
		      (long long)st.st_size);
}

static const struct rnf_experiment *loaded;

static void check_export(const struct test_built *f)
{
	const struct rnf_export_impl *impl = f->plugin->features[0].impl;
	struct rnf_export_model model;
	GOOD(rnf_export_view(loaded, impl->suffix, !(impl->flags & RNF_EXPORT_TENSORS), NULL, 0,
			     &model));
	write_file(f, &model);
}

START_TEST(every_conf_is_exported)
{
	static const char *const patterns[] = { "conf/*.cfg", "conf/ablation/*.cfg" };
	glob_t confs;
	test_plugins_path();
	folder = rnf_format("%s", test_folder("exports"));
	for (int i = 0; i < TEST_ROWS(patterns); i++)
		ck_assert_int_eq(glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &confs), 0);
	for (size_t i = 0; i < confs.gl_pathc; i++) {
		subject = confs.gl_pathv[i];
		loaded = load(subject);
		test_each("export", check_export);
	}
	ck_assert_uint_ge(confs.gl_pathc, 40);
	globfree(&confs);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_conf_is_exported, NULL };
	return test_run("exports", tests);
}
