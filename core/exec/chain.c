/* Runs a chain over one image: tile after tile goes through all links, in L1. */
#include <stdatomic.h>
#include <string.h>

#include "exec/exec.h"
#include "exec/narrow.h"

struct run {
	struct rnf_worker *w;
	const struct rnf_chain *chain;
	float **strands;         /* the worker's */
	struct rnf_tile_io io; /* what all links of the tile have in common */
};

/* A strand's floats are those of the tile; a whole operand is passed from its beginning. */
static float *input(const struct run *r, const struct rnf_link_input *in)
{
	return in->strand >= 0 ? r->strands[in->strand] : rnf_at(r->w, in->whole);
}

static void move(struct run *r, const struct rnf_link *s)
{
	const int64_t n = r->io.pixels * s->c, at = r->io.first * s->c;
	uint16_t *kept = (uint16_t *)rnf_at(r->w, s->in[0].whole) + at;
	if (s->move == RNF_MOVE_WIDEN) rnf_widen(n, kept, r->strands[s->out]);
	else rnf_narrow(n, r->strands[s->in[0].strand], kept);
}

static void apply(struct run *r, const struct rnf_link *s)
{
	struct rnf_tile_io *io = &r->io;
	const struct rnf_op_row *row = s->op->row;
	atomic_store_explicit(&r->w->op, s->op, memory_order_relaxed);
	io->op = s->op;
	io->c = s->c;
	for (int i = 0; i < s->op->n_in; i++)
		io->in[i] = input(r, &s->in[i]);
	io->out = s->out >= 0 ? r->strands[s->out] : r->w->accumulators + s->acc;
	if (s->forward < 0) {
		row->tile(io);
	} else {
		io->forward = r->strands[s->forward];
		row->both(io);
	}
}

/* Store an image's sums in their vector, or add them to the sum of the leaf. */
static void finish(const struct run *r, const struct rnf_link *s)
{
	struct rnf_worker *w = r->w;
	const struct rnf_op_row *row = s->op->row;
	if (row->sum)
		row->sum(&(struct rnf_sum_io){
			.op = s->op, .sums = w->accumulators + s->acc,
			.to = row->class == RNF_CHAIN_SUM ? rnf_at(w, s->sum)
							  : w->reduction + s->reduction,
			.c = s->c, .image_pixels = r->chain->pixels,
			.n = rnf_value_size(&w->exec->plan->program->values[s->op->out]),
			.first = w->first });
}

static void tile(struct run *r, int64_t index)
{
	const struct rnf_chain *chain = r->chain;
	const int64_t temp = rnf_round16(chain->tile_pixels * chain->c);
	const int64_t first = index * chain->tile_pixels, left = chain->pixels - first;
	r->io.first = first;
	r->io.pixels = left < chain->tile_pixels ? left : chain->tile_pixels;
	for (size_t i = 0; i < chain->n_strands; i++) {
		const struct rnf_strand *strand = &chain->strands[i];
		r->strands[i] = strand->temp >= 0
			? r->w->tiles + strand->temp * temp
			: rnf_at(r->w, strand->operand) + first * strand->c;
	}
	for (size_t i = 0; i < chain->n_links; i++)
		(chain->links[i].move ? move : apply)(r, &chain->links[i]);
}

static void begin(struct run *r, struct rnf_worker *w, const struct rnf_chain *chain)
{
	const struct rnf_exec *exec = w->exec;
	r->w = w;
	r->chain = chain;
	r->strands = w->strands;
	r->io = (struct rnf_tile_io){
		.image_pixels = chain->pixels, .key = exec->key,
		.training = exec->plan->program->training,
		.sample = rnf_sample_of(w) };
	memset(w->accumulators, 0, (size_t)chain->acc_floats * sizeof(float));
}

/* A chain with sums is never cut in parts. */
void rnf_chain_run(struct rnf_worker *w, const struct rnf_chain *chain)
{
	struct run r;
	const int64_t tiles =
		(chain->pixels + chain->tile_pixels - 1) / chain->tile_pixels;
	int64_t i, to;
	begin(&r, w, chain);
	rnf_threads_share(tiles, w->part, w->parts, &i, &to);
	for (; i < to; i++)
		tile(&r, i);
	for (size_t k = 0; k < chain->n_links; k++)
		if (!chain->links[k].move) finish(&r, &chain->links[k]);
}
