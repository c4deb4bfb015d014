/* The five functions of librnframe. The program keeps its memory until it ends; here each
 * model has an arena of its own, and so has each working state that a prediction takes. */
#define _GNU_SOURCE
#include <rnframe/model.h>

#include <fenv.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/floats.h"
#include "base/running.h"
#include "base/status.h"
#include "plugin/loader.h"
#include "plugin/param.h"
#include "run/predict.h"
#include "train/weights.h"

/* What a call of predict works with; one call uses it at a time. */
struct state {
	struct rnf_arena arena;
	struct rnf_predictor *predictor;
	struct state *next; /* in the list of idle states */
};

struct rnf_open_model {
	struct state first; /* its arena holds the model, too */
	int64_t classes;
	const char **labels;
	pthread_mutex_t lock; /* of the list */
	struct state *idle;
};

/* The core's tables (plugins, failures put aside) belong to one caller at a time. */
static pthread_mutex_t core = PTHREAD_MUTEX_INITIALIZER;

/* -- calls into the core -- */

/* How many bytes of the message to copy: those of whole lines, which never cut a character. */
static size_t fitting(const char *words, size_t room)
{
	size_t n = strlen(words);
	if (n < room) return n;
	for (n = room - 1; n > 0 && words[n] != '\n'; n--)
		;
	return n;
}

static rnf_status answer(rnf_status status, const char *words, rnf_error *error)
{
	if (!error) return status;
	const size_t n = status < 0 ? fitting(words, sizeof error->message) : 0;
	error->status = status;
	memcpy(error->message, words, n);
	error->message[n] = 0;
	return status;
}

/* Run the body in the core's float mode, with memory from the arena. Then restore the caller's
 * mode and flags. */
static rnf_status enter(struct rnf_arena *arena, rnf_status (*body)(void *), void *context,
			rnf_error *error)
{
	fenv_t callers;
	fegetenv(&callers);
	rnf_float_mode_put(rnf_float_mode_policy());
	rnf_fail_forget();
	const rnf_status status = rnf_arena_run(arena, body, context);
	rnf_running_set(NULL);
	fesetenv(&callers);
	return answer(status, rnf_fail_words(), error);
}

/* The same for a body that uses the core's tables. What it leaves there when memory runs out
 * would point into the arena. */
static rnf_status enter_alone(struct rnf_arena *arena, rnf_status (*body)(void *), void *context,
			      rnf_error *error)
{
	pthread_mutex_lock(&core);
	const rnf_status status = enter(arena, body, context, error);
	rnf_fail_all();
	rnf_param_forget();
	rnf_running_doing(NULL);
	pthread_mutex_unlock(&core);
	return status;
}

static void release(struct state *s)
{
	struct rnf_arena *before = rnf_arena_use(&s->arena);
	rnf_predictor_close(s->predictor);
	rnf_arena_finish();
	rnf_arena_use(before);
}

/* -- plugins -- */

/* Seen from the library's folder: LIBDIR is lib, lib/ARCHITECTURE or another folder of PREFIX;
 * the last is that of a build. */
static const char *const places[] = {
	"rnframe/plugins", "../rnframe/plugins", "../lib/rnframe/plugins", "plugins",
};

static void find_plugins(void)
{
	static int found;
	const char *own = secure_getenv("RNFRAME_PLUGIN_PATH"), *self = rnf_loader_self();
	const char *name = self ? strrchr(self, '/') : NULL;
	if (found) return;
	rnf_log_nothing();
	if (own && *own) rnf_loader_path(own);
	for (size_t i = 0; name && i < sizeof places / sizeof *places; i++) {
		const char *dir = rnf_format("%.*s/%s", (int)(name - self), self, places[i]);
		if (rnf_is_folder(dir)) rnf_loader_path(dir);
	}
	found = 1;
}

/* -- open and close -- */

struct opening {
	rnf_model *model;
	const char *path;
};

/* The batch size changes the memory and no bits. One thread is the caller's own; a second one
 * would have to be started. */
static const char *const settings[] = { "threads=1", "train.batch_size=8" };

static void list_labels(rnf_model *m)
{
	const struct rnf_predictor *p = m->first.predictor;
	m->classes = rnf_predictor_classes(p);
	m->labels = rnf_alloc((size_t)m->classes * sizeof *m->labels);
	for (int64_t i = 0; i < m->classes; i++)
		m->labels[i] = rnf_predictor_class(p, i);
}

static rnf_status open_model(void *context)
{
	const struct opening *o = context;
	const struct rnf_subject subject = { .model = o->path, .sets = settings,
					     .n_sets = sizeof settings / sizeof *settings };
	find_plugins();
	RNF_TRY(rnf_predictor_alone(&subject, &o->model->first.predictor));
	list_labels(o->model);
	return RNF_OK;
}

