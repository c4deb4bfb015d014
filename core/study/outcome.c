#include "study/outcome.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/status.h"

const char *const rnf_run_states[] = {
	"none", "running", "interrupted", "stopped", "failed", "finished",
};

static const struct { const char *word; enum rnf_run_state state; } states[] = {
	{ "starting", RNF_RUN_RUNNING }, { "running", RNF_RUN_RUNNING },
	{ "stopped", RNF_RUN_STOPPED }, { "failed", RNF_RUN_FAILED },
	{ "finished", RNF_RUN_FINISHED },
};

#define AT(member) offsetof(struct rnf_outcome, member)

/* Where each figure is found: an object of run.json (NULL: run.json itself) and its key. */
static const struct { const char *in, *key; size_t offset; } wholes[] = {
	{ NULL, "threads", AT(threads) }, { NULL, "seed", AT(seed) },
	{ NULL, "parameters", AT(parameters) }, { NULL, "step", AT(step) },
	{ NULL, "steps", AT(steps) }, { NULL, "epochs", AT(epochs) },
	{ "last", "epoch", AT(epoch) }, { "test", "count", AT(images) },
};
static const struct { const char *in, *key; size_t offset; } numbers[] = {
	{ "test", "error", AT(error) }, { "test", "error_low", AT(low) },
	{ "test", "error_high", AT(high) }, { "test", "cross_entropy", AT(cross_entropy) },
	{ "last", "time_s", AT(seconds) }, { "last", "images_per_s", AT(images_per_s) },
	{ "last", "peak_rss_bytes", AT(peak_bytes) },
};
static const struct { const char *key; size_t offset, size; } texts[] = {
	{ "name", AT(name), sizeof ((struct rnf_outcome *)0)->name },
	{ "started", AT(started), sizeof ((struct rnf_outcome *)0)->started },
	{ "cpu", AT(cpu), sizeof ((struct rnf_outcome *)0)->cpu },
	{ "kernels", AT(kernels), sizeof ((struct rnf_outcome *)0)->kernels },
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

static const json_t *get(const json_t *run, const char *in, const char *key)
{
	return json_object_get(in ? json_object_get(run, in) : run, key);
}

static enum rnf_run_state state_of(const json_t *run, int alive)
{
	const char *word = json_string_value(json_object_get(run, "state"));
	for (size_t i = 0; word && i < COUNT(states); i++)
		if (!strcmp(word, states[i].word))
			return states[i].state != RNF_RUN_RUNNING || alive ? states[i].state
									   : RNF_RUN_BROKEN;
	return RNF_RUN_BROKEN;
}

void rnf_outcome_of(struct rnf_outcome *o, const json_t *run, int alive)
{
	const json_t *status = json_object_get(run, "exit_status");
	o->state = state_of(run, alive);
	o->exit_status = json_is_integer(status) ? (int)json_integer_value(status) : -1;
	for (size_t i = 0; i < COUNT(wholes); i++)
		*(int64_t *)((char *)o + wholes[i].offset) =
			json_integer_value(get(run, wholes[i].in, wholes[i].key));
	for (size_t i = 0; i < COUNT(numbers); i++) {
		const json_t *value = get(run, numbers[i].in, numbers[i].key);
		*(double *)((char *)o + numbers[i].offset) =
			json_is_number(value) ? json_number_value(value) : NAN;
	}
	if (!(o->error >= 0 && o->error <= 100)) o->error = NAN; /* no percentage */
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text = json_string_value(json_object_get(run, texts[i].key));
		snprintf((char *)o + texts[i].offset, texts[i].size, "%s", text ? text : "");
	}
}

void rnf_outcome_read(struct rnf_outcome *o, const char *dir)
{
	json_t *run = rnf_json_read(rnf_format("%s/run.json", dir));
	*o = (struct rnf_outcome){ .dir = dir, .exit_status = -1, .error = NAN };
	if (!run) return;
	rnf_outcome_of(o, run, rnf_lock_alive(dir));
	json_decref(run);
}

int rnf_outcome_counts(const struct rnf_outcome *o)
{
	return o->state == RNF_RUN_FINISHED && isfinite(o->error) && isfinite(o->cross_entropy);
}

int rnf_outcome_diverged(const struct rnf_outcome *o)
{
	return (o->state == RNF_RUN_FAILED && o->exit_status == rnf_status_exit(RNF_ENUMBER)) ||
	       (o->state == RNF_RUN_FINISHED && !rnf_outcome_counts(o));
}
