/* rnframe new conf FILE --data DIR [--like CONF]: a conf for a folder of images, with their sizes,
 * colours and classes. Its text is conf/new/images.txt; @WORDS@ there are replaced. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/survey.h"

enum { WORDS_MAX = 16, TEMPLATE_MAX = 1 << 16 };

static const char usual[] = "se_mxresnet20.cfg";

struct word {
	const char *name, *text;
};
struct words {
	struct word at[WORDS_MAX];
	size_t n;
};

static void set(struct words *w, const char *name, const char *text)
{
	w->at[w->n++] = (struct word){ name, text };
}

/* -- from the data -- */

/* Images of one size keep it, up to this side; others are resized to the largest of these sides
 * that half of them reach. */
enum { SIDE_KEPT = 64 };
static const int64_t usual_sides[] = { 128, 96, 64, 48, 32 };

static void set_size(struct words *w, const struct rnf_survey *s)
{
	const struct rnf_sides sides = rnf_look_at_sides(s);
	const int64_t last = sides.n - 1;
	int64_t h = usual_sides[4], width = h;
	for (int i = 4; sides.n && i >= 0; i--)
		if (sides.shorter[sides.n / 2] >= usual_sides[i]) h = width = usual_sides[i];
	if (sides.n && sides.h[0] == sides.h[last] && sides.w[0] == sides.w[last] &&
	    sides.h[0] <= SIDE_KEPT && sides.w[0] <= SIDE_KEPT) {
		h = sides.h[0];
		width = sides.w[0];
	}
	set(w, "H", rnf_format("%" PRId64, h));
	set(w, "W", rnf_format("%" PRId64, width));
}

static void set_colours(struct words *w, const struct rnf_survey *s)
{
	double mean[3], deviation[3];
	for (int k = 0; k < 3; k++) {
		rnf_survey_colour(s, k, &mean[k], &deviation[k]);
		if (deviation[k] < 0.01) deviation[k] = 0.01; /* images of one colour */
	}
	set(w, "MEAN", rnf_format("%.4f,%.4f,%.4f", mean[0], mean[1], mean[2]));
	set(w, "STD", rnf_format("%.4f,%.4f,%.4f", deviation[0], deviation[1], deviation[2]));
}

/* Without a test split a run draws one; of few images the usual share is none. */
static rnf_status set_test(struct words *w, const struct rnf_dataset_info *info,
			   const struct rnf_survey *s)
{
	int64_t *counts = rnf_alloc((size_t)(info->classes + 1) * sizeof *counts), most = 0;
	if (info->images[RNF_SPLIT_TEST] > 0) return RNF_OK;
	for (int64_t i = 0; i < s->n; i++)
		if (++counts[s->images[i].label] > most) most = counts[s->images[i].label];
	if (most < 2)
		return rnf_fail(RNF_EINVAL, "no class has two images: one to learn from, one to test on");
	set(w, "TEST", rnf_format("  \"data.test=%g\",  # share of each class that is kept for the test\n",
				  (double)most * info->test < 0.5 ? 0.5 : info->test));
	return RNF_OK;
}

/* Few images: small batches, more passes. */
static void set_length(struct words *w, int64_t images)
{
	const int few = images < 5000;
	set(w, "EPOCHS", few ? "60" : "40");
	set(w, "BATCH", few ? "32" : "128");
	set(w, "RATE", few ? "0.03" : "0.1");
}

/* -- from the words -- */

/* As it stands inside a string of a conf. */
static const char *quoted(const char *text)
{
	char *out = rnf_alloc(2 * strlen(text) + 1), *to = out;
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') *to++ = '\\';
		*to++ = *text;
	}
	return out;
}

/* The last part of a path as a name: letters, digits, '_' and '-'. */
static const char *name_of(const char *path)
{
	char *name = rnf_format("%s", rnf_file_name(path));
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *p))
			*p = '_';
	return *name ? name : "images";
}

/* ".FIRST", the place of an override before the first augmentation of the base. */
static const char *first_step(const struct rnf_conf *tree)
{
	const struct rnf_conf *list = rnf_conf_find(tree, "data.augment");
	const char *first = list && list->n ? rnf_conf_label(list->at[0], "type") : NULL;
	return first ? rnf_format(".%s", first) : "";
}

