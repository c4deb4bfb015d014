#include "run/history.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/status.h"

#define FIGURE(member, whole) { #member, offsetof(struct rnf_epoch, member), whole }

const struct rnf_epoch_figure rnf_epoch_figures[RNF_EPOCH_FIGURES] = {
	FIGURE(epoch, 1), FIGURE(step, 1), FIGURE(time_s, 0), FIGURE(lr, 0),
	FIGURE(train_loss, 0), FIGURE(train_data_loss, 0), FIGURE(train_accuracy, 0),
	FIGURE(val_loss, 0), FIGURE(val_accuracy, 0), FIGURE(images_per_s, 0),
	FIGURE(peak_rss_bytes, 1),
};

static int64_t whole(const struct rnf_epoch *epoch, size_t i)
{
	int64_t value;
	memcpy(&value, (const char *)epoch + rnf_epoch_figures[i].offset, sizeof value);
	return value;
}

double rnf_epoch_figure(const struct rnf_epoch *epoch, size_t i)
{
	double value;
	if (rnf_epoch_figures[i].whole) return (double)whole(epoch, i);
	memcpy(&value, (const char *)epoch + rnf_epoch_figures[i].offset, sizeof value);
	return value;
}

json_t *rnf_epoch_list(const struct rnf_epoch *epoch)
{
	json_t *list = json_array();
	for (size_t i = 0; i < RNF_EPOCH_FIGURES; i++)
		json_array_append_new(list, rnf_epoch_figures[i].whole
				      ? json_integer(whole(epoch, i))
				      : rnf_json_number(rnf_epoch_figure(epoch, i)));
	return list;
}

rnf_status rnf_epoch_read(const json_t *list, struct rnf_epoch *epoch)
{
	if (json_array_size(list) != RNF_EPOCH_FIGURES)
		return rnf_fail(RNF_EINVAL, "an epoch has %zu figures, must have %d",
				json_array_size(list), RNF_EPOCH_FIGURES);
	for (size_t i = 0; i < RNF_EPOCH_FIGURES; i++) {
		const json_t *item = json_array_get(list, i);
		char *at = (char *)epoch + rnf_epoch_figures[i].offset;
		const int64_t n = json_integer_value(item);
		const double x = json_is_number(item) ? json_number_value(item) : NAN;
		if (rnf_epoch_figures[i].whole) memcpy(at, &n, sizeof n);
		else memcpy(at, &x, sizeof x);
	}
	return RNF_OK;
}
