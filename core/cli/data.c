/* rnframe data check DIR|CONF: what is in a data set, and what is wrong with it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/survey.h"
#include "data/picture.h"
#include "data/sheet.h"
#include "plugin/loader.h"
#include "train/contract.h"

enum { CLASSES_SHOWN = 30, LINES_MAX = 20 };

/* -- opening -- */

/* A folder of images needs no conf: any data set that reads folders will do. */
static rnf_status find_reader(const struct rnf_ref **ref)
{
	const struct rnf_feature **list;
	size_t n;
	RNF_TRY(rnf_loader_all("dataset", &list, &n));
	for (size_t i = 0; i < n; i++) {
		const struct rnf_dataset_impl *impl = list[i]->impl;
		if (impl->flags & RNF_DATASET_FOLDER)
			return rnf_param_settings("dataset", list[i]->name, NULL, NULL, 0, ref);
	}
	return rnf_fail(RNF_ENOENT, "no data set plugin that reads a folder of images is built");
}

static rnf_status read_conf(struct rnf_config *c, const char *path, const char *const *sets,
			    size_t n_sets)
{
	struct rnf_data_common *keys = rnf_alloc(sizeof *keys);
	if (!rnf_is_folder(path)) {
		const rnf_status status = rnf_config_read(c, path, sets, n_sets);
		return status != RNF_ENOENT || access(path, F_OK) == 0 ? status
			: rnf_fail_in(status, "there is no folder %s, and ", path);
	}
	if (n_sets > 0)
		return rnf_fail(RNF_EINVAL, "%s is a folder and takes no %s: overrides belong to a conf",
				path, sets[0]);
	keys->path = path;
	c->data = keys;
	return find_reader(&c->root.data);
}

rnf_status rnf_look_at_data(struct rnf_looked *l, const char *path, const char *const *sets,
			    size_t n_sets)
{
	RNF_TRY(read_conf(&l->conf, path, sets, n_sets));
	RNF_TRY(rnf_dataset_find(&l->data, &l->conf));
	RNF_TRY(rnf_contract_splits(&l->conf, &l->data.info));
	l->survey = (struct rnf_survey){
		.dataset = l->data.impl, .self = l->data.self, .info = &l->data.info };
	rnf_survey_make(&l->survey, (int)l->conf.root.threads);
	return RNF_OK;
}

/* -- counts -- */

static const char *class_name(const struct rnf_dataset_info *info, int64_t k)
{
	return info->names ? info->names[k] : rnf_format("%" PRId64, k);
}

/* [classes][3]: training, validation, test */
static int64_t *count(const struct rnf_survey *s)
{
	const int64_t test = s->first[RNF_SPLIT_TEST], held = test - s->info->validation;
	int64_t *counts = rnf_alloc((size_t)(3 * s->info->classes) * sizeof *counts);
	for (int64_t i = 0; i < s->n; i++)
		counts[3 * s->images[i].label + (i >= test ? 2 : i >= held)]++;
	return counts;
}

static void print_counts(const struct rnf_survey *s)
{
	const struct rnf_dataset_info *info = s->info;
	const int64_t *counts = count(s);
	int64_t least = INT64_MAX, most = 0;
	printf("classes  %" PRId64 "; images of each for training, validation, test:\n",
	       info->classes);
	for (int64_t k = 0; k < info->classes; k++) {
		const int64_t *n = counts + 3 * k;
		if (n[0] < least) least = n[0];
		if (n[0] > most) most = n[0];
		if (k < CLASSES_SHOWN)
			printf("  %7" PRId64 " %7" PRId64 " %7" PRId64 "  %s\n", n[0], n[1], n[2],
			       class_name(info, k));
	}
	const int64_t more = info->classes - CLASSES_SHOWN;
	if (more > 0) printf("  and %" PRId64 " more class%s\n", more, more == 1 ? "" : "es");
	printf("balance  %" PRId64 " to %" PRId64 " training images a class\n", least, most);
	if (info->images[RNF_SPLIT_TEST] == 0)
		printf("test     none: a run draws %g of each class\n", info->test);
}

/* -- sizes and colours -- */

