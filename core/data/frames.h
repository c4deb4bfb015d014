/* The augmentations that bring images of any size to one (rnf_augment_impl.frame): from
 * bytes to bytes, before all others. */
#ifndef RNF_DATA_FRAMES_H
#define RNF_DATA_FRAMES_H

#include <rnframe/data.h>
#include "data/picture.h"
#include "plugin/param.h"

struct rnf_frames {
	struct rnf_refs list;
	int64_t from_h, from_w, c; /* of the images that come */
	int64_t out_h, out_w;      /* what the model takes; 0: not known */
	/* set by plan(): */
	int64_t h, w;   /* of the result */
	size_t bytes;   /* of the largest image on the way */
	size_t scratch; /* bytes that apply() needs besides */
};

/* The augmentations at the beginning of a list that frame; with `fixed` only those before the
 * first that draws numbers. */
struct rnf_refs rnf_frames_first(struct rnf_refs augment, int fixed);

/* Fill in what the images come out as. RNF_EPLUGIN: a window or size that cannot be.
 * [worker] */
rnf_status rnf_frames_plan(struct rnf_frames *frames);

/* Image a[from_h][from_w][c] becomes the result, in a or b, each of frames->bytes; returns
 * which. random NULL: as in evaluation. [worker] */
uint8_t *rnf_frames_apply(const struct rnf_frames *frames, struct rnf_random *random,
			  uint8_t *a, uint8_t *b, void *scratch);

/* A decoded picture becomes what all of them make of it in evaluation; from_h and from_w are
 * taken from it. Its pixels move. [worker] */
rnf_status rnf_frames_picture(const struct rnf_frames *frames, struct rnf_picture *picture);

#endif
