/* The model in integers, as a file. */
#include "int8.h"

#include <stdlib.h>

/* -- memory -- */

static void live(struct plan *p, int32_t i, int64_t when)
{
	struct life *l = &p->lives[i];
	if (l->size == 0) l->first = when;
	l->size = image_size(&p->images[i]);
	l->last = when;
}

static int in_place(enum step_kind kind)
{
	return (kind >= STEP_AFFINE && kind <= STEP_MIN) || kind == STEP_RESHAPE;
}

/* Of two operands, the one that is as large as the result and not read again. */
static int32_t taken(const struct plan *p, const struct step *s, int64_t when)
{
	for (uint32_t i = 0; i < s->n_in && in_place(s->kind); i++)
		if (p->lives[s->in[i]].last == when &&
		    p->lives[s->in[i]].size == p->lives[s->out].size)
			return s->in[i];
	return -1;
}

void plan_place(struct plan *p)
{
	p->lives = p->w->host->alloc(p->n_images * sizeof *p->lives);
	live(p, p->w->model->input, -1);
	for (size_t i = 0; i < p->n_steps; i++) {
		live(p, p->steps[i].out, (int64_t)i);
		for (uint32_t k = 0; k < p->steps[i].n_in; k++)
			live(p, p->steps[i].in[k], (int64_t)i);
	}
	live(p, p->logits, (int64_t)p->n_steps);
	for (size_t i = 0; i < p->n_images; i++)
		p->lives[i].with = -1;
	for (size_t i = 0; i < p->n_steps; i++)
		p->lives[p->steps[i].out].with = taken(p, &p->steps[i], (int64_t)i);
	p->memory = writer_place_lives(p->w->host, p->lives, p->n_images);
}

/* -- the file -- */

static const char rule[] =
" * In integers. A value is scale (q - zero), q in int8; a kernel is int8 with a scale for each\n"
" * filter; its sums are int32, and no image can make one overflow. One rule rounds all: to an\n"
" * int64, a product or a sum of two, half of 2^shift is added, and it is shifted right by shift,\n"
" * towards minus infinity. What is not in -128 .. 127 is cut. The logits are the sums of the last\n"
" * step times their scales; the probabilities are computed from these in float.\n";

static const struct { enum step_kind kind; const char *note; } notes[] = {
	{ STEP_NORM, " * The root of a norm's variance and the inverse of this root are rounded down.\n" },
	{ STEP_DIV, " * Where a divisor is 0 the quotient is cut.\n" },
	{ STEP_MIX, " * A mean of weighed pixels is rounded down, in 1/4096.\n" },
};
enum { NOTES = sizeof notes / sizeof *notes };

static const char *notes_of(const struct plan *p)
{
	enum { ROOM = sizeof rule + 256 };
	char *text = p->w->host->alloc(ROOM);
	int has[STEPS] = { 0 };
	for (size_t i = 0; i < p->n_steps; i++)
		has[p->steps[i].kind] = 1;
	int n = snprintf(text, ROOM, "%s", rule);
	for (int i = 0; i < NOTES; i++)
		if (has[notes[i].kind]) n += snprintf(text + n, (size_t)(ROOM - n), "%s", notes[i].note);
	return text;
}

static void write_logits(struct plan *p)
{
	const struct rnf_export_model *m = p->w->model;
	const struct rnf_export_value logits = { 1, 1, m->classes, NULL };
	FILE *f = p->w->body;
	fprintf(f, "}\n\nvoid %s_predict(const uint8_t *image, float *p)\n{\n"
		"\tstatic int32_t sums[%lld];\n\tstatic float logits[%lld];\n"
		"\t%s_sums(image, sums);\n\tfor (int i = 0; i < %lld; i++)\n"
		"\t\tlogits[i] = (float)sums[i] * t%d[i];\n\n\t/* probabilities */\n", p->w->name,
		(long long)m->classes, (long long)m->classes, p->w->name, (long long)m->classes,
		p->scales);
	p->w->floats = "logits";
	p->w->offset = p->w->host->alloc(m->n_values * sizeof *p->w->offset);
	writer_formula(p->w, m->predict, m->n_predict, &m->logits, &logits, "p");
}

static const char *declared(const struct plan *p)
{
	char *text = p->w->host->alloc(160);
	const int n = snprintf(text, 160, "static int8_t memory[%lld];\nstatic int16_t patch[%lld];\n",
			       (long long)p->memory, (long long)(p->patch > 0 ? p->patch : 1));
	if (p->row) snprintf(text + n, (size_t)(160 - n), "static int32_t row[%lld];\n",
			     (long long)p->row);
	return text;
}

rnf_status int8_write(struct writer *w, int64_t images)
{
	struct plan p = { .w = w };
	RNF_TRY(plan_make(&p));
	RNF_TRY(plan_ranges(&p, images));
	plan_place(&p);
	fprintf(w->body, "void %s_sums(const uint8_t *image, int32_t *sums)\n{\n", w->name);
	RNF_TRY(plan_write(&p));
	write_logits(&p);
	w->notes = notes_of(&p);
	w->declared = declared(&p);
	w->ram = p.memory + 2 * p.patch + 4 * p.row + 8 * w->model->classes;
	return RNF_OK;
}
