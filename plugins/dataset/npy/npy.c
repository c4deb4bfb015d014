/* npy: arrays that numpy saved: X.npy [n][h][w] or [n][h][w][c] (layout "nchw": [n][c][h][w])
 * and y.npy [n], for the test X_test.npy and y_test.npy, or a share of each class. Bytes are
 * pixels; a float v becomes the byte nearest to 255 (v - low) / (high - low), where `range`
 * is [low, high]. Labels count from 0. */
#include "array.h"

#include <math.h>

enum { X, Y, PAIR };
enum { LAYOUT_NHWC, LAYOUT_NCHW };
enum { CLASSES_MAX = 1 << 20, SIDE_MAX = 16384 };

struct conf {
	int32_t layout;
	struct rnf_floats range;
	int64_t classes;
	struct rnf_strings names;
	double test;
};

static const char *const layouts[] = { "nhwc", "nchw", NULL };
static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, layout, "nhwc", layouts, "of an X of rank 4: channels last or first"),
	RNF_FLOATS(struct conf, range, -1e9, 1e9, "",
		   "of floats in X, which become 0 .. 255; empty: 0 and 1"),
	RNF_INT(struct conf, classes, 0, 0, CLASSES_MAX, "", "0: the largest label and one"),
	RNF_STRINGS(struct conf, names, "of the classes, one each; or none"),
	RNF_FLOAT(struct conf, test, 0.2, 0.001, 0.9, "of each class",
		  "drawn for the test split if there is no X_test.npy"));

static const char *const files[] = { "X.npy", "y.npy", "?X_test.npy", "?y_test.npy", NULL };

struct split {
	struct array x, y;
};

struct store {
	const struct conf *conf;
	struct split splits[RNF_SPLITS];
	int64_t h, w, c;
	double low, scale; /* a float v becomes (v - low) scale */
};

/* -- X -- */

static void shape_of(const struct conf *conf, const struct array *x, int64_t hwc[3])
{
	const int first = x->rank == 4 && conf->layout == LAYOUT_NCHW;
	hwc[0] = x->shape[1 + first];
	hwc[1] = x->shape[2 + first];
	hwc[2] = x->rank == 3 ? 1 : x->shape[first ? 1 : 3];
}

static rnf_status check_floats(const struct rnf_host *host, const struct store *store,
			       const struct array *x)
{
	const int64_t size = store->h * store->w * store->c;
	for (int64_t i = 0; i < x->n; i++) {
		const double byte = (array_at(x, i) - store->low) * store->scale;
		if (!(byte >= -0.5 && byte < 255.5))
			return host->fail(RNF_EINVAL, "%s: image %lld has the value %g, must be in the "
				"range %g .. %g: see data.range", x->name, (long long)(i / size),
				array_at(x, i), store->low, store->low + 255 / store->scale);
	}
	return RNF_OK;
}

static rnf_status check_x(const struct rnf_host *host, struct store *store, const struct array *x)
{
	int64_t hwc[3];
	if (x->rank < 3)
		return host->fail(RNF_EINVAL, "%s has rank %d, must have 3 (n, h, w) or 4", x->name, x->rank);
	shape_of(store->conf, x, hwc);
	if (hwc[0] > SIDE_MAX || hwc[1] > SIDE_MAX)
		return host->fail(RNF_EINVAL, "%s has images of %lld x %lld, may have %d a side", x->name,
				  (long long)hwc[0], (long long)hwc[1], SIDE_MAX);
	if (store->h && (hwc[0] != store->h || hwc[1] != store->w || hwc[2] != store->c))
		return host->fail(RNF_EINVAL, "%s has images of another shape than X.npy", x->name);
	store->h = hwc[0], store->w = hwc[1], store->c = hwc[2];
	if (x->type == 'f') return check_floats(host, store, x);
	if (x->type == 'u' && x->width == 1) return RNF_OK;
	return host->fail(RNF_EINVAL, "%s must be of bytes (uint8) or floats", x->name);
}

/* -- y -- */

