/* cifar10: 50,000 + 10,000 colour images of 32x32 in 10 classes.
 * Source: Krizhevsky 2009, "binary version": records of one label byte and
 * three planes (red, green, blue) of 1,024 bytes. */
#include <rnframe/records.h>

enum {
	SIDE = 32,
	PLANE = SIDE * SIDE,
	RECORD = 1 + 3 * PLANE,
	FILE_RECORDS = 10000, /* as published */
	CLASSES = 10,
	TRAIN_FILES = 5,
	FILES = TRAIN_FILES + 1,
};

static const char *const files[] = {
	"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
	"data_batch_4.bin", "data_batch_5.bin", "test_batch.bin", NULL,
};

static const char *const names[CLASSES] = {
	"airplane", "automobile", "bird", "cat", "deer",
	"dog", "frog", "horse", "ship", "truck",
};

static const struct rnf_download downloads[] = {
	{ .url = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
	  .file = "cifar-10-binary.tar.gz", .bytes = 170052171,
	  .algorithm = "md5", .digest = "c32a1d4ab5d03f1284b67883e8d87530" },
	{ .url = NULL },
};

#define PYTHON "of the Python version of CIFAR-10 (pickles)"
#define MATLAB "of the Matlab version of CIFAR-10"

static const struct rnf_other_form others[] = {
	{ "cifar-10-batches-py", PYTHON }, { "cifar-10-python.tar.gz", PYTHON },
	{ "data_batch_1", PYTHON }, { "data_batch_2", PYTHON }, { "data_batch_3", PYTHON },
	{ "data_batch_4", PYTHON }, { "data_batch_5", PYTHON }, { "test_batch", PYTHON },
	{ "cifar-10-batches-mat", MATLAB }, { "cifar-10-matlab.tar.gz", MATLAB },
	{ "data_batch_1.mat", MATLAB }, { "test_batch.mat", MATLAB },
	{ "cifar-100-binary.tar.gz", "of CIFAR-100, another data set" },
	{ "cifar-100-python.tar.gz", "of CIFAR-100, another data set" },
	{ NULL, NULL },
};

struct part {
	const uint8_t *records; /* [n][RECORD] */
	int64_t n;
};

struct store {
	struct part parts[FILES];
};

static rnf_status open_part(const struct rnf_host *host,
			    const struct rnf_blob *blob, struct part *part)
{
	RNF_TRY(rnf_records_count(host, blob, RECORD, FILE_RECORDS, &part->n));
	part->records = blob->data;
	return rnf_records_labels(host, blob->name, blob->data, part->n, RECORD, CLASSES);
}

/* An incomplete file reads well and trains badly: warn about the first one. */
static void warn_of_size(const struct rnf_host *host, const struct rnf_blob *blobs,
			 const struct store *store)
{
	int f = 0;
	while (f < FILES && store->parts[f].n == FILE_RECORDS)
		f++;
	if (f < FILES)
		host->log(RNF_LOG_WARNING, "%s has %lld images, the published one has %d",
			  blobs[f].name, (long long)store->parts[f].n, FILE_RECORDS);
}

static void describe(const void *conf, struct rnf_dataset_info *info)
{
	(void)conf;
	info->h = info->w = SIDE;
	info->c = 3;
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
	info->images[RNF_SPLIT_TRAIN] = info->images[RNF_SPLIT_TEST] = 0;
	for (int f = 0; f < FILES; f++) {
		RNF_TRY(open_part(host, &blobs[f], &store->parts[f]));
		info->images[f < TRAIN_FILES ? RNF_SPLIT_TRAIN : RNF_SPLIT_TEST] +=
			store->parts[f].n;
	}
	warn_of_size(host, blobs, store);
	*self = store;
	return RNF_OK;
}

static rnf_status read_image(const void *self, int split, int64_t i, uint8_t *pixels,
		       int32_t *label)
{
	const struct store *store = self;
	const struct part *part =
		&store->parts[split == RNF_SPLIT_TEST ? TRAIN_FILES : 0];
	for (; i >= part->n; part++)
		i -= part->n;
	const uint8_t *record = part->records + i * RECORD;
	*label = record[0];
	if (pixels) rnf_interleave(record + 1, 3, PLANE, pixels);
	return RNF_OK;
}

static const struct rnf_dataset_impl impl = {
	.files = files,
	.folder = "cifar-10-batches-bin",
	.downloads = downloads,
	.others = others,
	.describe = describe,
	.open = open_files,
	.read = read_image,
};

RNF_PLUGIN(dataset, cifar10, "CIFAR-10: 60,000 colour images of 32x32, 10 classes",
	   NULL, impl)
