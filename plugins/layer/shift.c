/* shift: y[i][j] = x[i + rows][j + columns], zeros where x has no such pixel.
 * x, y (h, w, c); dx is dy shifted back. */
#include <string.h>
#include <rnframe/layer.h>

struct conf {
	int64_t rows, columns;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, rows, 0, -65535, 65535, "pixels", "up; down where it is negative"),
	RNF_INT(struct conf, columns, 0, -65535, 65535, "pixels",
		"to the left; to the right where it is negative"));

/* Of one place in the model. */
struct place {
	int64_t h, w, c, rows, columns;
};

static void shift(const struct place *s, int64_t rows, int64_t columns, const float *x, float *y)
{
	for (int64_t i = 0; i < s->h; i++)
		for (int64_t j = 0; j < s->w; j++, y += s->c) {
			const int64_t row = i + rows, column = j + columns;
			const int is_there = row >= 0 && row < s->h && column >= 0 && column < s->w;
			const size_t bytes = (size_t)s->c * sizeof *y;
			if (is_there) memcpy(y, x + (row * s->w + column) * s->c, bytes);
			else memset(y, 0, bytes);
		}
}

static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y,
		float *scratch)
{
	const struct place *s = self;
	(void)tile, (void)scratch;
	shift(s, s->rows, s->columns, in[0], y);
}

static void bwd(const void *self, const struct rnf_tile *tile, uint32_t operand,
		const float *const *in, const float *dy, float *dx, float *scratch)
{
	const struct place *s = self;
	(void)tile, (void)operand, (void)in, (void)scratch;
	shift(s, -s->rows, -s->columns, dy, dx);
}

struct move {
	int64_t n, by;
};

static int64_t from(const void *move, int64_t i)
{
	const struct move *m = move;
	return i + m->by < m->n ? i + m->by : -1;
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct place *s = self;
	const struct move down = { s->h, s->rows }, right = { s->w, s->columns };
	const int32_t rows = f->take(f, in[0], RNF_AXIS_ROWS, s->h, from, &down);
	return f->take(f, rows, RNF_AXIS_COLUMNS, s->w, from, &right);
}

static const struct rnf_image_impl image = RNF_LINEAR_IMAGE(fwd, bwd, formula);

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0 || (conf->rows == 0 && conf->columns == 0)) return in[0];
	graph->shape(graph, in[0], x);
	const struct place place = { x[1], x[2], x[3], conf->rows, conf->columns };
	return graph->image(graph, in, 1, x + 1, &image, rnf_keep(graph, &place, sizeof place));
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, shift, "the image moved, zeros behind it", &params, impl);