static rnf_status check_y(const struct rnf_host *host, const struct array *x,
			  const struct array *y, int64_t *largest)
{
	if (y->shape[0] != x->shape[0] || y->n != y->shape[0])
		return host->fail(RNF_EINVAL, "%s must have a label for each of the %lld images of %s",
				  y->name, (long long)x->shape[0], x->name);
	for (int64_t i = 0; i < y->n; i++) {
		const double label = array_at(y, i);
		if (!(label >= 0 && label < CLASSES_MAX) || label != floor(label))
			return host->fail(RNF_EINVAL, "%s: label %lld is %g, must be a whole number of "
				"0 .. %d", y->name, (long long)i, label, CLASSES_MAX - 1);
		if ((int64_t)label > *largest) *largest = (int64_t)label;
	}
	return RNF_OK;
}

static rnf_status set_classes(const struct rnf_host *host, const struct conf *conf,
			      int64_t largest, struct rnf_dataset_info *info)
{
	info->classes = conf->classes ? conf->classes : largest + 1;
	if (info->classes <= largest)
		return host->fail(RNF_EINVAL, "classes is %lld, but there is a label %lld",
				  (long long)conf->classes, (long long)largest);
	if (conf->names.n && (int64_t)conf->names.n != info->classes)
		return host->fail(RNF_EINVAL, "names has %zu entries, must have %lld: one a class",
				  conf->names.n, (long long)info->classes);
	info->names = conf->names.n ? conf->names.at : NULL;
	return RNF_OK;
}

/* -- both -- */

static rnf_status open_split(const struct rnf_host *host, const struct rnf_blob *pair,
			     struct store *store, int split, int64_t *largest)
{
	struct split *s = &store->splits[split];
	RNF_TRY(array_open(host, &pair[X], &s->x));
	RNF_TRY(array_open(host, &pair[Y], &s->y));
	RNF_TRY(check_x(host, store, &s->x));
	return check_y(host, &s->x, &s->y, largest);
}

static rnf_status set_range(const struct rnf_host *host, const struct conf *conf,
			    struct store *store)
{
	const struct rnf_floats range = conf->range;
	if (range.n && (range.n != 2 || !(range.at[0] < range.at[1])))
		return host->fail(RNF_EINVAL, "range must have two numbers, the smaller one first");
	store->low = range.n ? range.at[0] : 0;
	store->scale = 255 / (range.n ? range.at[1] - range.at[0] : 1);
	return RNF_OK;
}

static rnf_status open_files(const struct rnf_host *host, const void *conf_,
			     const struct rnf_blob *blobs, void **self,
			     struct rnf_dataset_info *info)
{
	const struct conf *conf = conf_;
	struct store *store = host->alloc(sizeof *store);
	int64_t largest = 0;
	if (!store) return host->fail(RNF_ENOMEM, "no memory");
	store->conf = conf;
	RNF_TRY(set_range(host, conf, store));
	const int splits = blobs[PAIR + X].data || blobs[PAIR + Y].data ? RNF_SPLITS : 1;
	for (int s = 0; s < splits; s++) {
		RNF_TRY(open_split(host, blobs + s * PAIR, store, s, &largest));
		info->images[s] = store->splits[s].y.n;
	}
	info->test = splits == 1 ? conf->test : 0;
	info->h = store->h, info->w = store->w, info->c = store->c;
	*self = store;
	return set_classes(host, conf, largest, info);
}

static uint8_t pixel(const struct store *store, const struct array *x, int64_t i)
{
	if (x->type == 'u') return x->data[i];
	return (uint8_t)((array_at(x, i) - store->low) * store->scale + 0.5);
}

static rnf_status read_image(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	const struct store *store = self;
	const struct array *x = &store->splits[split].x;
	const int64_t plane = store->h * store->w, c = store->c, first = i * plane * c;
	const int planes = x->rank == 4 && store->conf->layout == LAYOUT_NCHW;
	*label = (int32_t)array_at(&store->splits[split].y, i);
	for (int64_t p = 0; pixels && p < plane; p++)
		for (int64_t k = 0; k < c; k++)
			pixels[p * c + k] = pixel(store, x, first + (planes ? k * plane + p : p * c + k));
	return RNF_OK;
}

static const struct rnf_dataset_impl impl = {
	.files = files, .open = open_files, .read = read_image };
RNF_PLUGIN(dataset, npy, "arrays X.npy and y.npy of bytes or floats", &params, impl)
