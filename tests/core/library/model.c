/* The five functions of librnframe: the bits of an evaluation, from any thread, batch and
 * layout of the pixels; files that are wrong; and a host that notices nothing. */
#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rnframe/model.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "lib/built.h"
#include "lib/program.h"
#include "lib/sanitizer.h"
#include "run/predict.h"
#include "train/eval.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

enum { SIDE = 8, CHANNELS = 3, BYTES = SIDE * SIDE * CHANNELS, CLASSES = 10, IMAGES = 32 };

static char file[600];
static rnf_error error;

/* -- a model and images -- */

/* Once, before the tests, which run in processes of their own. */
static int train(void)
{
	const char *build = test_build();
	char *folder = rnf_format("%s/tests/tmp/model", build);
	snprintf(file, sizeof file, "%s/run/model.safetensors", folder);
	setenv("RNFRAME_PLUGIN_PATH", rnf_format("%s/plugins", build), 1);
	return system(rnf_format("rm -rf %s && mkdir -p %s && %s/rnframe train synthetic.cfg "
				 "train.pictures=false --out %s/run >%s/log 2>&1", folder, folder,
				 build, folder, folder)) == 0;
}

static rnf_model *open_model(const char *path)
{
	rnf_model *m = rnf_model_open(path, &error);
	ck_assert_msg(m != NULL, "%s", error.message);
	ck_assert_int_eq(error.status, RNF_OK);
	return m;
}

/* Pixels that look like noise, others for another seed. */
static void draw(uint8_t *pixels, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		pixels[i] = (uint8_t)((seed = seed * 1103515245u + 12345u) >> 16);
}

static rnf_image image_of(const uint8_t *pixels, int64_t h, int64_t w, int64_t c)
{
	return (rnf_image){ pixels, w, h, c, 0 };
}

static void predict(rnf_model *m, const rnf_image *images, size_t n, float *probs)
{
	ck_assert_msg(rnf_model_predict(m, images, n, probs, &error) == RNF_OK, "%s",
		      error.message);
}

/* -- the same bits -- */

/* Images of the test split, and what an evaluation makes of them in batches of 32, by two
 * threads. */
static void evaluate(uint8_t pixels[IMAGES][BYTES], float probs[IMAGES][CLASSES])
{
	static const char *const sets[] = { "threads=2" };
	struct rnf_subject subject = { .model = file, .sets = sets, .n_sets = 1 };
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const struct rnf_answers keep = { .probs = probs[0] };
	struct rnf_scores scores;
	test_plugins_path();
	GOOD(rnf_subject_data(e, &subject));
	GOOD(rnf_subject_build(e, &subject));
	GOOD(rnf_evaluate(e, RNF_SPLIT_TEST, NULL, IMAGES, &keep, &scores));
	for (int i = 0; i < IMAGES; i++) {
		int32_t label;
		e->data.impl->read(e->data.self, RNF_SPLIT_TEST, i, pixels[i], &label);
	}
	rnf_experiment_finish(e);
}

START_TEST(any_batch_has_the_bits_of_an_evaluation)
{
	static const size_t batches[] = { 1, 3, 8, 9, IMAGES };
	static uint8_t pixels[IMAGES][BYTES];
	static float want[IMAGES][CLASSES], got[IMAGES][CLASSES];
	rnf_image images[IMAGES];
	evaluate(pixels, want);
	rnf_model *m = open_model(file);
	for (int i = 0; i < IMAGES; i++)
		images[i] = image_of(pixels[i], SIDE, SIDE, CHANNELS);
	for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
		memset(got, 0, sizeof got);
		for (size_t i = 0; i < IMAGES; i += batches[b])
			predict(m, images + i, i + batches[b] > IMAGES ? IMAGES - i : batches[b], got[i]);
		ck_assert_msg(!memcmp(got, want, sizeof want), "batches of %zu", batches[b]);
	}
	rnf_model_close(m);
}
END_TEST

