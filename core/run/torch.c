#include "run/torch.h"

#include <string.h>

#include "base/arena.h"
#include "train/weights.h"

static const struct {
	const char *ours, *torch;
	int of_norm; /* only beside a gamma */
} words[] = {
	{ "kernel", "weight", 0 }, { "gamma", "weight", 0 }, { "beta", "bias", 1 },
	{ "moving_mean", "running_mean", 1 }, { "moving_variance", "running_var", 1 },
};

static const char *after_layer(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

static int has_gamma(const struct rnf_named_tensor *tensors, size_t n, const char *name)
{
	const char *gamma = rnf_format("%.*sgamma", (int)(after_layer(name) - name), name);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(tensors[i].name, gamma)) return 1;
	return 0;
}

static const char *name_of(const struct rnf_named_tensor *tensors, size_t n, const char *name)
{
	const char *last = after_layer(name);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(last, words[i].ours) &&
		    (!words[i].of_norm || has_gamma(tensors, n, name))) {
			last = words[i].torch;
			break;
		}
	const char *layer = after_layer(name);
	if (layer == name) return last;
	return rnf_format("%.*s.%s", (int)(layer - name - 1), name, last);
}

/* (pixels, in, out) to (out, in, pixels). */
static float *turned(const float *from, int64_t pixels, int64_t in, int64_t out)
{
	float *to = rnf_alloc((size_t)(pixels * in * out) * sizeof *to);
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t i = 0; i < in; i++)
			for (int64_t o = 0; o < out; o++)
				to[(o * in + i) * pixels + p] = from[(p * in + i) * out + o];
	return to;
}

static void turn(struct rnf_named_tensor *t)
{
	const int32_t last = t->rank - 1;
	const int64_t in = t->shape[last - 1], out = t->shape[last];
	t->data = turned(t->data, rnf_tensor_size(t) / (in * out), in, out);
	memmove(t->shape + 2, t->shape, (size_t)(t->rank - 2) * sizeof *t->shape);
	t->shape[0] = out;
	t->shape[1] = in;
}

struct rnf_named_tensor *rnf_torch_tensors(const struct rnf_named_tensor *tensors, size_t n)
{
	struct rnf_named_tensor *to = rnf_alloc((n + 1) * sizeof *to);
	for (size_t i = 0; i < n; i++) {
		to[i] = tensors[i];
		to[i].name = name_of(tensors, n, tensors[i].name);
		if (!strcmp(after_layer(tensors[i].name), "kernel") && to[i].rank >= 2) turn(&to[i]);
	}
	return to;
}
