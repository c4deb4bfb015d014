/* Primitives of plugins (rnframe/row.h): makes a row for each op and its gradients, whose
 * functions call the plugin's. */
#include <rnframe/row.h>
#include <string.h>

#include "base/arena.h"
#include "op/builder.h"
#include "op/tape.h"

/* The row of one op and the rows of its gradients. */
struct open {
	const struct rnf_row_impl *row;     /* or: */
	const struct rnf_image_impl *image;
	int64_t pixels, channels; /* of x */
	uint32_t n_in;
	const uint32_t *roles, *reads;
	struct rnf_op_row fwd, bwd[RNF_IN_MAX];
};

/* -- operands: a gradient reads dy, then operands of the op -- */

static int reads(const struct open *open, int of, uint32_t j)
{
	return !open->reads || (open->reads[of] >> j & 1);
}

static void spread(const struct open *open, int of, const float *const *in,
		   const float *all[RNF_IN_MAX])
{
	int next = 1;
	for (uint32_t j = 0; j < open->n_in; j++)
		all[j] = reads(open, of, j) ? in[next++] : NULL;
}

static struct rnf_tile place(const struct rnf_op *op, uint64_t key, uint64_t sample, int training)
{
	const struct open *open = op->open;
	return (struct rnf_tile){ .size = sizeof(struct rnf_tile), .key = key ^ op->node,
				  .sample = sample, .channels = open->channels,
				  .training = training && !op->frozen };
}

static struct rnf_tile place_tile(const struct rnf_tile_io *io)
{
	struct rnf_tile tile = place(io->op, io->key, io->sample, io->training);
	tile.pixels = io->pixels;
	tile.offset = (uint64_t)(io->first * tile.channels);
	return tile;
}

static struct rnf_tile place_image(const struct rnf_image_io *io)
{
	const struct open *open = io->op->open;
	struct rnf_tile tile = place(io->op, io->key, io->sample, io->training);
	tile.pixels = open->pixels;
	return tile;
}

/* -- tiles -- */

static void tile_fwd(const struct rnf_tile_io *io)
{
	const struct open *open = io->op->open;
	const struct rnf_tile tile = place_tile(io);
	open->row->fwd(io->op->self, &tile, io->in, io->out);
}

static void tile_bwd(const struct rnf_tile_io *io)
{
	const struct open *open = io->op->open;
	const struct rnf_tile tile = place_tile(io);
	const float *in[RNF_IN_MAX];
	spread(open, io->op->operand, io->in, in);
	open->row->bwd(io->op->self, &tile, (uint32_t)io->op->operand, in, io->in[0], io->out);
}

static void keep_sum(const struct rnf_sum_io *io)
{
	memcpy(io->to, io->sums, (size_t)io->n * sizeof *io->to);
}

/* -- images -- */

static void image_fwd(const struct rnf_image_io *io)
{
	const struct open *open = io->op->open;
	const struct rnf_tile tile = place_image(io);
	open->image->fwd(io->op->self, &tile, io->in, io->out, io->scratch);
}

static void image_bwd(const struct rnf_image_io *io)
{
	const struct open *open = io->op->open;
	const int i = io->op->operand;
	const struct rnf_tile tile = place_image(io);
	const float *in[RNF_IN_MAX];
	spread(open, i, io->in, in);
	if (open->roles[i] == RNF_IN_WEIGHT && io->first)
		memset(io->out, 0, (size_t)rnf_value_size(io->y) * sizeof *io->out);
	open->image->bwd(io->op->self, &tile, (uint32_t)i, in, io->in[0], io->out, io->scratch);
}

/* -- rows -- */

