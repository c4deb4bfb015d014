#include "study/work.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/signal.h"
#include "base/status.h"
#include "base/machine.h"
#include "base/meter.h"
#include "study/progress.h"
#include "study/publish.h"

/* A study that makes a run holds a lock on this file in the run's folder. The child has it
 * open as well, so that it stays locked while an orphan still works. */
static const char claim_name[] = "study.lock";
static const char log_name[] = "log.txt"; /* the child's output */

enum { PAUSE_MS = 20 };
static const double look_again_s = 1;

/* -- a run begins -- */

struct words { /* of a command */
	const char **at;
	size_t n;
};

static void add(struct words *words, const char *word)
{
	*(const char **)rnf_push((void **)&words->at, &words->n, sizeof word) = word;
}

/* The user's keys come last, except those that the study itself varies. */
static const char *const *command(const struct rnf_study_work *w, const struct rnf_study_run *run)
{
	const struct rnf_arm *arm = &w->runs->study->arms[run->arm];
	struct words words = { 0 };
	add(&words, "rnframe");
	add(&words, "train");
	add(&words, arm->conf);
	for (size_t i = 0; i < arm->n_sets; i++) {
		add(&words, "--set");
		add(&words, arm->sets[i].text);
	}
	if (w->jobs > 1 && !w->threads_told) {
		const int share = rnf_machine_cpus() / (int)w->jobs;
		add(&words, rnf_format("threads=%d", share > 1 ? share : 1));
	}
	add(&words, rnf_format("name=%s", arm->name));
	add(&words, rnf_format("seed=%lld", (long long)run->seed));
	add(&words, "--out");
	add(&words, run->dir);
	add(&words, "--resume");
	add(&words, "auto");
	if (w->plugin_path) {
		add(&words, "--plugin-path");
		add(&words, w->plugin_path);
	}
	add(&words, NULL);
	return words.at;
}

static rnf_status start(struct rnf_study_work *w, struct rnf_study_run *run)
{
	const char *log = rnf_format("%s/%s", run->dir, log_name);
	RNF_TRY(rnf_child_start(rnf_machine_program(), command(w, run), log, run->claim.fd,
				&run->pid));
	run->turn = RNF_TURN_RUNS;
	run->begun = rnf_now();
	w->n_running++;
	return RNF_OK;
}

/* Others go on. */
static void fail(struct rnf_study_work *w, struct rnf_study_run *run, rnf_status status,
		 const char *words)
{
	run->turn = RNF_TURN_FAILED;
	if (w->n_failed++ == 0) {
		w->failed = status;
		w->why = rnf_format("%s, seed %lld: %s", w->runs->study->arms[run->arm].name,
				    (long long)run->seed, words);
	}
	rnf_study_say_end(w, run, rnf_format("failed: %s", words));
}

/* A file of the arm's conf may have been edited since the study began, hours ago: the run
 * would not be the one that its folder is named after. */
static rnf_status check_unchanged(const struct rnf_study_runs *runs, size_t arm)
{
	struct rnf_look now;
	RNF_TRY(rnf_look_at_arm(&runs->study->arms[arm], RNF_LOOK_CONF, &now));
	if (now.digest == runs->looks[arm].digest) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "its conf has changed since this study began; the same "
			"command, started again, makes the runs of the new one");
}

/* Claimed; but another process may have made it meanwhile. */
static rnf_status begin_claimed(struct rnf_study_work *w, struct rnf_study_run *run)
{
	run->turn = rnf_study_turn(run);
	if (run->turn != RNF_TURN_WAITS) return RNF_OK;
	const rnf_status status = check_unchanged(w->runs, run->arm);
	if (status >= 0) return start(w, run);
	if (status == RNF_ESTOPPED) w->stopping = 1;
	else fail(w, run, status, rnf_format("%s", rnf_fail_words()));
	return RNF_OK;
}

