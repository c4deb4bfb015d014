#include "graph/picture.h"

#include "base/arena.h"
#include "graph/outline.h"

enum { MOST = 100 }; /* layers in a picture that can be read */

struct walk {
	struct rnf_picture *picture;
	const struct rnf_program *p;
	int *owner;  /* of each value: index of what is drawn for it; -1: nothing */
	int frame;   /* the innermost that is open; -1: none */
	int blocks;  /* draw what is inside of blocks, not a block as one layer */
};

static struct rnf_drawn *add_drawn(struct walk *k, int value)
{
	struct rnf_picture *q = k->picture;
	struct rnf_drawn *d = rnf_push((void **)&q->drawn, &q->n_drawn, sizeof *d);
	*d = (struct rnf_drawn){ .type = "", .kernel = "", .value = value, .frame = k->frame,
				 .look = RNF_LOOK_OTHER };
	k->owner[value] = (int)q->n_drawn - 1;
	return d;
}

/* From what is drawn for `value` to what was added last. */
static void add_edge(struct walk *k, int value)
{
	struct rnf_picture *q = k->picture;
	const int from = k->owner[value], to = (int)q->n_drawn - 1;
	if (from < 0 || from == to) return;
	*(struct rnf_drawn_edge *)rnf_push((void **)&q->edges, &q->n_edges, sizeof *q->edges) =
		(struct rnf_drawn_edge){ .from = from, .to = to, .value = value };
}

/* "3x3/2": kernel and stride of its only convolution; "" if it has none or several. */
static const char *kernel_words(const struct rnf_program *p, const struct rnf_model_layer *l)
{
	const char *words = "";
	for (size_t i = l->ops[0]; i < l->ops[1]; i++) {
		struct rnf_conv_shape shape;
		if (!p->ops[i].row->conv) continue;
		if (*words) return "";
		p->ops[i].row->conv(p, &p->ops[i], &shape);
		words = rnf_format("%lldx%lld%s", (long long)shape.window.kernel_h,
				   (long long)shape.window.kernel_w, shape.window.stride == 1 ? ""
				   : rnf_format("/%lld", (long long)shape.window.stride));
	}
	return words;
}

static enum rnf_drawn_look look_of(const struct rnf_program *p, const struct rnf_model_layer *l)
{
	if (rnf_layer_macs(p, l) > 0) return RNF_LOOK_HEAVY;
	if (l->n_in > 1) return RNF_LOOK_JOINS;
	if (l->weights[1] > l->weights[0]) return RNF_LOOK_LEARNS;
	for (size_t i = l->ops[0]; i < l->ops[1]; i++)
		if (p->ops[i].act) return RNF_LOOK_ACTS;
	return RNF_LOOK_OTHER;
}

static void draw_layer(struct walk *k, const struct rnf_model_layer *l, size_t n)
{
	struct rnf_drawn *d = add_drawn(k, l->out);
	d->label = n > 1 ? rnf_format("%s \xc3\x97%zu", l->label, n) : l->label;
	d->type = l->feature->name;
	d->kernel = kernel_words(k->p, l);
	d->parameters = rnf_layer_parameters(k->p, l);
	d->look = look_of(k->p, l);
	for (size_t i = 0; i < l->n_in; i++)
		add_edge(k, l->in[i]);
}

/* An op of the block itself, if it makes an image. */
static void draw_op(struct walk *k, const struct rnf_op *op)
{
	if (k->p->values[op->out].domain != RNF_IMAGE) return;
	add_drawn(k, op->out)->label = op->row->name;
	for (int i = 0; i < op->n_in; i++)
		if (k->p->values[op->in[i]].domain == RNF_IMAGE) add_edge(k, op->in[i]);
}

static void draw(struct walk *k, size_t layer, size_t n);

/* Draw the layer once for itself and the equal ones that follow it, up to `end`; returns the last
 * of them. */
static size_t draw_run(struct walk *k, size_t layer, size_t end)
{
	size_t n, last = layer;
	rnf_layer_run(k->p, layer, end, &n);
	if (!rnf_layer_composes(k->p, layer)) n = 1;
	draw(k, layer, n);
	for (size_t i = 1; i < n; i++)
		last = k->p->layers[last].end;
	return last;
}

/* Draw what is inside a layer, in the order of its ops. */
static void draw_inside(struct walk *k, size_t layer)
{
	const struct rnf_model_layer *l = &k->p->layers[layer];
	size_t inside = layer + 1;
	for (size_t op = l->ops[0]; op < l->ops[1] || inside < l->end;) {
		if (inside == l->end || op < k->p->layers[inside].ops[0]) {
			draw_op(k, &k->p->ops[op++]);
			continue;
		}
		const struct rnf_model_layer *last = &k->p->layers[draw_run(k, inside, l->end)];
		inside = last->end;
		op = last->ops[1];
	}
}

static void draw_frame(struct walk *k, size_t layer, size_t n)
{
	struct rnf_picture *q = k->picture;
	const struct rnf_model_layer *l = &k->p->layers[layer];
	const int outer = k->frame;
	k->frame = (int)q->n_frames;
	*(struct rnf_drawn_frame *)rnf_push((void **)&q->frames, &q->n_frames, sizeof *q->frames) =
		(struct rnf_drawn_frame){ .label = l->label, .type = l->feature->name, .n = n,
			.outer = outer, .depth = outer < 0 ? 0 : q->frames[outer].depth + 1 };
	draw_inside(k, layer);
	k->frame = outer;
}

/* A layer that returns its input is left out: it does nothing in this program. */
static void draw(struct walk *k, size_t layer, size_t n)
{
	const struct rnf_model_layer *l = &k->p->layers[layer], *last = l;
	const int given = k->owner[l->out];
	if (given >= 0 && l->n_in == 1 && l->out == l->in[0]) return;
	if (rnf_layer_composes(k->p, layer) && (k->blocks || !rnf_layer_is_block(l)))
		draw_frame(k, layer, n);
	else draw_layer(k, l, n);
	for (size_t i = 1; i < n; i++)
		last = &k->p->layers[last->end];
	k->owner[last->out] = k->owner[l->out];
}

static struct rnf_picture *picture(const struct rnf_program *p, int blocks)
{
	struct rnf_picture *q = rnf_alloc(sizeof *q);
	struct walk k = { .picture = q, .p = p, .frame = -1, .blocks = blocks,
			  .owner = rnf_alloc(p->n_values * sizeof(int)) };
	q->program = p;
	for (size_t i = 0; i < p->n_values; i++)
		k.owner[i] = -1;
	*add_drawn(&k, p->input) = (struct rnf_drawn){ .label = "input", .type = "", .kernel = "",
		.value = p->input, .frame = -1, .look = RNF_LOOK_INPUT };
	for (size_t i = 0; i < p->n_layers; i = p->layers[i].end)
		draw(&k, i, 1);
	return q;
}

struct rnf_picture *rnf_picture_of(const struct rnf_program *p)
{
	struct rnf_picture *q = picture(p, 1);
	if (q->n_drawn > MOST) q = picture(p, 0);
	rnf_picture_place(q);
	return q;
}