static const struct {
	const char *word;
	enum rnf_role role;
	enum rnf_op_class gradient;
} roles[] = {
	[RNF_IN_TILE] = { "a tile", RNF_ROLE_TILE, RNF_CHAIN },
	[RNF_IN_PLANE] = { "a plane", RNF_ROLE_PLANE, RNF_CHAIN },
	[RNF_IN_MAP] = { "a map", RNF_ROLE_MAP, RNF_CHAIN },
	[RNF_IN_VECTOR] = { "a vector", RNF_ROLE_VECTOR, RNF_CHAIN_SUM },
	[RNF_IN_SCALAR] = { "a scalar", RNF_ROLE_SCALAR, RNF_CHAIN_SUM },
	[RNF_IN_WEIGHT] = { "a weight", RNF_ROLE_TENSOR, RNF_CHAIN_REDUCE },
	[RNF_IN_IMAGE] = { "an image", RNF_ROLE_IMAGE, RNF_HEAVY },
};
enum { ROLES = sizeof roles / sizeof *roles };

static void add_operand(struct rnf_op_row *row, int at, const char *name, enum rnf_role role)
{
	row->in[at] = (struct rnf_operand_info){ .name = name, .role = role };
}

static enum rnf_op_class class_of_gradient(const struct open *open, uint32_t role)
{
	if (open->row) return roles[role].gradient;
	return role == RNF_IN_WEIGHT ? RNF_HEAVY_REDUCE : RNF_HEAVY;
}

static void make_gradient(struct open *open, uint32_t i, const char *name)
{
	struct rnf_op_row *row = &open->bwd[i];
	int at = 0;
	*row = (struct rnf_op_row){ .name = rnf_format("%s_bwd%u", name, i), .words = name,
		.class = class_of_gradient(open, open->roles[i]), .rows = 1,
		.apart = open->fwd.apart };
	add_operand(row, at++, "dy", RNF_ROLE_IMAGE);
	for (uint32_t j = 0; j < open->n_in; j++)
		if (reads(open, (int)i, j))
			add_operand(row, at++, open->fwd.in[j].name, roles[open->roles[j]].role);
	if (open->image) row->image = image_bwd;
	else row->tile = tile_bwd;
	if (row->class == RNF_CHAIN_SUM) row->sum = keep_sum;
	if (row->class == RNF_CHAIN_REDUCE) row->sum = rnf_sum_reduce;
}

static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const struct open *open = op->open;
	for (uint32_t i = 0; i < open->n_in; i++) {
		const int v = op->in[i];
		int in[RNF_OP_INPUTS] = { dy }, n = 1;
		if (!rnf_tape_value(t, v).needs_grad) continue;
		for (uint32_t j = 0; j < open->n_in; j++)
			if (reads(open, (int)i, j)) in[n++] = op->in[j];
		const int d = rnf_tape_append_like(t, op, &open->bwd[i], in, n, v);
		rnf_op_of(t->p, d)->operand = (int)i;
		if (open->roles[i] == RNF_IN_WEIGHT) rnf_tape_receive_weight(t, v, d, 0);
		else rnf_tape_receive(t, op, v, d);
	}
}

static int32_t formula(const struct rnf_op *op, struct rnf_formula *f, const int32_t *in)
{
	const struct open *open = op->open;
	int32_t (*of)(const void *, struct rnf_formula *, const int32_t *) =
		open->row ? open->row->formula : open->image->formula;
	return of ? of(op->self, f, in) : -1;
}

static void make_rows(struct rnf_graph *g, struct open *open, uint32_t flags)
{
	const char *name = rnf_builder_layer(g);
	open->fwd = (struct rnf_op_row){ .name = name, .words = name,
		.call = open->row ? "rows" : "image",
		.class = open->row ? RNF_CHAIN : RNF_HEAVY, .rows = 1, .gradient = gradient,
		.formula = formula,
		.keep = flags & RNF_ROW_CHEAP ? RNF_CHEAP : RNF_KEPT,
		.apart = !(flags & RNF_ROW_IN_PLACE),
		.tile = open->row ? tile_fwd : NULL, .image = open->row ? NULL : image_fwd };
	for (uint32_t j = 0; j < open->n_in; j++)
		add_operand(&open->fwd, (int)j, rnf_format("in[%u]", j),
			    j == 0 ? RNF_ROLE_IMAGE : roles[open->roles[j]].role);
	for (uint32_t i = 0; i < open->n_in; i++)
		make_gradient(open, i, name);
}