/* In use by another process: report it once. */
static void leave_to_others(struct rnf_study_run *run)
{
	if (run->turn != RNF_TURN_ELSEWHERE)
		rnf_log(RNF_LOG_INFO, "study  waits for a run: %s", rnf_fail_words());
	run->turn = RNF_TURN_ELSEWHERE;
	run->next_look = rnf_now() + look_again_s;
}

static rnf_status try_run(struct rnf_study_work *w, struct rnf_study_run *run)
{
	RNF_TRY(rnf_folder_make(run->dir));
	const rnf_status claimed = rnf_lock_take_as(&run->claim, run->dir, claim_name);
	if (claimed == RNF_EINVAL) {
		leave_to_others(run);
		return RNF_OK;
	}
	RNF_TRY(claimed);
	const rnf_status status = begin_claimed(w, run);
	if (status < 0 || run->turn != RNF_TURN_RUNS) rnf_lock_release(&run->claim);
	return status;
}

/* -- a run ends -- */

/* The last line of the child's message about its failure. */
static const char *last_words(const struct rnf_study_run *run)
{
	static const char mark[] = "\nrnframe: ";
	char tail[4096] = "\n";
	FILE *file;
	const char *found = NULL;
	if (rnf_file_read(rnf_format("%s/%s", run->dir, log_name), O_NOFOLLOW, &file) < 0)
		return NULL;
	if (fseek(file, -(long)sizeof tail + 2, SEEK_END) != 0) rewind(file);
	tail[1 + fread(tail + 1, 1, sizeof tail - 2, file)] = 0;
	fclose(file);
	for (const char *p = tail; (p = strstr(p, mark)); p++)
		found = p + sizeof mark - 1;
	return found ? rnf_strndup(found, strcspn(found, "\n")) : NULL;
}

static const char *failure(const struct rnf_study_run *run, int how)
{
	const char *words = last_words(run);
	if (how < 0) return rnf_format("killed by signal %d", -how);
	return words ? words : rnf_format("ended with status %d, see %s/%s", how, run->dir,
					  log_name);
}

static void fail_child(struct rnf_study_work *w, struct rnf_study_run *run, int how)
{
	const rnf_status status = how < 0 ? RNF_EINTERNAL : rnf_status_of_exit(how);
	fail(w, run, status < 0 ? status : RNF_EINTERNAL, failure(run, how));
}

static void finish(struct rnf_study_work *w, struct rnf_study_run *run)
{
	struct rnf_outcome o;
	char time[32];
	rnf_outcome_read(&o, run->dir);
	run->turn = RNF_TURN_MADE;
	rnf_study_say_end(w, run, rnf_format("error %.2f %% (95 %%: %.2f-%.2f), %s", o.error,
					     o.low, o.high, rnf_meter_time(time, rnf_now() -
									   run->begun)));
}

/* A stopped child, whoever stopped it, is resumed by the next study. */
static void end(struct rnf_study_work *w, struct rnf_study_run *run, int how)
{
	const int stopped = how == rnf_status_exit(RNF_ESTOPPED) || (how < 0 && w->stopping);
	w->n_running--;
	if (stopped) {
		run->turn = RNF_TURN_WAITS;
		w->stopping = 1;
	} else if (how == 0 && rnf_study_turn(run) == RNF_TURN_MADE) {
		finish(w, run);
	} else {
		fail_child(w, run, how);
	}
	rnf_lock_release(&run->claim);
}

/* ended: count it. */
static void reap(struct rnf_study_work *w, size_t *ended)
{
	int how;
	for (size_t i = 0; i < w->runs->n; i++) {
		struct rnf_study_run *run = &w->runs->at[i];
		if (run->turn != RNF_TURN_RUNS || !rnf_child_ended(run->pid, &how)) continue;
		end(w, run, how);
		(*ended)++;
	}
}

/* -- all of them -- */

static void signal_children(const struct rnf_study_work *w, int number)
{
	for (size_t i = 0; i < w->runs->n; i++)
		if (w->runs->at[i].turn == RNF_TURN_RUNS) kill(w->runs->at[i].pid, number);
}