/* Other sizes, as `rnframe predict` has them. */
START_TEST(other_sizes_are_resized_as_the_program_does)
{
	static const int64_t sizes[][2] = { { 16, 16 }, { 5, 13 }, { 1, 1 }, { 300, 8 } };
	const struct rnf_subject subject = { .model = file };
	struct rnf_predictor *p;
	float want[CLASSES], got[CLASSES];
	test_plugins_path();
	GOOD(rnf_predictor_open(&subject, &p));
	rnf_model *m = open_model(file);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		const int64_t h = sizes[i][0], w = sizes[i][1];
		struct rnf_picture picture = { .h = h, .w = w, .rgb = malloc((size_t)(h * w * 3)) };
		uint8_t *copy = malloc((size_t)(h * w * 3));
		draw(picture.rgb, (size_t)(h * w * 3), (unsigned)i);
		memcpy(copy, picture.rgb, (size_t)(h * w * 3));
		const rnf_image image = image_of(copy, h, w, 3);
		GOOD(rnf_predictor_picture(p, &picture, want));
		predict(m, &image, 1, got);
		ck_assert_msg(!memcmp(got, want, sizeof want), "%d x %d", (int)h, (int)w);
		free(copy);
	}
	rnf_model_close(m);
	rnf_predictor_close(p);
}
END_TEST

/* The same picture with gaps behind its rows, with alpha, and as grey or three equal
 * channels. */
START_TEST(layouts_of_one_picture_agree)
{
	enum { H = 6, W = 9, GAP = 5 };
	uint8_t rgb[H][W][3], rgba[H][W][4], gaps[H][W * 3 + GAP], grey[H][W], three[H][W][3];
	float probs[5][CLASSES];
	draw(rgb[0][0], sizeof rgb, 1);
	draw(rgba[0][0], sizeof rgba, 2);
	draw(grey[0], sizeof grey, 3);
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++) {
			memcpy(rgba[y][x], rgb[y][x], 3);
			memcpy(gaps[y] + x * 3, rgb[y][x], 3);
			memset(three[y][x], grey[y][x], 3);
		}
	const rnf_image images[5] = {
		image_of(rgb[0][0], H, W, 3), image_of(rgba[0][0], H, W, 4),
		{ gaps[0], W, H, 3, sizeof gaps[0] }, image_of(grey[0], H, W, 1),
		image_of(three[0][0], H, W, 3) };
	rnf_model *m = open_model(file);
	predict(m, images, 5, probs[0]);
	ck_assert_mem_eq(probs[1], probs[0], sizeof probs[0]);
	ck_assert_mem_eq(probs[2], probs[0], sizeof probs[0]);
	ck_assert_mem_eq(probs[4], probs[3], sizeof probs[0]);
	ck_assert_mem_ne(probs[3], probs[0], sizeof probs[0]);
	rnf_model_close(m);
}
END_TEST

/* -- threads -- */

enum { THREADS = 4, ROUNDS = 40 };

struct caller {
	rnf_model *model;
	unsigned seed;
	int wrong;
};

static void *call(void *context)
{
	struct caller *c = context;
	uint8_t pixels[3][BYTES];
	rnf_image images[3];
	float first[3][CLASSES], again[3][CLASSES];
	rnf_error own;
	for (unsigned i = 0; i < 3; i++) {
		draw(pixels[i], BYTES, 3 * c->seed + i);
		images[i] = image_of(pixels[i], SIDE, SIDE, CHANNELS);
	}
	c->wrong = rnf_model_predict(c->model, images, 3, first[0], &own) < 0;
	for (int i = 0; i < ROUNDS; i++) {
		c->wrong |= rnf_model_predict(c->model, images, 3, again[0], &own) < 0;
		c->wrong |= memcmp(first, again, sizeof first) != 0;
		images[0].channels = 7; /* an error is its caller's own */
		c->wrong |= rnf_model_predict(c->model, images, 3, again[0], &own) != RNF_EINVAL;
		c->wrong |= !strstr(own.message, "7 channels");
		images[0].channels = CHANNELS;
	}
	return NULL;
}