static rnf_status set_base(struct words *w, const char *like)
{
	struct rnf_conf *tree;
	RNF_TRY(rnf_conf_gather(like, rnf_conf_dir, &tree));
	set(w, "LIKE", quoted(rnf_file_ends(like, ".cfg") ? like : rnf_format("%s.cfg", like)));
	set(w, "BEFORE", first_step(tree));
	return RNF_OK;
}

/* Training stops at the first. */
static void warn_of_bad(const struct rnf_survey *s, const char *folder)
{
	const int64_t n = rnf_survey_bad(s);
	if (n > 0)
		rnf_log(RNF_LOG_WARNING, "%s: %" PRId64 " file%s cannot be read: rnframe data check names "
			"them; data.on_bad_image=skip leaves them out", folder, n, n == 1 ? "" : "s");
}

static rnf_status set_data(struct words *w, const char *folder)
{
	struct rnf_looked *l = rnf_alloc(sizeof *l);
	char path[PATH_MAX];
	if (!realpath(folder, path)) return rnf_fail_input(folder);
	if (!rnf_is_folder(path))
		return rnf_fail(RNF_EINVAL, "--data %s is not a folder of images", folder);
	RNF_TRY(rnf_look_at_data(l, folder, NULL, 0));
	warn_of_bad(&l->survey, folder);
	set(w, "NAME", name_of(path));
	set(w, "PATH", quoted(path));
	set(w, "TYPE", l->conf.root.data->feature->name);
	set(w, "CLASSES", rnf_format("%" PRId64 " class%s", l->data.info.classes,
				     l->data.info.classes == 1 ? "" : "es"));
	set_size(w, &l->survey);
	set_colours(w, &l->survey);
	RNF_TRY(set_test(w, &l->data.info, &l->survey));
	set_length(w, l->data.info.images[RNF_SPLIT_TRAIN]);
	return RNF_OK;
}

/* -- the text -- */

static const char *text_of(const struct words *w, const char *name, size_t n)
{
	for (size_t i = 0; i < w->n; i++)
		if (strlen(w->at[i].name) == n && !strncmp(w->at[i].name, name, n))
			return w->at[i].text;
	return "";
}

static rnf_status fill_in(const struct words *w, const char **text)
{
	const char *path = rnf_format("%s/new/images.txt", rnf_conf_dir);
	uint8_t *bytes;
	size_t n;
	RNF_TRY(rnf_file_bytes(path, 0, TEMPLATE_MAX, &bytes, &n));
	const char *from = rnf_strndup((const char *)bytes, n);
	free(bytes);
	for (*text = ""; *from;) {
		const size_t plain = strcspn(from, "@");
		*text = rnf_format("%s%.*s", *text, (int)plain, from);
		from += plain;
		if (!*from) break;
		const size_t name = strcspn(from + 1, "@");
		*text = rnf_format("%s%s", *text, text_of(w, from + 1, name));
		from += name + 1 + (from[name + 1] == '@');
	}
	return RNF_OK;
}

/* The base may lack what the template overrides: then the conf is removed again. */
static rnf_status read_back(const char *file)
{
	struct rnf_config *c = rnf_alloc(sizeof *c);
	const rnf_status status = rnf_config_read(c, file, NULL, 0);
	if (status < 0) unlink(file);
	return status;
}

static rnf_status new_conf(const char *file, const struct rnf_options *o)
{
	struct words w = { .n = 0 };
	const char *text;
	if (access(file, F_OK) == 0)
		return rnf_fail(RNF_EINVAL, "%s exists; it is not overwritten", file);
	RNF_TRY(rnf_file_writable(file)); /* before all images are read */
	RNF_TRY(set_base(&w, o->like ? o->like : usual));
	RNF_TRY(set_data(&w, o->data));
	RNF_TRY(fill_in(&w, &text));
	RNF_TRY(rnf_file_put(file, text, strlen(text)));
	RNF_TRY(read_back(file));
	printf("%s\nnext: rnframe train %s\n", file, file);
	return RNF_OK;
}

rnf_status rnf_verb_new(const struct rnf_options *o)
{
	if (o->n_words != 2 || strcmp(o->words[0], "conf") || !o->data)
		return rnf_fail(RNF_EINVAL, "new takes: conf FILE --data DIR [--like CONF]");
	return new_conf(o->words[1], o);
}