/* Children finish their step and save. */
static void pass_signals_on(struct rnf_study_work *w)
{
	static int told;
	if (rnf_signal_stop()) w->stopping = 1;
	if (w->stopping && !told) {
		signal_children(w, SIGTERM);
		told = 1;
	}
	if (rnf_signal_save()) signal_children(w, SIGUSR1);
}

static int is_due(const struct rnf_study_run *run)
{
	return run->turn == RNF_TURN_WAITS ||
	       (run->turn == RNF_TURN_ELSEWHERE && rnf_now() >= run->next_look);
}

static int may_begin(const struct rnf_study_work *w)
{
	return !w->stopping && rnf_now() - w->start < w->budget_s;
}

static rnf_status begin_some(struct rnf_study_work *w)
{
	for (size_t i = 0; i < w->runs->n && w->n_running < w->jobs && may_begin(w); i++) {
		if (is_due(&w->runs->at[i])) RNF_TRY(try_run(w, &w->runs->at[i]));
		pass_signals_on(w);
	}
	return RNF_OK;
}

static size_t count_open(const struct rnf_study_work *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->runs->n; i++)
		n += w->runs->at[i].turn == RNF_TURN_WAITS ||
		     w->runs->at[i].turn == RNF_TURN_ELSEWHERE;
	return n;
}

/* After a failure of the study itself, let the children end in order. */
static rnf_status make_all(struct rnf_study_work *w)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	rnf_status status = RNF_OK;
	for (;;) {
		size_t ended = 0;
		pass_signals_on(w);
		reap(w, &ended);
		if (ended && status >= 0) status = rnf_study_publish(w->runs);
		if (status >= 0) status = begin_some(w);
		if (status < 0) w->stopping = 1;
		if (w->n_running == 0 && (!count_open(w) || !may_begin(w))) return status;
		if (!ended) nanosleep(&pause, NULL);
		rnf_study_say_progress(w);
	}
}

static rnf_status told_to_stop(const struct rnf_study_work *w)
{
	const char *name = rnf_signal_stop();
	return rnf_fail(RNF_ESTOPPED, "%s: %zu of %zu runs are left; the same command continues",
			name ? rnf_format("stopped by %s", name)
			     : w->stopping ? "a run was stopped"
					   : rnf_format("the budget of %s is over", w->budget),
			count_open(w), w->runs->n);
}

static size_t count_failed(const struct rnf_study_work *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->runs->n; i++)
		n += w->runs->at[i].turn == RNF_TURN_FAILED;
	return n;
}

/* If the run had failed in an earlier study, run.json has its status. */
static rnf_status earlier_failure(const struct rnf_study_work *w)
{
	for (size_t i = 0; i < w->runs->n; i++) {
		const struct rnf_study_run *run = &w->runs->at[i];
		struct rnf_outcome o;
		if (run->turn != RNF_TURN_FAILED) continue;
		rnf_outcome_read(&o, run->dir);
		const rnf_status status = rnf_status_of_exit(o.exit_status);
		const char *words = last_words(run);
		return rnf_fail(status < 0 ? status : RNF_EINTERNAL, "%zu of %zu runs failed: %s, "
				"seed %lld: %s", count_failed(w), w->runs->n,
				w->runs->study->arms[run->arm].name, (long long)run->seed,
				words ? words : "see its folder");
	}
	return RNF_OK;
}

rnf_status rnf_study_work(struct rnf_study_work *w)
{
	w->start = rnf_now();
	RNF_TRY(rnf_fail_out(rnf_folder_make(w->runs->dir), "the study"));
	RNF_TRY(make_all(w));
	RNF_TRY(rnf_study_publish(w->runs));
	w->published = 1;
	if (count_open(w)) return told_to_stop(w);
	if (!w->n_failed) return earlier_failure(w);
	return rnf_fail(w->failed, "%zu of %zu runs failed: %s", count_failed(w), w->runs->n,
			w->why);
}
