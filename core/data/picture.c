#include "data/picture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/running.h"
#include "base/status.h"
#include "data/resample.h"
#include "plugin/answer.h"
#include "plugin/loader.h"

static const struct rnf_feature **decoders;
static size_t n_decoders;

static const struct rnf_decoder_impl *impl_of(const struct rnf_feature *f)
{
	return f->impl;
}

rnf_status rnf_picture_decoders(void)
{
	if (n_decoders > 0) return RNF_OK;
	RNF_TRY(rnf_loader_all("decoder", &decoders, &n_decoders));
	if (n_decoders > 0) return RNF_OK;
	return rnf_fail(RNF_ENOENT, "no plugin of kind decoder is built, so that no image file can "
			"be read: make deps, then make");
}

const char *const *rnf_picture_endings(void)
{
	const char **all = NULL;
	size_t n = 0;
	for (size_t i = 0; i < n_decoders; i++)
		for (const char *const *end = impl_of(decoders[i])->endings; *end; end++)
			*(const char **)rnf_push((void **)&all, &n, sizeof *all) = *end;
	*(const char **)rnf_push((void **)&all, &n, sizeof *all) = NULL;
	return all;
}

const struct rnf_feature *const *rnf_picture_plugins(size_t *n)
{
	*n = n_decoders;
	return decoders;
}

/* -- turning -- */

/* Where a pixel of the turned image lies in the stored one. */
static const struct turn {
	int swap;       /* its row is a stored column */
	int rows, cols; /* counted from the end, of the stored image */
} turns[9] = {
	[2] = { 0, 0, 1 }, [3] = { 0, 1, 1 }, [4] = { 0, 1, 0 }, [5] = { 1, 0, 0 },
	[6] = { 1, 1, 0 }, [7] = { 1, 1, 1 }, [8] = { 1, 0, 1 },
};

static void turn(const struct turn *t, const struct rnf_picture *from, struct rnf_picture *to)
{
	uint8_t *out = to->rgb;
	for (int64_t y = 0; y < to->h; y++)
		for (int64_t x = 0; x < to->w; x++, out += 3) {
			int64_t row = t->swap ? x : y, col = t->swap ? y : x;
			if (t->rows) row = from->h - 1 - row;
			if (t->cols) col = from->w - 1 - col;
			memcpy(out, from->rgb + (row * from->w + col) * 3, 3);
		}
}

static rnf_status make(const char *name, struct rnf_picture *picture)
{
	const size_t bytes = (size_t)(picture->h * picture->w) * 3;
	picture->rgb = malloc(bytes);
	return picture->rgb ? RNF_OK
		: rnf_fail(RNF_ENOMEM, "%s: no memory for %zu bytes of pixels", name, bytes);
}

static rnf_status turn_picture(const char *name, int32_t orientation,
			       struct rnf_picture *picture)
{
	const struct rnf_picture stored = *picture;
	if (orientation < 2 || orientation > 8) return RNF_OK;
	const struct turn *t = &turns[orientation];
	picture->h = t->swap ? stored.w : stored.h;
	picture->w = t->swap ? stored.h : stored.w;
	const rnf_status status = make(name, picture);
	if (status >= 0) turn(t, &stored, picture);
	free(stored.rgb);
	return status;
}

/* -- decoding -- */

/* Formats of images that people have, and that no decoder of the tree reads. */
static const struct {
	size_t at;
	const char *bytes, *words;
} others[] = {
	{ 0, "GIF8", "a GIF" }, { 8, "WEBP", "a WebP" }, { 0, "BM", "a BMP" },
	{ 0, "II*", "a TIFF" }, { 0, "MM", "a TIFF" }, { 4, "ftyp", "a HEIC or AVIF" },
	{ 0, "\xff\x0a", "a JPEG XL" }, { 4, "jP  ", "a JPEG 2000" },
};

static rnf_status refuse(const char *name, const uint8_t *bytes, size_t n)
{
	if (n == 0) return rnf_fail(RNF_EINVAL, "%s: the file is empty", name);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const size_t length = strlen(others[i].bytes), at = others[i].at;
		if (n >= at + length && !memcmp(bytes + at, others[i].bytes, length))
			return rnf_fail(RNF_EINVAL, "%s: is %s, which is not read here: convert it to PNG "
					"or JPEG", name, others[i].words);
	}
	return rnf_fail(RNF_EINVAL, "%s: is no image of a kind that can be read", name);
}

