/* cifar100: 50,000 + 10,000 colour images of 32x32 in 100 classes, or 20 groups of them.
 * Source: Krizhevsky 2009, "binary version": records of a coarse label, a fine one, and three
 * planes (red, green, blue) of 1,024 bytes. */
#include <rnframe/records.h>

enum {
	SIDE = 32,
	PLANE = SIDE * SIDE,
	RECORD = 2 + 3 * PLANE,
	FINE = 100,
	COARSE = 20,
};

static const char *const files[] = { "train.bin", "test.bin", NULL };
static const int64_t published[RNF_SPLITS] = { 50000, 10000 };

static const char *const fine_names[FINE] = {
	"apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
	"bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
	"caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
	"crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox",
	"girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion",
	"lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom",
	"oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
	"plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road",
	"rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake",
	"spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
	"telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle",
	"wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
};

static const char *const coarse_names[COARSE] = {
	"aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
	"household_electrical_devices", "household_furniture", "insects", "large_carnivores",
	"large_man-made_outdoor_things", "large_natural_outdoor_scenes",
	"large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates", "people",
	"reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
};

static const struct rnf_download downloads[] = {
	{ .url = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
	  .file = "cifar-100-binary.tar.gz", .bytes = 168513733,
	  .algorithm = "md5", .digest = "03b5dce01913d631647c71ecec9e9cb8" },
	{ .url = NULL },
};

static const struct rnf_other_form others[] = {
	{ "cifar-100-python", "of the Python version of CIFAR-100 (pickles)" },
	{ "cifar-100-python.tar.gz", "of the Python version of CIFAR-100 (pickles)" },
	{ "cifar-100-matlab", "of the Matlab version of CIFAR-100" },
	{ "cifar-100-matlab.tar.gz", "of the Matlab version of CIFAR-100" },
	{ "cifar-10-binary.tar.gz", "of CIFAR-10, another data set" },
	{ NULL, NULL },
};

enum { LABELS_FINE, LABELS_COARSE };

struct conf {
	int32_t labels;
};

static const char *const label_words[] = { "fine", "coarse", NULL };
static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, labels, "fine", label_words, "100 classes, or 20 groups of them"));

struct store {
	const uint8_t *records[RNF_SPLITS]; /* [n][RECORD] */
	int label; /* its byte in a record */
};

static void describe(const void *conf_, struct rnf_dataset_info *info)
{
	const struct conf *conf = conf_;
	const int fine = conf->labels == LABELS_FINE;
	info->h = info->w = SIDE;
	info->c = 3;
	info->classes = fine ? FINE : COARSE;
	info->names = fine ? fine_names : coarse_names;
}

static rnf_status open_split(const struct rnf_host *host, const struct rnf_blob *blob, int split,
			     int64_t *n)
{
	RNF_TRY(rnf_records_count(host, blob, RECORD, published[split], n));
	RNF_TRY(rnf_records_labels(host, blob->name, blob->data, *n, RECORD, COARSE));
	RNF_TRY(rnf_records_labels(host, blob->name, blob->data + 1, *n, RECORD, FINE));
	if (*n != published[split])
		host->log(RNF_LOG_WARNING, "%s has %lld images, the published one has %lld",
			  blob->name, (long long)*n, (long long)published[split]);
	return RNF_OK;
}

static rnf_status open_files(const struct rnf_host *host, const void *conf,
			     const struct rnf_blob *blobs, void **self,
			     struct rnf_dataset_info *info)
{
	struct store *store = host->alloc(sizeof *store);
	if (!store) return host->fail(RNF_ENOMEM, "no memory");
	for (int s = 0; s < RNF_SPLITS; s++) {
		RNF_TRY(open_split(host, &blobs[s], s, &info->images[s]));
		store->records[s] = blobs[s].data;
	}
	store->label = ((const struct conf *)conf)->labels == LABELS_FINE;
	*self = store;
	return RNF_OK;
}

static rnf_status read_image(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	const struct store *store = self;
	const uint8_t *record = store->records[split] + i * RECORD;
	*label = record[store->label];
	if (pixels) rnf_interleave(record + 2, 3, PLANE, pixels);
	return RNF_OK;
}

static const struct rnf_dataset_impl impl = {
	.files = files,
	.folder = "cifar-100-binary",
	.downloads = downloads,
	.others = others,
	.describe = describe,
	.open = open_files,
	.read = read_image,
};

RNF_PLUGIN(dataset, cifar100, "CIFAR-100: 60,000 colour images of 32x32, 100 classes or 20",
	   &params, impl)
