#include "study/progress.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/meter.h"
#include "study/outcome.h"

/* -- what is measured -- */

double rnf_study_cost(const struct rnf_study_runs *runs, const struct rnf_study_run *run)
{
	const struct rnf_look *look = &runs->looks[run->arm];
	return (double)look->steps * (double)look->batch * (double)look->macs;
}

/* Steps and seconds from the last line of epochs.csv; 0 when there is none. */
static int read_epochs(const char *dir, double *step, double *seconds)
{
	char tail[1024] = "", path[PATH_MAX];
	FILE *file;
	snprintf(path, sizeof path, "%s/epochs.csv", dir);
	if (access(path, R_OK) != 0 || rnf_file_read(path, O_NOFOLLOW, &file) < 0) return 0;
	if (fseek(file, -(long)sizeof tail + 1, SEEK_END) != 0) rewind(file);
	tail[fread(tail, 1, sizeof tail - 1, file)] = 0;
	fclose(file);
	char *end = strrchr(tail, '\n');
	if (!end) return 0;
	*end = 0;
	const char *line = strrchr(tail, '\n');
	return line && sscanf(line + 1, "%*d,%lf,%lf", step, seconds) == 2;
}

static int is_here(const struct rnf_study_runs *runs, const struct rnf_study_run *run)
{
	const size_t n = strlen(runs->dir);
	return !strncmp(run->dir, runs->dir, n) && run->dir[n] == '/';
}

/* The part of a run that is done. */
static double part_of(const struct rnf_study_runs *runs, const struct rnf_study_run *run,
		      double *seconds)
{
	double step = 0;
	*seconds = 0;
	if (!is_here(runs, run) || !read_epochs(run->dir, &step, seconds)) return 0;
	const double steps = (double)runs->looks[run->arm].steps;
	return steps > 0 && step < steps ? step / steps : 1;
}

double rnf_study_pace(const struct rnf_study_runs *runs)
{
	double cost = 0, seconds = 0, own;
	for (size_t i = 0; i < runs->n; i++) {
		const double part = part_of(runs, &runs->at[i], &own);
		cost += part * rnf_study_cost(runs, &runs->at[i]);
		seconds += own;
	}
	return cost > 0 && seconds > 0 ? seconds / cost : NAN;
}

static int is_open(const struct rnf_study_run *run)
{
	return run->turn == RNF_TURN_WAITS || run->turn == RNF_TURN_RUNS ||
	       run->turn == RNF_TURN_ELSEWHERE;
}

/* Evaluation and drawing are left out: they are short in any run that is worth a
 * forecast. Other processes that work on the study are not counted. */
double rnf_study_left(const struct rnf_study_runs *runs, size_t jobs)
{
	double cost = 0, own;
	size_t n = 0;
	for (size_t i = 0; i < runs->n; i++) {
		if (!is_open(&runs->at[i])) continue;
		cost += (1 - part_of(runs, &runs->at[i], &own)) *
			rnf_study_cost(runs, &runs->at[i]);
		n++;
	}
	if (n == 0) return 0;
	return cost * rnf_study_pace(runs) / (double)(jobs < n ? jobs : n);
}

/* -- lines -- */

static size_t count(const struct rnf_study_runs *runs, enum rnf_turn turn)
{
	size_t n = 0;
	for (size_t i = 0; i < runs->n; i++)
		n += runs->at[i].turn == turn;
	return n;
}

static size_t asked_for(const struct rnf_study_runs *runs)
{
	return runs->n - count(runs, RNF_TURN_LEFT);
}

void rnf_study_say_end(const struct rnf_study_work *w, const struct rnf_study_run *run,
		       const char *words)
{
	const struct rnf_study_runs *runs = w->runs;
	const double left = rnf_study_left(runs, w->jobs);
	char time[32];
	rnf_meter_clear();
	fprintf(stderr, "[%zu/%zu] %s, seed %lld: %s", count(runs, RNF_TURN_MADE) +
		count(runs, RNF_TURN_FAILED), asked_for(runs),
		runs->study->arms[run->arm].name, (long long)run->seed, words);
	if (left > 0) fprintf(stderr, "  (ETA %s)", rnf_meter_time(time, left));
	fputc('\n', stderr);
}

static void say_runs(const struct rnf_study_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++) {
		const struct rnf_study_run *run = &runs->at[i];
		double seconds;
		if (run->turn != RNF_TURN_RUNS) continue;
		fprintf(stderr, ", %s seed %lld at %.0f %%", runs->study->arms[run->arm].name,
			(long long)run->seed, 100 * part_of(runs, run, &seconds));
	}
}

/* On a terminal, rewrite the line each second; in a file, add a line each minute. */
void rnf_study_say_progress(const struct rnf_study_work *w)
{
	static double next;
	char time[32];
	const struct rnf_study_runs *runs = w->runs;
	const double now = rnf_now(), every = rnf_meter_terminal() ? 1 : 60;
	if (next == 0) next = w->start + every;
	if (now < next) return;
	next = now + every;
	rnf_meter_clear();
	fprintf(stderr, "study %s: %zu of %zu runs are made", runs->study->name,
		count(runs, RNF_TURN_MADE), asked_for(runs));
	say_runs(runs);
	if (count(runs, RNF_TURN_ELSEWHERE))
		fprintf(stderr, ", %zu elsewhere", count(runs, RNF_TURN_ELSEWHERE));
	fprintf(stderr, ", ETA %s%s", rnf_meter_time(time, rnf_study_left(runs, w->jobs)),
		rnf_meter_terminal() ? "" : "\n");
	fflush(stderr);
}