/* -- checks of what the plugin passes -- */

static rnf_val check_role(struct rnf_graph *g, const char *call, uint32_t j, uint32_t role,
			  int of_image)
{
	const int is_one = of_image ? role == RNF_IN_IMAGE || role == RNF_IN_WEIGHT
		: j == 0 ? role == RNF_IN_TILE : role < RNF_IN_IMAGE;
	if (is_one) return 0;
	return rnf_builder_broken(g, "%s: the role of in[%u] is %s, must be %s", call, j,
				  role < ROLES ? roles[role].word : "none",
				  of_image ? "an image or a weight"
				  : j == 0 ? "a tile" : "any but an image");
}

static rnf_val check(struct rnf_graph *g, const struct open *open, size_t n, int complete)
{
	const char *call = open->row ? "rows" : "image";
	if (!complete)
		return rnf_builder_broken(g, "%s: its impl has no size, roles, fwd or bwd", call);
	if (open->n_in < 1 || open->n_in > RNF_IN_MAX)
		return rnf_builder_broken(g, "%s: n_in is %u, must be 1 .. %d", call, open->n_in,
					  RNF_IN_MAX);
	if (n != open->n_in)
		return rnf_builder_broken(g, "%s: gets %zu operands, its impl has %u", call, n,
					  open->n_in);
	for (uint32_t j = 0; j < open->n_in; j++) {
		if (check_role(g, call, j, open->roles[j], !open->row) < 0) return -1;
		if (open->reads && open->reads[j] >> open->n_in)
			return rnf_builder_broken(g, "%s: reads[%u] names operands that it has "
						  "not", call, j);
	}
	return 0;
}

static struct rnf_op op_of(struct rnf_graph *g, struct open *open, const rnf_val *in,
			   const void *self)
{
	struct rnf_op op = { .row = &open->fwd, .n_in = (int)open->n_in, .open = open,
			     .self = self, .node = rnf_builder_key(g) };
	memcpy(op.in, in, open->n_in * sizeof *in);
	const struct rnf_value x = rnf_shape_of(g, in[0]);
	open->pixels = x.h * x.w;
	open->channels = x.c;
	return op;
}

static rnf_val rows(struct rnf_graph *g, const rnf_val *in, size_t n, int64_t channels,
		    const struct rnf_row_impl *impl, const void *self)
{
	struct open *open = rnf_alloc(sizeof *open);
	if (!in || !impl) return rnf_builder_broken(g, "rows: %s is NULL", in ? "impl" : "in");
	*open = (struct open){ .row = impl, .n_in = impl->n_in, .roles = impl->roles,
			       .reads = impl->reads };
	const int complete = impl->size >= sizeof *impl && impl->roles && impl->fwd && impl->bwd;
	if (check(g, open, n, complete) < 0) return -1;
	make_rows(g, open, impl->flags);
	const struct rnf_op op = op_of(g, open, in, self);
	const struct rnf_value x = rnf_shape_of(g, in[0]);
	return rnf_append(g, &op, x.h, x.w, channels ? channels : x.c);
}

static rnf_val image(struct rnf_graph *g, const rnf_val *in, size_t n, const int64_t hwc[3],
		     const struct rnf_image_impl *impl, const void *self)
{
	struct open *open = rnf_alloc(sizeof *open);
	if (!in || !impl || !hwc)
		return rnf_builder_broken(g, "image: %s is NULL", !in ? "in" : impl ? "hwc" : "impl");
	*open = (struct open){ .image = impl, .n_in = impl->n_in, .roles = impl->roles,
			       .reads = impl->reads };
	const int complete = impl->size >= sizeof *impl && impl->roles && impl->fwd && impl->bwd;
	if (check(g, open, n, complete) < 0) return -1;
	make_rows(g, open, 0);
	struct rnf_op op = op_of(g, open, in, self);
	op.scratch = impl->scratch;
	return rnf_append(g, &op, hwc[0], hwc[1], hwc[2]);
}

void rnf_primitive_open(struct rnf_graph *g)
{
	g->rows = rows;
	g->image = image;
}
