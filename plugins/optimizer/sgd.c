/* sgd: gradient descent with momentum, in Keras' form. With the gradient
 * g = dloss/dw + 2 l2 w:
 *   v = m v - lr g;  w = w + v           (nesterov: w = w + m v - lr g)
 * Unlike in PyTorch's form the rate is inside v, so a change of the rate acts
 * on new gradients only. Source: Keras 2, optimizers.SGD. */
#include <rnframe/training.h>
#include <rnframe/vmath.h>

struct conf {
	double lr, momentum;
	int32_t nesterov;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, lr, 0.1, 0, 100, "", "base rate, which the scheduler shapes"),
	RNF_FLOAT(struct conf, momentum, 0.9, 0, 1, "", "share of the last step that is kept"),
	RNF_BOOL(struct conf, nesterov, 0, "look ahead along the momentum"));

struct rates {
	float lr, momentum, decay;
};

RNF_MULTIARCH static void update_plain(struct rates rates, size_t n,
				       float *restrict w, const float *restrict dw,
				       float *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const float g = dw[i] + rates.decay * w[i];
		v[i] = rates.momentum * v[i] - rates.lr * g;
		w[i] += v[i];
	}
}

RNF_MULTIARCH static void update_nesterov(struct rates rates, size_t n,
					  float *restrict w,
					  const float *restrict dw,
					  float *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const float step = rates.lr * (dw[i] + rates.decay * w[i]);
		v[i] = rates.momentum * v[i] - step;
		w[i] += rates.momentum * v[i] - step;
	}
}

static void update(const void *self, const struct rnf_update *u, size_t n,
		   float *w, const float *gradient, float *const *slots)
{
	const struct conf *conf = self;
	const struct rates rates = {
		.lr = (float)u->lr,
		.momentum = (float)conf->momentum,
		.decay = (float)(2.0 * u->l2),
	};
	if (conf->nesterov)
		update_nesterov(rates, n, w, gradient, slots[0]);
	else
		update_plain(rates, n, w, gradient, slots[0]);
}

static const struct rnf_optimizer_impl impl = {
	.n_slots = 1,
	.slots = { "momentum" },
	.update = update,
};
RNF_PLUGIN(optimizer, sgd, "gradient descent with momentum, as Keras does it",
	   &params, impl)