/* Also with models that are opened and closed meanwhile. */
START_TEST(threads_share_a_model)
{
	struct caller callers[THREADS];
	pthread_t threads[THREADS];
	rnf_model *m = open_model(file);
	for (unsigned i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){ .model = m, .seed = i };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
	}
	for (int i = 0; i < 5; i++)
		rnf_model_close(open_model(file));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_msg(!callers[i].wrong, "thread %d", i);
	}
	struct caller alone = { .model = m, .seed = 1 };
	call(&alone);
	ck_assert_int_eq(alone.wrong, 0);
	rnf_model_close(m);
}
END_TEST

static void *open_some(void *context)
{
	(void)context;
	for (int i = 0; i < 5; i++) {
		rnf_error own;
		rnf_model *m = rnf_model_open(i & 1 ? file : "missing", &own);
		if (!m != !(i & 1)) return "wrong";
		rnf_model_close(m);
	}
	return NULL;
}

START_TEST(threads_open_models_at_once)
{
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, open_some, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;
		pthread_join(threads[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
}
END_TEST

/* -- files that are wrong -- */

/* A copy of the model whose metadata say `value` for `key`, NULL: lack it. */
static const char *changed(const char *key, const char *value)
{
	static char path[640];
	uint8_t *bytes;
	size_t n;
	uint64_t head;
	snprintf(path, sizeof path, "%s.changed", file);
	GOOD(rnf_file_bytes(file, 0, 1 << 30, &bytes, &n));
	memcpy(&head, bytes, sizeof head);
	json_t *json = json_loadb((const char *)bytes + 8, head, 0, NULL);
	json_t *metadata = json_object_get(json, "__metadata__");
	json_object_del(metadata, "rnframe.digest");
	if (value) json_object_set_new(metadata, key, json_string(value));
	else json_object_del(metadata, key);
	char *text = json_dumps(json, JSON_COMPACT);
	const uint64_t length = (strlen(text) + 7) / 8 * 8;
	FILE *out = fopen(path, "wb");
	fwrite(&length, sizeof length, 1, out);
	fprintf(out, "%-*s", (int)length, text);
	fwrite(bytes + 8 + head, 1, n - 8 - head, out);
	ck_assert_int_eq(fclose(out), 0);
	free(text);
	free(bytes);
	json_decref(json);
	return path;
}

static void refused(const char *path, rnf_status status, const char *words)
{
	rnf_model *m = rnf_model_open(path, &error);
	ck_assert_msg(!m, "%s was opened", path);
	ck_assert_msg(error.status == status, "%d: %s", error.status, error.message);
	ck_assert_msg(strstr(error.message, words), "\"%s\" has no \"%s\"", error.message, words);
}

static const char *const names = "[\"ash\", \"oak\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", "
				 "\"i\", \"d\xc3\xa9j\xc3\xa0\"]";

START_TEST(labels_are_the_classes)
{
	rnf_model *m = open_model(file), *named = open_model(changed("rnframe.classes", names));
	ck_assert_int_eq(rnf_model_classes(m), CLASSES);
	ck_assert_str_eq(rnf_model_label(m, 9), "9");
	ck_assert_str_eq(rnf_model_label(named, 1), "oak");
	ck_assert_str_eq(rnf_model_label(named, 9), "d\xc3\xa9j\xc3\xa0");
	ck_assert_ptr_null(rnf_model_label(m, 10));
	ck_assert_ptr_null(rnf_model_label(m, -1));
	rnf_model_close(m);
	ck_assert_str_eq(rnf_model_label(named, 0), "ash");
	rnf_model_close(named);
}
END_TEST

static const struct {
	const char *key, *value;
	rnf_status status;
	const char *words;
} wrong[] = {
	{ "rnframe.conf", NULL, RNF_EINVAL, "rnframe.conf is missing" },
	{ "rnframe.classes", NULL, RNF_EINVAL, "rnframe.classes is missing" },
	{ "rnframe.input", NULL, RNF_EINVAL, "rnframe.input is missing" },
	{ "rnframe.input", "[8, 8]", RNF_EINVAL, "must be [height, width, channels]" },
	{ "rnframe.input", "[8, 8, 1e9]", RNF_EINVAL, "must be [height, width, channels]" },
	{ "rnframe.input", "[65536, 65536, 3]", RNF_EINVAL, " GB, there are " },
	{ "rnframe.input", "[8, 8, 4]", RNF_EINVAL, "shape: " },
	{ "rnframe.classes", "1000000000", RNF_EINVAL, "a number of classes" },
	{ "rnframe.classes", "7", RNF_EINVAL, "shape: " },
	{ "rnframe.classes", "[\"a\", \"b\"]", RNF_EINVAL, "the 2 classes" },
	{ "rnframe.classes", "[\"a\", 3]", RNF_EINVAL, "a list of names" },
	{ "rnframe.classes", "[[[[", RNF_EINVAL, "must be JSON" },
	{ "rnframe.conf", "@include \"/etc/passwd\"\n", RNF_EINVAL, "may include none" },
	{ "rnframe.conf", "base = \"synthetic.cfg\";\n", RNF_EINVAL, "stands alone" },
	{ "rnframe.conf", "name = 3;\n", RNF_EINVAL, "" },
	{ "rnframe.conf", "model = { layers = ( \"../../../tmp/evil\" ); };\n", RNF_ENOENT, "" },
	{ "rnframe.conf", "", RNF_EINVAL, "" },
	{ "rnframe.conf", "(((((((((((((((((", RNF_EINVAL, "" },
};

START_TEST(a_wrong_text_is_refused)
{
	refused(changed(wrong[_i].key, wrong[_i].value), wrong[_i].status, wrong[_i].words);
	rnf_model_close(open_model(file));
}
END_TEST

START_TEST(a_cut_file_is_refused)
{
	uint8_t *bytes;
	size_t n;
	char *path = rnf_format("%s.cut", file);
	GOOD(rnf_file_bytes(file, 0, 1 << 30, &bytes, &n));
	for (size_t length = 0; length < n; length += length < 64 ? 9 : n / 29 + 1) {
		FILE *out = fopen(path, "wb");
		fwrite(bytes, 1, length, out);
		fclose(out);
		ck_assert_msg(!rnf_model_open(path, &error), "%zu of %zu bytes", length, n);
		ck_assert_int_eq(error.status, RNF_EINVAL);
	}
	bytes[n - 5] ^= 1;
	FILE *out = fopen(path, "wb");
	fwrite(bytes, 1, n, out);
	fclose(out);
	refused(path, RNF_EINVAL, "is damaged or changed");
	free(bytes);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	char *pipe = rnf_format("%s.pipe", file);
	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	refused(pipe, RNF_EINVAL, "not a regular file");
	unlink(pipe);
	refused("/dev/zero", RNF_EINVAL, "not a regular file");
	refused("tests", RNF_EINVAL, "a folder");
	refused("README.md", RNF_EINVAL, "no format plugin knows");
	refused("tests/golden/no.such", RNF_ENOENT, "there is no such file");
	refused("", RNF_ENOENT, "there is no such file");
}
END_TEST

/* -- arguments that are wrong -- */

START_TEST(null_is_an_error_and_no_crash)
{
	rnf_model *m = open_model(file);
	const uint8_t pixels[BYTES] = { 0 };
	const rnf_image image = image_of(pixels, SIDE, SIDE, CHANNELS);
	float probs[CLASSES] = { 42 };
	ck_assert_ptr_null(rnf_model_open(NULL, &error));
	ck_assert_str_eq(error.message, "path is NULL");
	ck_assert_ptr_null(rnf_model_open(NULL, NULL));
	ck_assert_ptr_null(rnf_model_open("missing", NULL));
	ck_assert_int_eq(rnf_model_predict(NULL, &image, 1, probs, &error), RNF_EINVAL);
	ck_assert_int_eq(rnf_model_predict(m, NULL, 1, probs, &error), RNF_EINVAL);
	ck_assert_int_eq(rnf_model_predict(m, &image, 1, NULL, NULL), RNF_EINVAL);
	ck_assert_int_eq(rnf_model_predict(m, NULL, 0, NULL, &error), RNF_OK);
	ck_assert_int_eq(rnf_model_predict(m, &image, 0, probs, &error), RNF_OK);
	ck_assert_float_eq(probs[0], 42);
	ck_assert_int_eq(rnf_model_classes(NULL), 0);
	ck_assert_ptr_null(rnf_model_label(NULL, 0));
	rnf_model_close(NULL);
	rnf_model_close(m);
}
END_TEST

static const struct {
	int64_t w, h, c, stride;
	const char *words;
} images[] = {
	{ 0, 8, 3, 0, "image 1: 0x8 pixels" }, { 8, -1, 3, 0, "image 1: 8x-1 pixels" },
	{ INT64_MAX, 8, 3, 0, "pixels, may have 1 to" }, { 8, INT64_MAX, 3, 0, "may have 1 to" },
	{ INT64_MAX, INT64_MAX, INT64_MAX, 0, "may have" },
	{ 1 << 30, 1 << 30, 3, 0, "may have 1 to" }, { 8, 8, 2, 0, "2 channels, must have 1, 3 or 4" },
	{ 8, 8, 0, 0, "0 channels" }, { 8, 8, INT64_MIN, 0, "channels" },
	{ 8, 8, INT64_MAX, 0, "channels" }, { 8, 8, 3, 23, "stride of 23 bytes" },
	{ 8, 8, 3, -24, "stride of -24 bytes" },
};

START_TEST(a_wrong_image_is_named)
{
	rnf_model *m = open_model(file);
	const uint8_t pixels[BYTES] = { 0 };
	const rnf_image two[2] = { image_of(pixels, SIDE, SIDE, CHANNELS),
				   { pixels, images[_i].w, images[_i].h, images[_i].c,
				     images[_i].stride } };
	const rnf_image none = image_of(NULL, SIDE, SIDE, CHANNELS);
	float probs[2][CLASSES];
	ck_assert_int_eq(rnf_model_predict(m, two, 2, probs[0], &error), RNF_EINVAL);
	ck_assert_msg(strstr(error.message, images[_i].words), "%s", error.message);
	ck_assert_int_eq(rnf_model_predict(m, &none, 1, probs[0], &error), RNF_EINVAL);
	predict(m, two, 1, probs[0]);
	ck_assert_str_eq(error.message, "");
	rnf_model_close(m);
}
END_TEST

/* -- the host -- */

static size_t in_use(void)
{
	return mallinfo2().uordblks;
}

static void once(void)
{
	uint8_t pixels[BYTES] = { 0 };
	const rnf_image image = image_of(pixels, SIDE, SIDE, CHANNELS);
	float probs[CLASSES];
	rnf_model *m = open_model(file), *other = open_model(file);
	predict(m, &image, 1, probs);
	predict(other, &image, 1, probs);
	rnf_model_close(m);
	rnf_model_close(other);
	ck_assert_ptr_null(rnf_model_open("missing", &error));
}

START_TEST(nothing_is_kept_of_a_closed_model)
{
	const char *bad = changed("rnframe.classes", "7");
	for (int i = 0; i < 30; i++) /* also of malloc's own caches, which count as in use */
		once();
	const size_t before = in_use();
	for (int i = 0; i < (TEST_ASAN || TEST_TSAN ? 20 : 500); i++) {
		once();
		ck_assert_ptr_null(rnf_model_open(bad, &error));
	}
	ck_assert_msg(in_use() <= before + 16384, "%zu bytes, then %zu", before, in_use());
}
END_TEST

static int threads(void)
{
	char line[256];
	int n = -1;
	FILE *f = fopen("/proc/self/status", "re");
	while (fgets(line, sizeof line, f) && sscanf(line, "Threads: %d", &n) != 1)
		;
	fclose(f);
	return n;
}

static int descriptors(void)
{
	int n = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

struct host {
	void *handlers[65];
	struct rlimit limits[RLIM_NLIMITS];
	int threads, descriptors, rounding, exceptions;
	char folder[512], *variables;
	mode_t mask;
};

static struct host look(void)
{
	struct host h;
	memset(&h, 0, sizeof h);
	for (int i = 1; i <= 64; i++) {
		struct sigaction now;
		if (sigaction(i, NULL, &now) == 0) h.handlers[i] = *(void **)&now.sa_handler;
	}
	for (int i = 0; i < RLIM_NLIMITS; i++)
		getrlimit(i, &h.limits[i]);
	h.threads = threads();
	h.descriptors = descriptors();
	h.rounding = fegetround();
	h.exceptions = fetestexcept(FE_ALL_EXCEPT);
	ck_assert_ptr_nonnull(getcwd(h.folder, sizeof h.folder));
	h.variables = getenv("OMP_NUM_THREADS");
	h.mask = umask(022);
	umask(h.mask);
	return h;
}

/* With a float mode of its own; denormals must still be there. */
START_TEST(the_host_notices_nothing)
{
	volatile float tiny = 0x1p-130f;
	fesetround(FE_UPWARD);
	feraiseexcept(FE_DIVBYZERO);
	const struct host before = look();
	char *printed = rnf_format("%s.printed", file);
	const int out = dup(1), err = dup(2), sink = open(printed, O_RDWR | O_CREAT | O_TRUNC, 0600);
	dup2(sink, 1);
	dup2(sink, 2);
	once();
	ck_assert_ptr_null(rnf_model_open(changed("rnframe.conf", "x ="), &error));
	ck_assert_ptr_null(rnf_model_open(changed("rnframe.classes", "7"), &error));
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	struct stat at;
	ck_assert_int_eq(fstat(sink, &at), 0);
	close(out);
	close(err);
	close(sink);
	const struct host after = look();
	const float half = tiny * 0.5f;
	fesetround(FE_TONEAREST);
	ck_assert_int_eq(at.st_size, 0);
	ck_assert_mem_eq(&before, &after, sizeof before);
	ck_assert_msg(half > 0, "denormals are flushed");
}
END_TEST

/* Memory that runs out is a status, whenever it does. */
START_TEST(out_of_memory_is_an_error)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit = none;
	int failed = 0, opened = 0;
	if (TEST_ASAN || TEST_TSAN) return; /* they reserve all addresses */
	rnf_model_close(open_model(file)); /* plugins are loaded */
	size_t bytes = 0, unused;
	FILE *f = fopen("/proc/self/statm", "re");
	ck_assert_int_eq(fscanf(f, "%zu %zu", &bytes, &unused), 2);
	fclose(f);
	bytes *= (size_t)sysconf(_SC_PAGESIZE);
	mallopt(M_MMAP_THRESHOLD, 4096);
	mallopt(M_TRIM_THRESHOLD, 0);
	malloc_trim(0);
	for (size_t more = 0; more < 1 << 20; more += 4096) {
		limit.rlim_cur = bytes + more;
		setrlimit(RLIMIT_AS, &limit);
		rnf_model *m = rnf_model_open(file, &error);
		limit.rlim_cur = RLIM_INFINITY;
		setrlimit(RLIMIT_AS, &limit);
		if (m) opened++;
		else failed++;
		rnf_model_close(m);
	}
	ck_assert_msg(failed > 20 && opened > 20, "%d failed, %d opened", failed, opened);
	once();
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ any_batch_has_the_bits_of_an_evaluation, 0 },
		{ other_sizes_are_resized_as_the_program_does, 0 },
		{ layouts_of_one_picture_agree, 0 }, { threads_share_a_model, 0 },
		{ threads_open_models_at_once, 0 }, { labels_are_the_classes, 0 },
		{ a_wrong_text_is_refused, TEST_ROWS(wrong) }, { a_cut_file_is_refused, 0 },
		{ what_is_no_file_is_refused, 0 }, { null_is_an_error_and_no_crash, 0 },
		{ a_wrong_image_is_named, TEST_ROWS(images) },
		{ nothing_is_kept_of_a_closed_model, 0 }, { the_host_notices_nothing, 0 },
		{ out_of_memory_is_an_error, 0 }, { NULL, 0 },
	};
	return train() ? test_run_cases("library/model", cases) : 1;
}
