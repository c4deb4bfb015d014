#include "train/contract.h"

#include <inttypes.h>
#include <math.h>
#include <rnframe/initializer.h>

#include "base/arena.h"
#include "base/floats.h"
#include "base/running.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"

/* More would exceed what a conf may set, or overflow 63 bits as a count of pixels. */
enum { PIXELS_MAX = 65536, CLASSES_MAX = 1 << 20 };
static const int64_t values_max = (int64_t)1 << 36;

static rnf_status out_of_range(const struct rnf_feature *f, const char *what, int64_t value,
			       int64_t least, int64_t most)
{
	if (value >= least && value <= most) return RNF_OK;
	return rnf_fail(RNF_EPLUGIN, "%s.%s: %s is %" PRId64 ", must be %" PRId64 " .. %" PRId64,
			f->kind, f->name, what, value, least, most);
}

static const char *const splits[RNF_SPLITS] = { "training", "test" };

static rnf_status check_names(const struct rnf_config *c, const struct rnf_dataset_info *info)
{
	for (int64_t k = 0; info->names && k < info->classes; k++) {
		const char *must = info->names[k] ? rnf_utf8_must(info->names[k]) : "there";
		if (must)
			return rnf_fail(RNF_EINVAL, "%sdata: the name of class %" PRId64 ", %s, must be %s",
					rnf_conf_place(rnf_conf_get(c->tree, "data")), k,
					rnf_text_quoted(info->names[k] ? info->names[k] : ""), must);
	}
	return RNF_OK;
}

rnf_status rnf_contract_splits(const struct rnf_config *c, const struct rnf_dataset_info *info)
{
	const struct rnf_feature *f = c->root.data->feature;
	RNF_TRY(out_of_range(f, "the number of its classes", info->classes, 1, CLASSES_MAX));
	for (int i = 0; i < RNF_SPLITS; i++)
		RNF_TRY(out_of_range(f, rnf_format("the number of its %s images", splits[i]),
				     info->images[i], 0, values_max));
	RNF_TRY(out_of_range(f, "the number of its images for validation", info->validation, 0,
			     info->images[RNF_SPLIT_TRAIN]));
	if (!(info->test >= 0 && info->test < 1))
		return rnf_fail(RNF_EPLUGIN, "%s.%s: its share for the test is %g, must be 0 .. 1",
				f->kind, f->name, info->test);
	return check_names(c, info);
}

rnf_status rnf_contract_dataset(const struct rnf_config *c, const struct rnf_dataset_info *info)
{
	const struct rnf_feature *f = c->root.data->feature;
	RNF_TRY(out_of_range(f, "the height of its images", info->h, 1, PIXELS_MAX));
	RNF_TRY(out_of_range(f, "the width of its images", info->w, 1, PIXELS_MAX));
	RNF_TRY(out_of_range(f, "the number of their channels", info->c, 1,
			     values_max / (info->h * info->w)));
	for (int i = 0; i < RNF_SPLITS; i++)
		if (info->images[i] == 0)
			return rnf_fail(RNF_EINVAL, "%sdata: %s has no %s images",
					rnf_conf_place(rnf_conf_get(c->tree, "data")), f->name,
					splits[i]);
	return RNF_OK;
}

/* -- losses -- */

static rnf_status check_probabilities(const struct rnf_feature *f, size_t k, const float *p)
{
	double sum = 0;
	for (size_t i = 0; i < k; i++) {
		if (!(p[i] >= 0))
			return rnf_fail(RNF_EPLUGIN, "%s.%s: predict gives the probability %g",
					f->kind, f->name, (double)p[i]);
		sum += p[i];
	}
	if (fabs(sum - 1) <= 1e-3) return RNF_OK;
	return rnf_fail(RNF_EPLUGIN, "%s.%s: predict gives probabilities that sum to %g, must be 1",
			f->kind, f->name, sum);
}

static rnf_status check_row(const struct rnf_ref *ref, size_t k, const float *logits,
			    const float *target, float *out)
{
	const struct rnf_feature *f = ref->feature;
	const struct rnf_loss_impl *impl = f->impl;
	const double loss = impl->loss(ref->conf, k, logits, target);
	const double plain = impl->plain(ref->conf, k, logits, target);
	if (!isfinite(loss) || !isfinite(plain))
		return rnf_fail(RNF_EPLUGIN, "%s.%s: the loss of small logits is %g, and %g without "
				"regularisers", f->kind, f->name, loss, plain);
	impl->gradient(ref->conf, k, logits, target, 1.0f, out);
	if (rnf_count_bad(out, (int64_t)k))
		return rnf_fail(RNF_EPLUGIN, "%s.%s: the gradient at small logits is not finite",
				f->kind, f->name);
	impl->predict(ref->conf, k, logits, out);
	return check_probabilities(f, k, out);
}

rnf_status rnf_contract_loss(const struct rnf_ref *ref, int64_t classes)
{
	const size_t k = (size_t)classes;
	float *logits = rnf_alloc(3 * k * sizeof *logits), *target = logits + k;
	rnf_status status = RNF_OK;
	target[k - 1] = 1;
	rnf_running_set(ref->feature);
	for (int row = 0; row < 2 && status >= 0; row++) {
		for (size_t i = 0; i < k; i++)
			logits[i] = 0.5f * (float)row * (float)(i % 7);
		status = check_row(ref, k, logits, target, target + k);
	}
	rnf_running_set(NULL);
	return status;
}

/* -- initializers -- */

/* Prefilled with NaN, so that a value left out shows like one that makes no sense. */
rnf_status rnf_contract_fill(const struct rnf_model_weight *weight, struct rnf_random *random,
			     float *w)
{
	const struct rnf_feature *f = weight->initializer->feature;
	const struct rnf_initializer_impl *impl = f->impl;
	for (int64_t i = 0; i < weight->size; i++)
		w[i] = NAN;
	rnf_running_set(f);
	impl->fill(weight->initializer->conf, random, weight->fan_in, weight->fan_out,
		   (size_t)weight->size, w);
	rnf_running_set(NULL);
	const int64_t bad = rnf_count_bad(w, weight->size);
	if (bad == 0) return RNF_OK;
	return rnf_fail(RNF_EPLUGIN, "%s.%s: leaves %" PRId64 " of the %" PRId64 " values of %s NaN, "
			"infinite or not filled", f->kind, f->name, bad, weight->size,
			weight->name);
}
