#include "run/pack.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/png.h"
#include "base/sha256.h"
#include "base/status.h"
#include "run/card.h"
#include "run/report.h"
#include "run/texts.h"

#define CHECK_IMAGE "check.png"
#define CARD "README.md"
static const int64_t most = (int64_t)16 << 30;

/* -- a list of files -- */

static void add(struct rnf_pack *pack, const char *name, const void *bytes, size_t n)
{
	pack->files[pack->n++] = (struct rnf_archive_file){ name, bytes, n };
}

static void add_text(struct rnf_pack *pack, const char *name, const char *text)
{
	add(pack, name, text, strlen(text));
}

static rnf_status add_file(struct rnf_pack *pack, const char *name, const char *path)
{
	uint8_t *bytes;
	size_t n;
	RNF_TRY(rnf_file_bytes(path, O_NOFOLLOW, most, &bytes, &n));
	add(pack, name, memcpy(rnf_alloc(n + 1), bytes, n), n);
	free(bytes);
	return RNF_OK;
}

static int is_there(const char *dir, const char *name)
{
	return access(rnf_format("%s/%s", dir, name), F_OK) == 0;
}

/* -- the check image -- */

/* A drawing, since photos may be private: ramps of red and green, squares of blue. */
static uint8_t *draw(int64_t h, int64_t w)
{
	uint8_t *rgb = malloc((size_t)(h * w * 3)), *to = rgb;
	if (!rgb) rnf_no_memory((size_t)(h * w * 3));
	for (int64_t y = 0; y < h; y++)
		for (int64_t x = 0; x < w; x++) {
			*to++ = (uint8_t)(255 * (x + 1) / w);
			*to++ = (uint8_t)(255 * (y + 1) / h);
			*to++ = (4 * x / w + 4 * y / h) % 2 ? 200 : 40;
		}
	return rgb;
}

static const char *check_words(const struct rnf_predictor *p, const float *probs)
{
	const int64_t k = rnf_predictor_classes(p);
	const struct rnf_experiment *e = rnf_predictor_experiment(p);
	const char *const *labels = rnf_report_labels(e->data.info.names, k);
	json_t *all = json_object();
	for (int64_t i = 0; i < k; i++)
		json_object_set_new(all, labels[i], rnf_json_number((double)probs[i]));
	json_t *check = json_pack("{s:s, s:s, s:f, s:o}", "file", CHECK_IMAGE, "rnframe", RNF_VERSION,
				  "within", 1e-5, "probabilities", all);
	char *text = json_dumps(check, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	const char *copy = rnf_format("%s\n", text ? text : "{}");
	free(text);
	json_decref(check);
	return copy;
}

static rnf_status add_check(struct rnf_pack *pack, struct rnf_predictor *p)
{
	const int64_t *hwc = rnf_predictor_experiment(p)->model.hwc;
	struct rnf_picture picture = { hwc[0], hwc[1], draw(hwc[0], hwc[1]) };
	float *probs = rnf_alloc((size_t)rnf_predictor_classes(p) * sizeof *probs);
	size_t n;
	const uint8_t *png = rnf_png_bytes(picture.rgb, picture.h, picture.w, &n);
	RNF_TRY(rnf_predictor_picture(p, &picture, probs));
	add_text(pack, "check.json", check_words(p, probs));
	add(pack, CHECK_IMAGE, png, n);
	return RNF_OK;
}

/* -- the others -- */

static rnf_status add_card(struct rnf_pack *pack, const struct rnf_predictor *p, const char *dir)
{
	const char *text;
	if (is_there(dir, CARD)) return add_file(pack, CARD, rnf_format("%s/" CARD, dir));
	rnf_card_text(rnf_predictor_experiment(p), dir, &text);
	add_text(pack, CARD, text);
	return RNF_OK;
}

static rnf_status add_model(struct rnf_pack *pack, const struct rnf_predictor *p)
{
	const struct rnf_loaded *file = rnf_predictor_file(p);
	const char *conf = rnf_contents_text(&file->contents, RNF_TEXT_CONF);
	if (!conf) return rnf_fail(RNF_EINVAL, "%s has no conf inside", file->path);
	add_text(pack, "conf.cfg", conf); /* without paths of this machine, as the folder's has */
	return add_file(pack, rnf_file_name(file->path), file->path);
}

static rnf_status add_report(struct rnf_pack *pack, const char *dir)
{
	static const char *const names[] = { "confusion.csv", "report.json", "report.txt" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_there(dir, names[i]))
			RNF_TRY(add_file(pack, names[i], rnf_format("%s/%s", dir, names[i])));
	return RNF_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct rnf_archive_file *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static void add_sums(struct rnf_pack *pack)
{
	const char *sums = "";
	qsort(pack->files, pack->n, sizeof *pack->files, by_name);
	for (size_t i = 0; i < pack->n; i++) {
		char words[RNF_SHA256_WORDS];
		rnf_sha256(pack->files[i].bytes, pack->files[i].n, words);
		sums = rnf_format("%s%s  %s\n", sums, words, pack->files[i].name);
	}
	add_text(pack, RNF_PACK_SUMS, sums);
	qsort(pack->files, pack->n, sizeof *pack->files, by_name);
}

rnf_status rnf_pack_make(struct rnf_predictor *p, const char *dir, struct rnf_pack *pack)
{
	const char *folder = rnf_predictor_experiment(p)->conf.root.name;
	pack->n = 0;
	RNF_TRY(add_model(pack, p));
	RNF_TRY(add_card(pack, p, dir));
	RNF_TRY(add_report(pack, dir));
	RNF_TRY(add_check(pack, p));
	add_sums(pack);
	for (size_t i = 0; i < pack->n; i++)
		pack->files[i].name = rnf_format("%s/%s", folder, pack->files[i].name);
	return RNF_OK;
}