rnf_model *rnf_model_open(const char *path, rnf_error *error)
{
	rnf_model *m = path ? calloc(1, sizeof *m) : NULL;
	struct opening opening = { m, path };
	if (!m) {
		if (path) answer(RNF_ENOMEM, "out of memory", error);
		else answer(RNF_EINVAL, "path is NULL", error);
		return NULL;
	}
	if (enter_alone(&m->first.arena, open_model, &opening, error) < 0) {
		release(&m->first);
		free(m);
		return NULL;
	}
	pthread_mutex_init(&m->lock, NULL);
	m->idle = &m->first;
	return m;
}

/* The first state goes last: the others share what it holds. */
void rnf_model_close(rnf_model *m)
{
	if (!m) return;
	while (m->idle) {
		struct state *s = m->idle;
		m->idle = s->next;
		if (s == &m->first) continue;
		release(s);
		free(s);
	}
	pthread_mutex_destroy(&m->lock);
	release(&m->first);
	free(m);
}

const char *rnf_model_label(const rnf_model *m, int64_t i)
{
	return m && i >= 0 && i < m->classes ? m->labels[i] : NULL;
}

int64_t rnf_model_classes(const rnf_model *m)
{
	return m ? m->classes : 0;
}

/* -- working states -- */

struct twins {
	const struct rnf_predictor *of;
	struct state *state;
};

static rnf_status make_twin(void *context)
{
	const struct twins *t = context;
	return rnf_predictor_twin(t->of, &t->state->predictor);
}

static rnf_status add_state(const rnf_model *m, struct state **added, rnf_error *error)
{
	struct state *s = *added = calloc(1, sizeof *s);
	struct twins twins = { m->first.predictor, s };
	if (!s) return answer(RNF_ENOMEM, "out of memory", error);
	const rnf_status status = enter_alone(&s->arena, make_twin, &twins, error);
	if (status >= 0) return status;
	release(s);
	free(s);
	return status;
}

static rnf_status take_state(rnf_model *m, struct state **taken, rnf_error *error)
{
	pthread_mutex_lock(&m->lock);
	struct state *s = *taken = m->idle;
	if (s) m->idle = s->next;
	pthread_mutex_unlock(&m->lock);
	return s ? RNF_OK : add_state(m, taken, error);
}

static void leave_state(rnf_model *m, struct state *s)
{
	pthread_mutex_lock(&m->lock);
	s->next = m->idle;
	m->idle = s;
	pthread_mutex_unlock(&m->lock);
}

/* -- predict -- */

struct request {
	struct rnf_predictor *predictor;
	const rnf_image *images;
	size_t n;
	float *probs;
};

static rnf_status put(const struct request *r, size_t i, int64_t place)
{
	const rnf_image *image = &r->images[i];
	const struct rnf_pixels pixels = { image->pixels, image->height, image->width,
					   image->channels, image->stride };
	const rnf_status status = rnf_predictor_put(r->predictor, &pixels, place);
	return status < 0 ? rnf_fail_in(status, "image %zu: ", i) : RNF_OK;
}

static rnf_status predict_batches(const struct request *r)
{
	const int64_t classes = rnf_predictor_classes(r->predictor);
	const size_t batch = (size_t)rnf_predictor_batch(r->predictor);
	for (size_t from = 0; from < r->n; from += batch) {
		const size_t left = r->n - from, n = left < batch ? left : batch;
		for (size_t i = 0; i < n; i++)
			RNF_TRY(put(r, from + i, (int64_t)i));
		RNF_TRY(rnf_predictor_compute(r->predictor, (int64_t)n,
					      r->probs + from * (size_t)classes));
	}
	return RNF_OK;
}

static rnf_status predict(void *context)
{
	const void *mark = rnf_arena_mark();
	const rnf_status status = predict_batches(context);
	rnf_arena_release(mark);
	return status;
}

rnf_status rnf_model_predict(rnf_model *m, const rnf_image *images, size_t n, float *probs,
			     rnf_error *error)
{
	if (!m) return answer(RNF_EINVAL, "model is NULL", error);
	if (n == 0) return answer(RNF_OK, "", error);
	if (!images || !probs)
		return answer(RNF_EINVAL, images ? "probs is NULL" : "images is NULL", error);
	struct state *state;
	RNF_TRY(take_state(m, &state, error));
	struct request request = { state->predictor, images, n, probs };
	const rnf_status status = enter(&state->arena, predict, &request, error);
	leave_state(m, state);
	return status;
}
