/* fashion_mnist: 60,000 + 10,000 grey images of 28x28 in 10 classes.
 * Source: Xiao, Rasul, Vollgraf 2017 (arXiv 1708.07747). IDX files: two zero
 * bytes, the type (8: bytes), the rank, then each dimension as 32 bits big
 * endian, then the bytes. */
#include <rnframe/records.h>

enum { SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10 };

#define BASE_URL "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"

/* Images, then labels; training, then test. */
static const char *const files[] = {
	"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
	"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", NULL,
};

static const char *const names[CLASSES] = {
	"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
	"Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
};

static const struct rnf_download downloads[] = {
	{ .url = BASE_URL "train-images-idx3-ubyte.gz",
	  .file = "train-images-idx3-ubyte.gz", .bytes = 26421880,
	  .algorithm = "md5", .digest = "8d4fb7e6c68d591d4c3dfef9ec88bf0d" },
	{ .url = BASE_URL "train-labels-idx1-ubyte.gz",
	  .file = "train-labels-idx1-ubyte.gz", .bytes = 29515,
	  .algorithm = "md5", .digest = "25c81989df183df01b3e8a0aad5dffbe" },
	{ .url = BASE_URL "t10k-images-idx3-ubyte.gz",
	  .file = "t10k-images-idx3-ubyte.gz", .bytes = 4422102,
	  .algorithm = "md5", .digest = "bef4ecab320f06d8554ea6380940ec79" },
	{ .url = BASE_URL "t10k-labels-idx1-ubyte.gz",
	  .file = "t10k-labels-idx1-ubyte.gz", .bytes = 5148,
	  .algorithm = "md5", .digest = "bb300cfdad3c16e7a12a480ee83cd310" },
	{ .url = NULL },
};

struct store {
	const uint8_t *images[RNF_SPLITS]; /* [n][28][28] */
	const uint8_t *labels[RNF_SPLITS]; /* [n] */
};

static uint32_t big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* The bytes behind the header of an IDX file of this rank, whose items have item_size
 * bytes; *n is the number of items. */
static rnf_status open_idx(const struct rnf_host *host, const struct rnf_blob *blob,
			   uint32_t rank, size_t item_size, const uint8_t **items,
			   int64_t *n)
{
	if (!blob->data)
		return host->fail(RNF_ENOENT, "%s is missing", blob->name);
	const size_t header = 4 + 4 * (size_t)rank;
	if (blob->size < header || big_endian(blob->data) != (0x800 | rank))
		return host->fail(RNF_EINVAL,
			"%s is not an IDX file of bytes with %u dimensions",
			blob->name, rank);
	for (uint32_t d = 1; d < rank; d++)
		if (big_endian(blob->data + 4 + 4 * d) != SIDE)
			return host->fail(RNF_EINVAL, "%s: dimension %u is %u, must be %d",
				blob->name, d, big_endian(blob->data + 4 + 4 * d), SIDE);
	*n = big_endian(blob->data + 4);
	const uint64_t size = header + (uint64_t)*n * item_size;
	if (*n == 0) return host->fail(RNF_EINVAL, "%s has no items", blob->name);
	if (blob->size != size)
		return host->fail(RNF_EINVAL, "%s: file is %s: %zu of %llu bytes for its %lld "
			"items", blob->name, blob->size < size ? "truncated" : "padded", blob->size,
			(unsigned long long)size, (long long)*n);
	*items = blob->data + header;
	return RNF_OK;
}

static rnf_status open_split(const struct rnf_host *host, const struct rnf_blob *pair,
			     const uint8_t **images, const uint8_t **labels, int64_t *n)
{
	int64_t n_labels = 0;
	RNF_TRY(open_idx(host, &pair[0], 3, PIXELS, images, n));
	RNF_TRY(open_idx(host, &pair[1], 1, 1, labels, &n_labels));
	if (n_labels != *n)
		return host->fail(RNF_EINVAL, "%s has %lld images, %s has %lld labels",
			pair[0].name, (long long)*n, pair[1].name, (long long)n_labels);
	return rnf_records_labels(host, pair[1].name, *labels, *n, 1, CLASSES);
}

static void describe(const void *conf, struct rnf_dataset_info *info)
{
	(void)conf;
	info->h = info->w = SIDE;
	info->c = 1;
	info->classes = CLASSES;
	info->names = names;
}

static rnf_status open_files(const struct rnf_host *host, const void *conf,
			     const struct rnf_blob *blobs, void **self,
			     struct rnf_dataset_info *info)
{
	(void)conf;
	struct store *store = host->alloc(sizeof *store);
	if (!store) return host->fail(RNF_ENOMEM, "no memory");
	for (int s = 0; s < RNF_SPLITS; s++)
		RNF_TRY(open_split(host, &blobs[2 * s], &store->images[s],
				   &store->labels[s], &info->images[s]));
	*self = store;
	return RNF_OK;
}

static rnf_status read_image(const void *self, int split, int64_t i, uint8_t *pixels,
		       int32_t *label)
{
	const struct store *store = self;
	*label = store->labels[split][i];
	const uint8_t *image = store->images[split] + i * PIXELS;
	for (int p = 0; pixels && p < PIXELS; p++)
		pixels[p] = image[p];
	return RNF_OK;
}

static const struct rnf_dataset_impl impl = {
	.files = files,
	.folder = "fashion-mnist",
	.downloads = downloads,
	.describe = describe,
	.open = open_files,
	.read = read_image,
};

RNF_PLUGIN(dataset, fashion_mnist,
	   "Fashion-MNIST: 70,000 grey images of 28x28, 10 classes", NULL, impl)
