#include "lib/plugin.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/program.h"

enum { EPOCHS = 30 };

static char dir[64];
static struct rnf_epoch history[EPOCHS];
static int warnings;
static char words[512];

static void log_line(enum rnf_level level, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	warnings += level == RNF_LOG_WARNING;
}

static rnf_status failed(rnf_status status, const char *format, ...)
{
	(void)format;
	return status;
}

static struct rnf_host host;

static void make_host(void)
{
	host = rnf_host;
	host.fail = failed;
	host.log = log_line;
}

/* A made-up run, and its epochs.csv as the core writes it. */
static void make_history(int validation)
{
	char path[128];
	snprintf(path, sizeof path, "%s/epochs.csv", dir);
	FILE *file = fopen(path, "w");
	fprintf(file, "epoch,step,time_s,lr,train_loss,train_data_loss,train_accuracy,"
		"val_loss,val_accuracy,images_per_s,peak_rss_bytes\n");
	for (int e = 0; e < EPOCHS; e++) {
		const double loss = 0.5 + 1.8 / (1 + 0.3 * e);
		const double accuracy = 0.95 - 0.6 / (1 + 0.4 * e);
		history[e] = (struct rnf_epoch){
			.epoch = e + 1, .train_loss = loss, .train_accuracy = accuracy,
			.val_loss = validation ? loss + 0.1 + 0.05 * (e % 3) : NAN,
			.val_accuracy = validation ? accuracy - 0.03 : NAN };
		fprintf(file, "%d,%d,1.5,0.1,%g,%g,%g,", e + 1, 352 * e, loss, loss,
			accuracy);
		if (validation)
			fprintf(file, "%g,%g", history[e].val_loss,
				history[e].val_accuracy);
		fprintf(file, "%s,2000,1000000\n", validation ? "" : ",");
	}
	fclose(file);
}

static size_t size_of(const char *name)
{
	char path[128];
	struct stat at;
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return stat(path, &at) == 0 ? (size_t)at.st_size : 0;
}

static const struct rnf_callback_impl *impl;
static void *self;

static void event(enum rnf_event which, int epochs)
{
	const struct rnf_run told = { .size = sizeof told, .name = "it's_a run",
		.dir = dir, .epoch = epochs, .epochs = EPOCHS, .history = history,
		.n_history = epochs };
	ck_assert_int_eq(impl->on(self, which, &told), RNF_OK);
}

static void tell(int epochs)
{
	event(RNF_EVENT_EPOCH, epochs);
}

/* Report `epochs` epochs at once, and then the same again. */
static void run(int plot, int validation, int epochs)
{
	const int32_t conf = plot; /* the plugin's only parameter */
	make_host();
	strcpy(dir, "/tmp/rnf_monitor_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	make_history(validation);
	impl = test_feature("callback", "training_monitor")->impl;
	ck_assert_int_eq(impl->open(&host, &conf, &self), RNF_OK);
	event(RNF_EVENT_BEGIN, epochs);
	tell(epochs);
	tell(epochs);
	event(RNF_EVENT_END, epochs);
}

static void clean_up(void)
{
	static const char *const names[] = { "epochs.csv", "history.json", "curves.gp",
					     "curves.png", "curves.svg" };
	char path[128];
	if (getenv("RNF_KEEP")) return; /* to look at the plots */
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		remove(path);
	}
	ck_assert_int_eq(rmdir(dir), 0); /* and no draft is left */
}

static void check_json(const char *want)
{
	char path[128], text[4096] = "";
	snprintf(path, sizeof path, "%s/history.json", dir);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
	fclose(file);
	ck_assert_str_eq(text, want);
}

START_TEST(json)
{
	run(0, 0, 2);
	check_json("{\"loss\": [2.3, 1.88461538],\n \"accuracy\": [0.35, 0.521428571],\n"
		   " \"val_loss\": [null, null],\n \"val_accuracy\": [null, null]}\n");
	ck_assert_uint_eq(size_of("curves.gp"), 0);
	ck_assert_int_eq(warnings, 0);
	clean_up();
}
END_TEST

