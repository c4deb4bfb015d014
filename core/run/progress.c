#include "run/progress.h"

#include <jansson.h>

#include "base/arena.h"
#include "base/status.h"
#include "run/history.h"

/* Far above any real run: counts in a checkpoint up to here are accepted. */
enum { EPOCHS_MAX = 1000000 };
#define COUNT_MAX 1000000000000000 /* 1e15, of steps, images or seconds */

static json_t *sums_list(const struct rnf_epoch_sums *s)
{
	return json_pack("[f, f, f, f, I]", s->loss, s->data_loss, s->accuracy, s->seconds,
			 (json_int_t)s->images);
}

char *rnf_progress_text(const struct rnf_progress *p, int may_go)
{
	json_t *history = json_array();
	for (int64_t i = 0; i < p->n_history; i++)
		json_array_append_new(history, rnf_epoch_list(&p->history[i]));
	json_t *state = json_pack("{s:I, s:I, s:f, s:b, s:o*, s:[I, I, I], s:o}", "step",
				  (json_int_t)p->step, "epochs", (json_int_t)p->epochs,
				  "seconds", p->seconds, "may_go", may_go, "sums",
				  sums_list(&p->sums), "numerics",
				  (json_int_t)p->numerics.bad,
				  (json_int_t)p->numerics.recent,
				  (json_int_t)p->numerics.epoch, "history", history);
	char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
	json_decref(state);
	return text;
}

static int is_count(int64_t n)
{
	return n >= 0 && n <= COUNT_MAX;
}

static rnf_status read_sums(const json_t *list, struct rnf_epoch_sums *s)
{
	double *const at[] = { &s->loss, &s->data_loss, &s->accuracy, &s->seconds };
	if (json_array_size(list) != 5) return RNF_OK; /* they were not finite */
	for (size_t i = 0; i < 4; i++)
		*at[i] = json_number_value(json_array_get(list, i));
	s->images = json_integer_value(json_array_get(list, 4));
	if (is_count(s->images) && s->seconds >= 0 && s->seconds <= COUNT_MAX) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "its sums are no sums");
}

/* Steps that were not finite; a negative number would raise the limit. */
static rnf_status read_numerics(const json_t *list, struct rnf_numerics *n)
{
	n->bad = json_integer_value(json_array_get(list, 0));
	n->recent = json_integer_value(json_array_get(list, 1));
	n->epoch = json_integer_value(json_array_get(list, 2));
	if (is_count(n->bad) && is_count(n->recent) && is_count(n->epoch)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "its counts of bad steps make no sense");
}

static rnf_status read_history(const json_t *list, struct rnf_progress *p)
{
	p->n_history = (int64_t)json_array_size(list);
	p->history = rnf_alloc((size_t)(p->n_history + 1) * sizeof *p->history);
	for (int64_t i = 0; i < p->n_history; i++)
		RNF_TRY(rnf_epoch_read(json_array_get(list, (size_t)i), &p->history[i]));
	return RNF_OK;
}

static rnf_status read_state(const json_t *state, struct rnf_progress *p, int *may_go)
{
	p->step = json_integer_value(json_object_get(state, "step"));
	p->epochs = json_integer_value(json_object_get(state, "epochs"));
	p->seconds = json_number_value(json_object_get(state, "seconds"));
	*may_go = json_is_true(json_object_get(state, "may_go"));
	if (!is_count(p->step) || p->epochs < 1 || p->epochs > EPOCHS_MAX ||
	    !(p->seconds >= 0 && p->seconds <= COUNT_MAX))
		return rnf_fail(RNF_EINVAL, "its position makes no sense");
	RNF_TRY(read_sums(json_object_get(state, "sums"), &p->sums));
	RNF_TRY(read_numerics(json_object_get(state, "numerics"), &p->numerics));
	return read_history(json_object_get(state, "history"), p);
}

rnf_status rnf_progress_read(const char *text, struct rnf_progress *p, int *may_go)
{
	json_t *state = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const rnf_status status = json_is_object(state)
		? read_state(state, p, may_go)
		: rnf_fail(RNF_EINVAL, "its state is not JSON");
	json_decref(state);
	return status;
}