static rnf_status check_look(const char *name, const struct rnf_picture_look *look)
{
	if (look->h < 1 || look->w < 1)
		return rnf_fail(RNF_EINVAL, "%s: an image of %" PRId64 "x%" PRId64 " pixels", name,
				look->w, look->h);
	if (look->h > RNF_PICTURE_SIDE_MAX || look->w > RNF_PICTURE_SIDE_MAX ||
	    look->h * look->w > RNF_PICTURE_PIXELS_MAX)
		return rnf_fail(RNF_EINVAL, "%s: an image of %" PRId64 "x%" PRId64 " pixels, may have "
				"%d a side and %d in all", name, look->w, look->h,
				RNF_PICTURE_SIDE_MAX, RNF_PICTURE_PIXELS_MAX);
	return RNF_OK;
}

static rnf_status answer(const struct rnf_feature *f, const char *function, const char *name,
			 rnf_status status)
{
	rnf_running_set(NULL);
	const rnf_status answered = rnf_answer(f, function, status);
	return answered < 0 ? rnf_fail_in(answered, "%s: ", name) : answered;
}

static const struct rnf_feature *decoder_of(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n_decoders; i++)
		if (impl_of(decoders[i])->probe(bytes, n)) return decoders[i];
	return NULL;
}

static rnf_status look_by(const struct rnf_feature *f, const char *name, const uint8_t *bytes,
			  size_t n, struct rnf_picture_look *look)
{
	*look = (struct rnf_picture_look){ .orientation = 1 };
	rnf_answer_begin();
	rnf_running_set(f);
	RNF_TRY(answer(f, "look", name, impl_of(f)->look(&rnf_host, bytes, n, look)));
	return check_look(name, look);
}

static rnf_status decode_by(const struct rnf_feature *f, const char *name, const uint8_t *bytes,
			    size_t n, struct rnf_picture *picture)
{
	const struct rnf_decoder_impl *impl = f->impl;
	struct rnf_picture_look look;
	RNF_TRY(look_by(f, name, bytes, n, &look));
	*picture = (struct rnf_picture){ .h = look.h, .w = look.w };
	RNF_TRY(make(name, picture));
	rnf_running_set(f);
	const rnf_status status = answer(f, "decode", name, impl->decode(&rnf_host, bytes, n, &look,
									picture->rgb));
	if (status >= 0) return turn_picture(name, look.orientation, picture);
	free(picture->rgb);
	return status;
}

rnf_status rnf_picture_decode(const char *name, const uint8_t *bytes, size_t n,
			      struct rnf_picture *picture)
{
	const struct rnf_feature *f = decoder_of(bytes, n);
	return f ? decode_by(f, name, bytes, n, picture) : refuse(name, bytes, n);
}

static int lies_down(int32_t orientation)
{
	return orientation >= 2 && orientation <= 8 && turns[orientation].swap;
}

static rnf_status size_of(const char *name, const uint8_t *bytes, size_t n, int64_t *h, int64_t *w)
{
	struct rnf_picture_look look;
	const struct rnf_feature *f = decoder_of(bytes, n);
	if (!f) return refuse(name, bytes, n);
	RNF_TRY(look_by(f, name, bytes, n, &look));
	*h = lies_down(look.orientation) ? look.w : look.h;
	*w = lies_down(look.orientation) ? look.h : look.w;
	return RNF_OK;
}

rnf_status rnf_picture_size(const char *path, int64_t *h, int64_t *w)
{
	uint8_t *bytes;
	size_t n;
	RNF_TRY(rnf_file_bytes(path, 0, RNF_PICTURE_FILE_MAX, &bytes, &n));
	const rnf_status status = size_of(path, bytes, n, h, w);
	free(bytes);
	return status;
}

rnf_status rnf_picture_read(const char *path, struct rnf_picture *picture)
{
	uint8_t *bytes;
	size_t n;
	RNF_TRY(rnf_file_bytes(path, 0, RNF_PICTURE_FILE_MAX, &bytes, &n));
	const rnf_status status = rnf_picture_decode(path, bytes, n, picture);
	free(bytes);
	return status;
}

rnf_status rnf_picture_resize(struct rnf_picture *picture, int64_t h, int64_t w)
{
	const struct rnf_crop all = { picture->rgb, picture->h, picture->w, 3, picture->w * 3 };
	if (picture->h == h && picture->w == w) return RNF_OK;
	uint8_t *to = malloc((size_t)(h * w * 3));
	void *scratch = malloc(rnf_resample_scratch(all.h, all.w, 3, h, w));
	const int room = to && scratch;
	if (room) rnf_resample(&all, to, h, w, scratch);
	free(scratch);
	free(room ? picture->rgb : to);
	if (!room) return rnf_fail(RNF_ENOMEM, "no memory to resize an image");
	*picture = (struct rnf_picture){ h, w, to };
	return RNF_OK;
}
