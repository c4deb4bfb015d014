/* breach: a data set that breaks its contract in one way, chosen by name; otherwise grey
 * images. */
#include <rnframe/rnframe.h>
#include <string.h>

enum how { NO, EMPTY, NO_TEST, NEGATIVE, HEIGHT, CLASSES, TEST_LABEL, POSITIVE, QUIET };
static const char *const words[] = { "no", "empty", "no_test", "negative", "height", "classes",
				     "test_label", "positive", "quiet", NULL };
struct conf {
	int32_t how;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, how, "no", words, "the breach"));

static rnf_status open_conf(const struct rnf_host *host, const void *conf_,
			    const struct rnf_blob *blobs, void **self,
			    struct rnf_dataset_info *info)
{
	const int32_t how = ((const struct conf *)conf_)->how;
	(void)host, (void)blobs;
	*self = (void *)conf_;
	*info = (struct rnf_dataset_info){ .images = { 40, 8 }, .h = 8, .w = 8, .c = 3,
					   .classes = 10 };
	if (how == EMPTY) info->images[RNF_SPLIT_TRAIN] = 0;
	if (how == NO_TEST) info->images[RNF_SPLIT_TEST] = 0;
	if (how == NEGATIVE) info->images[RNF_SPLIT_TRAIN] = -5;
	if (how == HEIGHT) info->h = -8;
	if (how == CLASSES) info->classes = 0;
	return how == POSITIVE ? 7 : how == QUIET ? RNF_EINVAL : RNF_OK;
}

static rnf_status read_image(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	if (pixels) memset(pixels, (int)i, 8 * 8 * 3);
	*label = (int32_t)(i % 10);
	if (split == RNF_SPLIT_TEST && i == 3 && ((const struct conf *)self)->how == TEST_LABEL)
		*label = 12;
	return RNF_OK;
}

static const struct rnf_dataset_impl impl = { .open = open_conf, .read = read_image };
RNF_PLUGIN(dataset, breach, "breaks its contract", &params, impl)