static int by_number(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

struct rnf_sides rnf_look_at_sides(const struct rnf_survey *s)
{
	struct rnf_sides sides = { .n = 0 };
	int64_t **lists[] = { &sides.shorter, &sides.h, &sides.w };
	for (int i = 0; i < 3; i++)
		*lists[i] = rnf_alloc((size_t)(s->n + 1) * sizeof(int64_t));
	for (int64_t i = 0; i < s->n; i++) {
		const struct rnf_survey_image *image = &s->images[i];
		if (image->bad) continue;
		sides.shorter[sides.n] = image->h < image->w ? image->h : image->w;
		sides.h[sides.n] = image->h;
		sides.w[sides.n++] = image->w;
	}
	for (int i = 0; i < 3; i++)
		qsort(*lists[i], (size_t)sides.n, sizeof(int64_t), by_number);
	return sides;
}

static void print_sizes(const struct rnf_survey *s)
{
	const struct rnf_sides sides = rnf_look_at_sides(s);
	if (sides.n == 0) return;
	const int64_t last = sides.n - 1, middle = sides.n / 2;
	if (sides.h[0] == sides.h[last] && sides.w[0] == sides.w[last])
		printf("sizes    all %" PRId64 " x %" PRId64, sides.h[0], sides.w[0]);
	else
		printf("sizes    heights %" PRId64 " to %" PRId64 ", median %" PRId64 "; widths %" PRId64
		       " to %" PRId64 ", median %" PRId64, sides.h[0], sides.h[last],
		       sides.h[middle], sides.w[0], sides.w[last], sides.w[middle]);
	printf(" (height x width)\n");
}

static void print_colours(const struct rnf_survey *s)
{
	const int64_t c = s->dataset->path ? 3 : s->info->c;
	double mean[RNF_SURVEY_CHANNELS], deviation[RNF_SURVEY_CHANNELS];
	const int n = c < RNF_SURVEY_CHANNELS ? (int)c : RNF_SURVEY_CHANNELS;
	for (int k = 0; k < n; k++)
		rnf_survey_colour(s, k, &mean[k], &deviation[k]);
	printf("mean     [");
	for (int k = 0; k < n; k++)
		printf("%s%.4f", k ? ", " : "", mean[k]);
	printf("], std [");
	for (int k = 0; k < n; k++)
		printf("%s%.4f", k ? ", " : "", deviation[k]);
	printf("] of the training images, pixels in 0..1\n");
}

/* -- what is wrong -- */

static const char *name_of(const struct rnf_survey *s, int64_t i)
{
	const char *path = rnf_survey_path(s, i);
	const int64_t test = s->first[RNF_SPLIT_TEST];
	return path ? path : rnf_format("%s image %" PRId64, i < test ? "training" : "test",
					i < test ? i : i - test);
}

static void print_more(int64_t n)
{
	if (n > LINES_MAX) printf("  and %" PRId64 " more\n", n - LINES_MAX);
}

static int64_t print_bad(const struct rnf_survey *s)
{
	const int64_t n = rnf_survey_bad(s);
	uint8_t *rgb;
	int64_t h, w;
	printf("bad      %" PRId64 " file%s cannot be read%s\n", n, n == 1 ? "" : "s", n ? ":" : "");
	for (int64_t i = 0, shown = 0; i < s->n && shown < LINES_MAX; i++) {
		if (!s->images[i].bad) continue;
		if (rnf_survey_pixels(s, i, &rgb, &h, &w) < 0) printf("  %s\n", rnf_fail_words());
		else free(rgb);
		shown++;
	}
	print_more(n);
	return n;
}

/* A pair across splits makes the test error too good; one with two labels is a wrong one. */
static void print_twins(const struct rnf_survey *s)
{
	const int64_t *twins = rnf_survey_twins(s), test = s->first[RNF_SPLIT_TEST];
	int64_t n = 0, across = 0, labels = 0;
	for (int64_t i = 0; i < s->n; i++) {
		if (twins[i] < 0) continue;
		n++;
		across += i >= test && twins[i] < test;
		labels += s->images[i].label != s->images[twins[i]].label;
	}
	printf("same     %" PRId64 " images have the pixels of another one, %" PRId64 " of them in "
	       "train and test, %" PRId64 " with another class%s\n", n, across, labels,
	       n ? ":" : "");
	for (int64_t i = 0, shown = 0; i < s->n && shown < LINES_MAX; i++) {
		if (twins[i] < 0) continue;
		printf("  %s = %s\n", name_of(s, i), name_of(s, twins[i]));
		shown++;
	}
	print_more(n);
}

/* -- the contact sheet -- */

enum { TILE = 64, ROWS = 20, COLUMNS = 10 };

static rnf_status add_class(const struct rnf_survey *s, int64_t class, struct rnf_sheet *sheet)
{
	rnf_sheet_heading(sheet, class_name(s->info, class));
	for (int64_t i = 0, shown = 0; i < s->first[RNF_SPLIT_TEST] && shown < COLUMNS; i++) {
		struct rnf_picture picture;
		if (s->images[i].bad || s->images[i].label != class) continue;
		RNF_TRY(rnf_survey_pixels(s, i, &picture.rgb, &picture.h, &picture.w));
		RNF_TRY(rnf_sheet_add(sheet, &picture, NULL, 0));
		shown++;
	}
	return RNF_OK;
}

/* A row for each of the first classes: their first training images. */
static rnf_status write_sheet(const struct rnf_survey *s, const char *path)
{
	const int64_t rows = s->info->classes < ROWS ? s->info->classes : ROWS;
	struct rnf_sheet sheet = { .columns = COLUMNS, .tile = TILE };
	rnf_sheet_begin(&sheet, rows, rows);
	for (int64_t k = 0; k < rows; k++)
		RNF_TRY(add_class(s, k, &sheet));
	return rnf_sheet_write(&sheet, path);
}

/* -- the verb -- */

static rnf_status check(const struct rnf_options *o)
{
	struct rnf_looked *l = rnf_alloc(sizeof *l);
	const struct rnf_survey *s = &l->survey;
	RNF_TRY(rnf_outputs_check(o));
	RNF_TRY(rnf_look_at_data(l, o->words[1], o->sets, o->n_sets));
	printf("data     %s: %" PRId64 " training and %" PRId64 " test images\n", o->words[1],
	       s->info->images[RNF_SPLIT_TRAIN], s->info->images[RNF_SPLIT_TEST]);
	print_counts(s);
	print_sizes(s);
	print_colours(s);
	print_twins(s);
	const int64_t n_bad = print_bad(s);
	if (o->sheet) RNF_TRY(write_sheet(s, o->sheet));
	return n_bad == 0 ? RNF_OK
		: rnf_fail(RNF_EINVAL, "%s: %" PRId64 " file%s cannot be read", o->words[1], n_bad,
			   n_bad == 1 ? "" : "s");
}

rnf_status rnf_verb_data(const struct rnf_options *o)
{
	if (o->n_words != 2 || strcmp(o->words[0], "check"))
		return rnf_fail(RNF_EINVAL, "data takes: check DIR|CONF");
	return check(o);
}
