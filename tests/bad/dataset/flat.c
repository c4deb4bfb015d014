/* flat: images of one and the same grey; labels 0 .. labels-1 in turn. */
#include "../sick.h"

#include <string.h>

struct conf {
	int64_t images, grey, classes, labels;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, images, 40, 1, 1000, "", "in each split"),
	RNF_INT(struct conf, grey, 128, 0, 255, "", "of all pixels"),
	RNF_INT(struct conf, classes, 10, 2, 1000, "", "of the model"),
	RNF_INT(struct conf, labels, 10, 1, 1000, "", "classes that have images"));

static rnf_status open_conf(const struct rnf_host *host, const void *conf_,
			    const struct rnf_blob *blobs, void **self,
			    struct rnf_dataset_info *info)
{
	const struct conf *conf = conf_;
	(void)host, (void)blobs;
	*self = (void *)conf_;
	info->images[RNF_SPLIT_TRAIN] = info->images[RNF_SPLIT_TEST] = conf->images;
	info->h = info->w = 8;
	info->c = 3;
	info->classes = conf->classes;
	return RNF_OK;
}

static rnf_status read_image(const void *self, int split, int64_t i, uint8_t *pixels,
		       int32_t *label)
{
	const struct conf *conf = self;
	(void)split;
	if (pixels) memset(pixels, (int)conf->grey, 8 * 8 * 3);
	*label = (int32_t)(i % conf->labels);
	return RNF_OK;
}

static const struct rnf_dataset_impl impl = { .open = open_conf, .read = read_image };
RNF_PLUGIN(dataset, flat, "images without a picture", &params, impl)
