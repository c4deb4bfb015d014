/* Values that a plugin's functions compute from weights (rnframe/row.h), before the batch, and
 * that stand where a weight may. Their readers sum the gradient over the batch like that of a
 * weight; then `bwd` turns it into the gradients of the weights. */
#include <rnframe/row.h>
#include <string.h>

#include "base/arena.h"
#include "op/builder.h"
#include "op/tape.h"

/* Of one op: its row, and those of its gradients. */
struct derive {
	const struct rnf_derive_impl *impl;
	struct rnf_op_row fwd, bwd;
};

static void fwd(const struct rnf_batch_io *io)
{
	const struct derive *derive = io->op->open;
	derive->impl->fwd(io->op->self, (const float *const *)io->in, io->out);
}

/* Its operands are dy, then those of the forward op. */
static void bwd(const struct rnf_batch_io *io)
{
	const struct derive *derive = io->op->open;
	derive->impl->bwd(io->op->self, (uint32_t)io->op->operand,
			  (const float *const *)io->in + 1, io->in[0] + io->op->offset[0], io->out);
}

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const struct derive *derive = op->open;
	int in[RNF_OP_INPUTS] = { dy };
	memcpy(in + 1, op->in, (size_t)op->n_in * sizeof *in);
	for (int i = 0; i < op->n_in; i++) {
		if (!rnf_tape_value(t, op->in[i]).needs_grad) continue;
		const int d = rnf_tape_append_like(t, op, &derive->bwd, in, op->n_in + 1, op->in[i]);
		rnf_op_of(t->p, d)->operand = i;
		rnf_op_of(t->p, d)->offset[0] = op->derived->gradient_offset;
		rnf_tape_receive_weight(t, op->in[i], d, 0);
	}
}

static struct derive *make_rows(struct rnf_graph *g, const struct rnf_derive_impl *impl)
{
	struct derive *derive = rnf_alloc(sizeof *derive);
	const char *name = rnf_builder_layer(g);
	derive->impl = impl;
	derive->fwd = (struct rnf_op_row){ .name = name, .words = name, .call = "derive",
		.class = RNF_DERIVED, .rows = 1, .gradient = gradient, .batch = fwd };
	derive->bwd = (struct rnf_op_row){ .name = rnf_format("%s_bwd", name), .words = name,
		.class = RNF_BATCH, .rows = 1, .batch = bwd };
	for (uint32_t j = 0; j < impl->n_in; j++)
		derive->fwd.in[j] = (struct rnf_operand_info){
			.name = rnf_format("in[%u]", j), .role = RNF_ROLE_SOURCE };
	return derive;
}

/* -- what a plugin hands over -- */

static rnf_val check(struct rnf_graph *g, const rnf_val *in, size_t n, const int64_t *shape,
		     const struct rnf_derive_impl *impl)
{
	if (!impl || !shape || (!in && n > 0))
		return rnf_builder_broken(g, "derive: %s is NULL", !impl ? "impl" : shape ? "in"
											  : "shape");
	if (impl->size < sizeof *impl || !impl->fwd)
		return rnf_builder_broken(g, "derive: its impl has no size or fwd");
	if (impl->n_in > RNF_IN_MAX)
		return rnf_builder_broken(g, "derive: n_in is %u, must be 0 .. %d", impl->n_in,
					  RNF_IN_MAX);
	if (n != impl->n_in)
		return rnf_builder_broken(g, "derive: gets %zu operands, its impl has %u", n,
					  impl->n_in);
	return 0;
}

static struct rnf_model_weight *describe(struct rnf_graph *g, int32_t rank, const int64_t *shape)
{
	struct rnf_model_weight *w = rnf_alloc(sizeof *w);
	*w = (struct rnf_model_weight){ .name = rnf_builder_scope(g), .rank = rank,
		.size = rnf_shape_size(rank, shape), .gradient = -1 };
	memcpy(w->shape, shape, (size_t)rank * sizeof *shape);
	return w;
}

static rnf_val call(struct rnf_graph *g, const rnf_val *in, size_t n, int32_t rank,
		    const int64_t *shape, const struct rnf_derive_impl *impl, const void *self)
{
	if (rnf_builder_of(g)->failed || check(g, in, n, shape, impl) < 0) return -1;
	if (rnf_check_shape(g, "derive", rank, shape) < 0) return -1;
	const struct derive *derive = make_rows(g, impl);
	struct rnf_op op = { .row = &derive->fwd, .n_in = (int)n, .open = derive, .self = self,
			     .derived = describe(g, rank, shape) };
	if (n > 0) memcpy(op.in, in, n * sizeof *in);
	const rnf_val v = rnf_append(g, &op, 1, 1, op.derived->size);
	if (v < 0) return -1;
	op.derived->value_id = v;
	const struct rnf_program *p = rnf_builder_of(g)->program;
	if (p->training && !impl->bwd && p->values[v].needs_grad)
		return rnf_builder_broken(g, "derive: its impl has no bwd, and the value is made of "
					  "a weight that is trained");
	return v;
}

void rnf_primitive_derive(struct rnf_graph *g)
{
	g->derive = call;
}