static int have_gnuplot(void)
{
	return system("command -v gnuplot >/dev/null 2>&1") == 0;
}

static void check_plots(void)
{
	ck_assert_msg(warnings == 0, "%s", words);
	ck_assert_uint_gt(size_of("curves.gp"), 500);
	ck_assert_uint_gt(size_of("curves.png"), 2000);
	ck_assert_uint_gt(size_of("curves.svg"), 2000);
	clean_up();
}

START_TEST(plots)
{
	if (!have_gnuplot()) return;
	run(1, 1, EPOCHS);
	check_plots();
}
END_TEST

START_TEST(plots_without_validation)
{
	if (!have_gnuplot()) return;
	run(1, 0, EPOCHS);
	check_plots();
}
END_TEST

/* What a user has set for his own plots. */
START_TEST(settings_of_the_user_change_nothing)
{
	char home[PATH_MAX];
	if (!have_gnuplot()) return;
	ck_assert_ptr_nonnull(realpath(test_folder("monitor_home"), home));
	test_shell("cd %s && echo 'set terminal dumb; set decimalsign \",\"; set title \"mine\"' "
		   ">.gnuplot && cp .gnuplot gnuplotrc", home);
	run(1, 1, EPOCHS);
	test_shell("cp %s/curves.svg %s/curves.png %s", dir, dir, home);
	check_plots();
	setenv("HOME", home, 1);
	setenv("GNUTERM", "x11", 1);
	setenv("GNUPLOT_LIB", home, 1);
	setenv("GNUPLOT_FONTPATH", home, 1);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	run(1, 1, EPOCHS);
	test_shell("cmp %s/curves.svg %s/curves.svg && cmp %s/curves.png %s/curves.png", dir, home,
		   dir, home);
	check_plots();
}
END_TEST

/* A gnuplot that writes half of a picture and succeeds, as on a full disk: the picture of
 * the epoch before stays, with a message; the next epoch draws a new one. */
START_TEST(a_picture_that_is_cut_takes_no_place)
{
	char bin[PATH_MAX], path[4096], cut[3 * PATH_MAX];
	if (!have_gnuplot()) return;
	ck_assert_ptr_nonnull(realpath(test_folder("monitor_bin"), bin));
	run(1, 1, EPOCHS);
	test_shell("cp %s/curves.png %s/curves.svg %s; mkdir %s/cut; r=$(command -v gnuplot); "
		   "{ echo '#!/bin/sh'; echo \"$r\" '\"$@\"'; echo 'for i in *.tmp; do head -c 1500 "
		   "$i >x; mv x $i; done'; } >%s/cut/gnuplot; chmod +x %s/cut/gnuplot", dir, dir, bin,
		   bin, bin, bin);
	snprintf(path, sizeof path, "%s", getenv("PATH"));
	snprintf(cut, sizeof cut, "%s/cut:%s", bin, path);
	setenv("PATH", cut, 1);
	tell(EPOCHS);
	tell(EPOCHS);
	ck_assert_int_eq(warnings, 1);
	ck_assert_msg(strstr(words, "the picture is not whole") != NULL, "%s", words);
	test_shell("cmp %s/curves.png %s/curves.png && cmp %s/curves.svg %s/curves.svg", dir, bin,
		   dir, bin);
	setenv("PATH", path, 1);
	test_shell("rm %s/curves.png", dir);
	tell(EPOCHS);
	ck_assert_int_eq(warnings, 1);
	warnings = 0;
	check_plots();
}
END_TEST

START_TEST(one_warning)
{
	setenv("PATH", "/nonexistent", 1);
	run(1, 1, 3);
	ck_assert_int_eq(warnings, 1);
	ck_assert_uint_gt(size_of("curves.gp"), 500);
	clean_up();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		json, plots, plots_without_validation, settings_of_the_user_change_nothing,
		a_picture_that_is_cut_takes_no_place, one_warning, NULL
	};
	return test_run("callback/training_monitor", tests);
}
