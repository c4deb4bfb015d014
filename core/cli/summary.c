#include "cli/summary.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "graph/outline.h"

enum { LABEL, TYPE, OUTPUT, WORDS }; /* columns of words; figures follow */

struct table {
	const struct rnf_program *p;
	double parameters, macs; /* of the model */
	int widths[WORDS];
};

static const char *shape_words(const struct rnf_program *p, int value)
{
	const struct rnf_value *v = &p->values[value];
	return rnf_format("%lld x %lld x %lld", (long long)v->h, (long long)v->w,
			  (long long)v->c);
}

/* The words of a row that stands for `n` equal layers. */
static void words_of(const struct rnf_program *p, size_t layer, size_t n,
		     const char *words[WORDS])
{
	const struct rnf_model_layer *l = &p->layers[layer];
	words[LABEL] = rnf_format("%*s%s", 2 * l->depth, "", l->label);
	if (n > 1) words[LABEL] = rnf_format("%s x%zu", words[LABEL], n);
	words[TYPE] = l->feature->name;
	words[OUTPUT] = shape_words(p, l->out);
}

static void put_words(const struct table *t, const char *const words[WORDS])
{
	for (int i = 0; i < WORDS; i++) {
		rnf_text_cell(stdout, -t->widths[i], words[i]);
		fputs("  ", stdout);
	}
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void put_figures(const struct table *t, double parameters, double macs)
{
	printf("%10.0f %6.1f %12.3f %6.1f\n", parameters, percent(parameters, t->parameters),
	       macs * 1e-6, percent(macs, t->macs));
}

static void put_row(struct table *t, size_t layer, size_t n)
{
	const char *words[WORDS];
	const struct rnf_model_layer *l = &t->p->layers[layer];
	words_of(t->p, layer, n, words);
	put_words(t, words);
	put_figures(t, (double)n * (double)rnf_layer_parameters(t->p, l),
		    (double)n * (double)rnf_layer_macs(t->p, l));
}

static void measure_row(struct table *t, size_t layer, size_t n)
{
	const char *words[WORDS];
	words_of(t->p, layer, n, words);
	for (int i = 0; i < WORDS; i++)
		if (rnf_text_width(words[i]) > t->widths[i]) t->widths[i] = rnf_text_width(words[i]);
}

/* Do its blocks have rows of their own: does it compose them, and is no block itself? */
static int is_opened(const struct rnf_program *p, size_t layer)
{
	return !rnf_layer_is_block(&p->layers[layer]) && rnf_layer_composes(p, layer);
}

static void each_row(struct table *t, void (*row)(struct table *, size_t layer, size_t n))
{
	const struct rnf_program *p = t->p;
	for (size_t i = 0, n; i < p->n_layers; i = p->layers[i].end) {
		row(t, i, 1);
		if (!is_opened(p, i)) continue;
		for (size_t j = i + 1, next; j < p->layers[i].end; j = next) {
			next = rnf_layer_run(p, j, p->layers[i].end, &n);
			row(t, j, n);
		}
	}
}

void rnf_summary_print(const struct rnf_program *p)
{
	struct table t = { p, (double)rnf_program_parameters(p), (double)rnf_program_macs(p),
			   { 5, 4, 6 } };
	each_row(&t, measure_row);
	put_words(&t, (const char *[WORDS]){ "layer", "type", "output" });
	printf("%10s %6s %12s %6s\n", "parameters", "%", "M MAC", "%");
	printf("%-*s  %-*s  %s\n", t.widths[LABEL], "input", t.widths[TYPE], "",
	       shape_words(p, p->input));
	each_row(&t, put_row);
	put_words(&t, (const char *[WORDS]){ "total", "", "" });
	put_figures(&t, t.parameters, t.macs);
}

/* -- JSON -- */

static json_t *shape_json(const struct rnf_program *p, int value)
{
	const struct rnf_value *v = &p->values[value];
	return json_pack("[III]", (json_int_t)v->h, (json_int_t)v->w, (json_int_t)v->c);
}

static json_t *layer_json(const struct rnf_program *p, size_t layer)
{
	const struct rnf_model_layer *l = &p->layers[layer];
	return json_pack("{ss ss so sI sI}", "name", l->label, "type", l->feature->name,
			 "output", shape_json(p, l->out),
			 "parameters", (json_int_t)rnf_layer_parameters(p, l),
			 "macs", (json_int_t)rnf_layer_macs(p, l));
}

/* A row for each block, also for equal ones. */
static json_t *blocks_json(const struct rnf_program *p, size_t layer)
{
	json_t *list = json_array();
	for (size_t i = layer + 1; i < p->layers[layer].end; i = p->layers[i].end)
		json_array_append_new(list, layer_json(p, i));
	return list;
}

json_t *rnf_summary_json(const struct rnf_program *p)
{
	json_t *layers = json_array();
	int64_t state = 0;
	for (size_t i = 0; i < p->n_layers; i = p->layers[i].end) {
		json_t *row = layer_json(p, i);
		if (is_opened(p, i)) json_object_set_new(row, "blocks", blocks_json(p, i));
		json_array_append_new(layers, row);
	}
	for (size_t i = 0; i < p->n_weights; i++)
		state += p->weights[i].state ? p->weights[i].size : 0;
	return json_pack("{so so sI sI sI}", "input", shape_json(p, p->input), "layers", layers,
			 "parameters", (json_int_t)rnf_program_parameters(p),
			 "running_statistics", (json_int_t)state,
			 "macs", (json_int_t)rnf_program_macs(p));
}
