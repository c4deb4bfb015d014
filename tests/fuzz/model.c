/* A file of weights alone, from anybody, is what predict and eval get: the conf, the classes and
 * the input that it says are refused, or give a model that classifies an image. The input is
 * these three texts, a zero byte between them; around them comes a whole file, whose own form
 * is the target safetensors'. */
#define _GNU_SOURCE
#include "fuzz/lib/fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "fuzz/lib/tables.h"
#include "plugin/loader.h"
#include "plugin/param.h"
#include "run/predict.h"
#include "run/texts.h"

static const char picture[] = "tests/golden/images/rgb8.png";
/* Of what only takes longer. */
enum {
	PARAMETERS_MAX = 100000, PIXELS_MAX = 4096, CLASSES_MAX = 1000, BATCH_MAX = 64,
	TENSORS_MAX = 1000,
};
long fuzz_mutants = 500;

static int write_file(const struct rnf_named_tensor *tensors, size_t n,
		      const struct rnf_text *texts, size_t n_texts, char path[64])
{
	static const struct rnf_format_impl *impl;
	static int fd = -1;
	if (!impl) impl = fuzz_feature("format", "safetensors")->impl;
	if (fd < 0) fd = memfd_create("model", MFD_CLOEXEC);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	fuzz_check(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0, "no file can be made");
	return impl->write(&rnf_host, fd, tensors, n, texts, n_texts) >= 0;
}

/* A table of names that the core keeps for the next file must not grow later. */
static void read_many_names(void)
{
	static struct rnf_named_tensor tensors[2 * TENSORS_MAX];
	static float one;
	struct rnf_loaded loaded = { .path = NULL };
	char path[64];
	for (int i = 0; i < 2 * TENSORS_MAX; i++)
		tensors[i] = (struct rnf_named_tensor){ rnf_format("t%d", i), 1, { 1 }, &one };
	fuzz_check(write_file(tensors, 2 * TENSORS_MAX, NULL, 0, path) &&
		   rnf_weights_load(path, &loaded) >= 0, rnf_fail_words());
	rnf_loaded_drop(&loaded);
}

/* All plugins are loaded before the first input, so that the memory of one input can be
 * freed after it. */
static const void *prepare(void)
{
	const char *build = getenv("RNF_BUILD"), **kinds;
	const struct rnf_feature **list;
	rnf_loader_path(rnf_format("%s/plugins", build ? build : "build"));
	const size_t n = rnf_loader_kinds(&kinds);
	for (size_t i = 0; i < n; i++)
		rnf_loader_list(kinds[i], &list, NULL);
	fuzz_check(rnf_picture_decoders() >= 0 && rnf_native_find() >= 0, rnf_fail_words());
	read_many_names();
	return rnf_arena_mark();
}

/* The next of the texts; NULL: there are no more. */
static const char *next(const uint8_t **at, const uint8_t *end)
{
	if (*at >= end) return NULL;
	const char *text = rnf_strndup((const char *)*at, (size_t)(end - *at));
	*at += strlen(text) + 1;
	return text;
}

static void check_refusal(void)
{
	fuzz_check(rnf_fail_words()[0] != 0, "refused without words");
}

static int has_few_pixels(const struct rnf_experiment *e)
{
	const int64_t *hwc = e->model.hwc;
	return hwc[0] * hwc[1] * hwc[2] <= PIXELS_MAX && e->model.classes <= CLASSES_MAX &&
	       e->conf.root.train.batch_size <= BATCH_MAX;
}

static int is_small(const struct rnf_experiment *e)
{
	const struct rnf_program *p = e->model.programs[0];
	return rnf_program_parameters(p) <= PARAMETERS_MAX && p->n_weights <= TENSORS_MAX;
}

/* The model as the file describes it; its weights are drawn. */
static int build(const char *path, struct rnf_experiment *e)
{
	struct rnf_subject subject = { .model = path };
	int good = rnf_subject_read(e, &subject) >= 0 && rnf_subject_shapes(e, &subject) >= 0;
	const int small = good && has_few_pixels(e);
	if (small) good = rnf_model_plan(&e->model, &e->conf, 0, 1) >= 0;
	if (small && good && is_small(e)) good = rnf_experiment_start(e, 0) >= 0;
	if (!good) check_refusal();
	rnf_loaded_drop(&subject.file);
	rnf_experiment_finish(e);
	return small && good && e->session.tensors.n > 0;
}

static void predict(const char *path)
{
	const struct rnf_subject subject = { .model = path };
	struct rnf_predictor *p = NULL;
	const char *file = picture, *bad = NULL;
	if (rnf_predictor_open(&subject, &p) < 0) {
		check_refusal();
	} else {
		const int64_t classes = rnf_predictor_classes(p);
		float *probs = rnf_alloc((size_t)classes * sizeof *probs), sum = 0;
		if (rnf_predictor_run(p, &file, 1, probs, &bad) < 0) check_refusal();
		else if (!bad) {
			for (int64_t i = 0; i < classes; i++)
				sum += probs[i];
			fuzz_check(isnan(sum) || fabsf(sum - 1) < 1e-3f, "probabilities");
		}
	}
	rnf_predictor_close(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const void *mark;
	static const char *const keys[] = { RNF_TEXT_CONF, RNF_TEXT_CLASSES, RNF_TEXT_INPUT };
	struct rnf_text texts[3];
	size_t n_texts = 0;
	char path[64];
	if (!mark) mark = prepare();
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const uint8_t *at = data, *const end = data + n;
	for (const char *text; n_texts < 3 && (text = next(&at, end)); n_texts++)
		texts[n_texts] = (struct rnf_text){ keys[n_texts], text };
	if (write_file(NULL, 0, texts, n_texts, path) && build(path, e) &&
	    write_file(e->session.tensors.at, e->session.tensors.n_model, texts, n_texts, path))
		predict(path);
	fuzz_forget_notices();
	rnf_arena_release(mark);
	return 0;
}
