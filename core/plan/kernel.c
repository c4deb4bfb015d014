/* Which kernel runs a conv: the backend's, else the core's plain one. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "plan/planner.h"
#include "plugin/answer.h"

static int is_floats(size_t bytes)
{
	return bytes % sizeof(float) == 0 && bytes <= (size_t)1 << 36;
}

/* Says what is wrong in a kernel of a backend; NULL: nothing. */
static const char *wrong_in(const struct rnf_kernel *k, enum rnf_conv_kind kind)
{
	if (!k->name) return "has no name";
	if (!k->run) return "has no function run";
	if (!is_floats(k->scratch_bytes)) return "needs scratch_bytes that are not whole floats";
	if (!is_floats(k->leaf_bytes)) return "needs leaf_bytes that are not whole floats";
	if (!k->pack != !k->pack_floats) return "has one of pack and pack_floats";
	if (k->pack && kind == RNF_CONV_BWD_WEIGHTS) return "packs weights, but reads none";
	return NULL;
}

static rnf_status check_kernel(const struct rnf_feature *backend, const struct rnf_op *op,
			       const struct rnf_kernel *kernel, enum rnf_conv_kind kind)
{
	const char *wrong = wrong_in(kernel, kind);
	if (!wrong) return RNF_OK;
	return rnf_fail(RNF_EPLUGIN, "layer %s: a kernel of backend.%s %s", op->label,
			backend->name, wrong);
}

rnf_status rnf_kernel_choose(const struct rnf_program *p,
			     const struct rnf_feature *backend, void *self,
			     const struct rnf_op *op, struct rnf_kernel *kernel)
{
	struct rnf_conv_shape shape;
	if (!op->row->conv) return RNF_OK;
	op->row->conv(p, op, &shape);
	if (backend) {
		const struct rnf_backend_impl *impl = backend->impl;
		rnf_answer_begin();
		const rnf_status status = impl->conv(self, &rnf_host, &shape, kernel);
		if (status == RNF_OK) return check_kernel(backend, op, kernel, shape.kind);
		if (status != RNF_EUNSUP) return rnf_answer(backend, "conv", status);
	}
	if (op->algorithm == RNF_ALGORITHM_WINOGRAD)
		return rnf_fail(RNF_EUNSUP, "layer %s: the backend %s has no winograd; "
				"algorithm must be auto or direct", op->label,
				backend ? backend->name : "of plain C");
	return op->row->plain(&shape, kernel);
}

const char *rnf_plan_kernels(const struct rnf_plan *plan)
{
	const char **names = NULL, *words = NULL;
	size_t n = 0;
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_tasks; j++) {
			const char *name = plan->phases[i].tasks[j].kernel.name;
			size_t k = 0;
			while (name && k < n && strcmp(names[k], name) != 0) k++;
			if (!name || k < n) continue;
			*(const char **)rnf_push((void **)&names, &n, sizeof *names) = name;
			words = words ? rnf_format("%s; %s", words, name) : name;
		}
	return words;
}
