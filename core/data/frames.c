#include "data/frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rnframe/decoder.h>
#include "base/running.h"
#include "base/status.h"
#include "data/resample.h"

static const struct rnf_augment_impl *impl_of(const struct rnf_ref *ref)
{
	return ref->feature->impl;
}

struct rnf_refs rnf_frames_first(struct rnf_refs augment, int fixed)
{
	struct rnf_refs first = { augment.at, 0 };
	for (; first.n < augment.n; first.n++) {
		const struct rnf_augment_impl *impl = impl_of(augment.at[first.n]);
		if (!impl->frame || (fixed && impl->flags & RNF_AUGMENT_DRAWS)) break;
	}
	return first;
}

static struct rnf_frame ask(const struct rnf_frames *f, const struct rnf_ref *ref,
			    struct rnf_random *random, int64_t h, int64_t w)
{
	struct rnf_frame frame = {
		.size = sizeof frame, .from_h = h, .from_w = w, .out_h = f->out_h,
		.out_w = f->out_w, .height = h, .width = w, .h = h, .w = w };
	const struct rnf_feature *before = rnf_running_set(ref->feature);
	impl_of(ref)->frame(ref->conf, random, &frame);
	rnf_running_set(before);
	return frame;
}

static int is_side(int64_t n)
{
	return n >= 1 && n <= RNF_PICTURE_SIDE_MAX;
}

static int is_copy(const struct rnf_frame *frame)
{
	return frame->height == frame->h && frame->width == frame->w;
}

static int is_inside(int64_t from, int64_t length, int64_t n)
{
	return from >= 0 && length <= n && from <= n - length;
}

static int is_legal(const struct rnf_frame *f)
{
	if (!is_side(f->h) || !is_side(f->w) || !is_side(f->height) || !is_side(f->width))
		return 0;
	if (f->h * f->w > RNF_PICTURE_PIXELS_MAX) return 0;
	if (is_copy(f)) /* no sum of these overflows */
		return f->top >= -RNF_PICTURE_SIDE_MAX && f->top <= RNF_PICTURE_SIDE_MAX &&
		       f->left >= -RNF_PICTURE_SIDE_MAX && f->left <= RNF_PICTURE_SIDE_MAX;
	return is_inside(f->top, f->height, f->from_h) && is_inside(f->left, f->width, f->from_w);
}

static void raise_to(size_t *most, size_t n)
{
	if (n > *most) *most = n;
}

/* The window may be any part of the image: room for the whole. */
static size_t scratch_of(const struct rnf_frame *f, int64_t c)
{
	return rnf_resample_scratch(f->from_h, f->from_w, c, f->h, f->w);
}

rnf_status rnf_frames_plan(struct rnf_frames *f)
{
	f->h = f->from_h;
	f->w = f->from_w;
	f->bytes = (size_t)(f->h * f->w * f->c);
	f->scratch = 0;
	for (size_t i = 0; i < f->list.n; i++) {
		const struct rnf_ref *ref = f->list.at[i];
		const struct rnf_frame frame = ask(f, ref, NULL, f->h, f->w);
		if (!is_legal(&frame))
			return rnf_fail(RNF_EPLUGIN, "augment.%s: of an image of %" PRId64 "x%" PRId64
				" it takes %" PRId64 "x%" PRId64 " pixels at %" PRId64 ", %" PRId64
				" and makes an image of %" PRId64 "x%" PRId64, ref->feature->name,
				f->w, f->h, frame.width, frame.height, frame.left, frame.top,
				frame.w, frame.h);
		raise_to(&f->scratch, scratch_of(&frame, f->c));
		f->h = frame.h;
		f->w = frame.w;
		raise_to(&f->bytes, (size_t)(f->h * f->w * f->c));
	}
	return RNF_OK;
}

/* A window of the result's size, black outside of the image. */
static void copy(const struct rnf_frame *f, int64_t c, const uint8_t *from, uint8_t *to)
{
	const int64_t first = f->left < 0 ? -f->left : 0; /* columns of the result */
	const int64_t most = f->from_w - f->left, last = most < f->w ? most : f->w;
	for (int64_t y = 0; y < f->h; y++) {
		const int64_t row = f->top + y;
		uint8_t *out = to + y * f->w * c;
		memset(out, 0, (size_t)(f->w * c));
		if (row < 0 || row >= f->from_h || first >= last) continue;
		memcpy(out + first * c, from + (row * f->from_w + f->left + first) * c,
		       (size_t)((last - first) * c));
	}
}

static void take(const struct rnf_frame *f, int64_t c, const uint8_t *from, uint8_t *to,
		 void *scratch)
{
	const struct rnf_crop window = {
		.at = from + (f->top * f->from_w + f->left) * c,
		.h = f->height, .w = f->width, .c = c, .stride = f->from_w * c };
	rnf_resample(&window, to, f->h, f->w, scratch);
}

/* What plan() would refuse, because the plugin draws it, leaves the image as it is. */
uint8_t *rnf_frames_apply(const struct rnf_frames *f, struct rnf_random *random,
			  uint8_t *a, uint8_t *b, void *scratch)
{
	int64_t h = f->from_h, w = f->from_w;
	for (size_t i = 0; i < f->list.n; i++) {
		const struct rnf_frame frame = ask(f, f->list.at[i], random, h, w);
		uint8_t *const swap = a;
		if (!is_legal(&frame) || (size_t)(frame.h * frame.w * f->c) > f->bytes) continue;
		if (is_copy(&frame)) copy(&frame, f->c, a, b);
		else if (scratch_of(&frame, f->c) <= f->scratch) take(&frame, f->c, a, b, scratch);
		else continue;
		a = b;
		b = swap;
		h = frame.h;
		w = frame.w;
	}
	return a;
}

rnf_status rnf_frames_picture(const struct rnf_frames *f, struct rnf_picture *picture)
{
	struct rnf_frames own = *f;
	own.from_h = picture->h;
	own.from_w = picture->w;
	RNF_TRY(rnf_frames_plan(&own));
	if (own.list.n == 0) return RNF_OK;
	uint8_t *more = malloc(own.bytes), *scratch = malloc(own.scratch + 1);
	uint8_t *room = realloc(picture->rgb, own.bytes);
	if (room) picture->rgb = room;
	if (!more || !scratch || !room) {
		free(more);
		free(scratch);
		return rnf_fail(RNF_ENOMEM, "no memory for an image of %" PRId64 "x%" PRId64,
				picture->w, picture->h);
	}
	const uint8_t *result = rnf_frames_apply(&own, NULL, room, more, scratch);
	picture->rgb = result == room ? room : more;
	picture->h = own.h;
	picture->w = own.w;
	free(result == room ? more : room);
	free(scratch);
	return RNF_OK;
}
