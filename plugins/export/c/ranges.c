/* Scales. Each image that the model computes takes the range that training images give it; what
 * lies between the terms of a formula takes the range that its operands allow. */
#include "int8.h"

#include <math.h>

static void widen(struct image *i, double x)
{
	if (x != x) i->low = x; /* and stays so */
	if (x < i->low) i->low = x;
	if (x > i->high) i->high = x;
}

static void see(void *self, int32_t value, const float *x)
{
	struct image *i = &((struct plan *)self)->images[value];
	const int64_t n = image_size(i);
	for (int64_t k = 0; k < n; k++)
		widen(i, (double)x[k]);
	i->seen = 1;
}

/* Whatever a pixel may be. */
static void see_input(struct plan *p)
{
	const struct rnf_export_model *m = p->w->model;
	struct image *x = &p->images[m->input];
	x->low = x->high = 0;
	for (int64_t c = 0; c < x->c; c++) {
		widen(x, (double)m->shift[c]);
		widen(x, 255 * (double)m->scale[c] + (double)m->shift[c]);
	}
	x->seen = 1;
}

/* -- between terms -- */

static void of_one(const struct plan *p, const struct step *s, struct image *y)
{
	enum { POINTS = 256 };
	const struct image *x = &p->images[s->in[0]];
	for (int64_t c = 0; c < y->c; c++)
		for (int i = 0; i < POINTS; i++) {
			const double at = x->low + (x->high - x->low) * i / (POINTS - 1);
			widen(y, s->kind == STEP_TABLE ? term_at(p, s->op, s->term, at, c)
						       : s->by[c] * at + s->shift[c]);
		}
}

static void of_two(const struct plan *p, const struct step *s, struct image *y)
{
	for (int i = 0; i < 4; i++) {
		const struct image *x = &p->images[s->in[0]], *z = &p->images[s->in[1]];
		const double a = i & 1 ? x->high : x->low, b = i & 2 ? z->high : z->low;
		switch (s->kind) {
		case STEP_ADD: widen(y, s->by[0] * a + s->by[1] * b); break;
		case STEP_MUL: widen(y, a * b); break;
		case STEP_PRODUCT: widen(y, (double)x->c * a * b); break;
		case STEP_MAX: widen(y, a > b ? a : b); break;
		default: widen(y, a < b ? a : b);
		}
	}
}

/* Of a filter, at the ends of the range that are worst for each weight; what lies outside of the
 * image is 0. */
static void of_filters(const struct plan *p, const struct step *s, struct image *y)
{
	const struct image *x = &p->images[s->in[0]];
	const int64_t size = s->window.kernel_h * s->window.kernel_w * x->c / s->groups;
	for (int64_t o = 0; o < y->c; o++) {
		double ends[2] = { s->shift[o], s->shift[o] };
		for (int64_t i = 0; i < size; i++) {
			const double by = (double)s->kernel[i * y->c + o] * s->by[o];
			ends[0] += by * (by > 0 ? x->low : x->high);
			ends[1] += by * (by > 0 ? x->high : x->low);
		}
		widen(y, ends[0]);
		widen(y, ends[1]);
	}
}

/* Means and moved values stay within the ranges of what they are made of. */
static void of_all(const struct plan *p, const struct step *s, struct image *y)
{
	for (uint32_t i = s->kind == STEP_MIX ? 2 : 0; i < s->n_in; i++) {
		widen(y, p->images[s->in[i]].low);
		widen(y, p->images[s->in[i]].high);
	}
}

static rnf_status unseen(const struct plan *p, const struct step *s, struct image *y)
{
	if (s->kind == STEP_NORM)
		return p->w->host->fail(RNF_EUNSUP, "%s: the range of its norm is unknown: only factors "
					"and constants may follow a norm in its formula", s->label);
	if (s->kind == STEP_DIV)
		return p->w->host->fail(RNF_EUNSUP, "%s: the range of its quotient is unknown: nothing "
					"may follow a quotient of two images in its formula", s->label);
	if (s->kind == STEP_CONV) of_filters(p, s, y);
	else if (s->kind == STEP_AFFINE || s->kind == STEP_TABLE) of_one(p, s, y);
	else if ((s->kind >= STEP_ADD && s->kind <= STEP_MIN) || s->kind == STEP_PRODUCT) of_two(p, s, y);
	else of_all(p, s, y);
	return RNF_OK;
}

/* -- scales -- */

/* 0 is a number of the scale exactly: it pads. */
static void choose(struct image *i)
{
	i->scale = (i->high - i->low) / 255;
	if (!(i->scale > 1e-30)) i->scale = 1;
	i->zero = (int)floor(-128 - i->low / i->scale + 0.5);
	if (i->zero > 127) i->zero = 127;
}

/* Those that only move values keep their scale. */
static int moves(enum step_kind kind)
{
	return kind == STEP_LARGEST || kind == STEP_SLICE || kind == STEP_RESHAPE ||
	       kind == STEP_BORDER || kind == STEP_TAKE || kind == STEP_PERMUTE;
}

static rnf_status scale_of(const struct plan *p, const struct step *s)
{
	struct image *y = &p->images[s->out];
	if (!y->seen) RNF_TRY(unseen(p, s, y));
	if (!isfinite(y->low) || !isfinite(y->high))
		return p->w->host->fail(RNF_ENUMBER, "%s: training images give values that are not "
					"finite", s->label);
	choose(y);
	if (!moves(s->kind)) return RNF_OK;
	y->scale = p->images[s->in[0]].scale;
	y->zero = p->images[s->in[0]].zero;
	return RNF_OK;
}

/* What is known of a result whose numbers are all those of an image is known of the image. */
static void look_back(struct plan *p)
{
	for (size_t i = p->n_steps; i-- > 0;) {
		const struct step *s = &p->steps[i];
		struct image *x = &p->images[s->in[0]], *y = &p->images[s->out];
		if ((s->kind != STEP_RESHAPE && s->kind != STEP_PERMUTE) || !y->seen || x->seen ||
		    x->readers != 1)
			continue;
		x->low = y->low;
		x->high = y->high;
		x->seen = 1;
	}
}

rnf_status plan_ranges(struct plan *p, int64_t images)
{
	const struct rnf_export_model *m = p->w->model;
	RNF_TRY(m->watch(m, images, see, p));
	see_input(p);
	choose(&p->images[m->input]);
	look_back(p);
	for (size_t i = 0; i < p->n_steps; i++)
		RNF_TRY(scale_of(p, &p->steps[i]));
	return RNF_OK;
}
