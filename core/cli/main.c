/* rnframe VERB [CONF] [key.path=value ...]: finds the verb, has its options parsed,
 * prints the message of a failure once. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/floats.h"
#include "base/running.h"
#include "base/json.h"
#include "base/signal.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/words.h"
#include "conf/conf.h"
#include "exec/crash.h"
#include "plugin/loader.h"
#include "train/setup.h"

static rnf_status help(const struct rnf_options *);
static rnf_status man(const struct rnf_options *);
static rnf_status completion(const struct rnf_options *);
static rnf_status version(const struct rnf_options *);

static const struct rnf_verb verbs[] = {
	{ "train", "CONF [key.path=value]... [--out DIR] [--weights FILE] [--log FILE] "
	  "[--resume auto|FILE [--extend EPOCHS]]",
	  "train a model and evaluate it", rnf_verb_train, 1,
	  { "--conf", "--set", "--out", "--weights", "--log", "--resume", "--extend" }, RNF_VERB_ASKS },
	{ "eval", "RUN|WEIGHTS|(CONF --weights FILE) [key.path=value]... [--split test|validation|train] "
	  "[--json FILE] [--probs FILE.npy] [--report DIR]",
	  "evaluate a run, a file of weights with its conf inside, or other weights by a conf",
	  rnf_verb_eval, 1, { "--conf", "--set", "--weights", "--split", "--json",
	  "--probs", "--report" }, RNF_VERB_ASKS },
	{ "predict", "RUN|WEIGHTS IMAGE|DIR|-... [--conf CONF] [key.path=value]... [--topk N] "
	  "[--tta flip] [--format jsonl|csv|npy] [--out FILE] [--sort-into DIR [--link]]",
	  "classify images, a line of output each; -: read the names of the files from the standard\n"
	  "      input, a line each or ended by NUL",
	  rnf_verb_predict, RNF_WORDS_ANY, { "--conf", "--set", "--topk", "--format", "--tta", "--out",
	  "--sort-into", "--link" },
	  RNF_VERB_ASKS | RNF_VERB_OF_MODEL },
	{ "mistakes", "RUN|WEIGHTS [--conf CONF] [key.path=value]... [--split test|validation|train] "
	  "[--top 64] [--csv FILE] [--json FILE] [--sheet FILE.png]",
	  "list the images that cost most (cross-entropy), and labels that are probably wrong, by "
	  "confident\n      learning: the probability of another class reaches the mean that images "
	  "with its label\n      have for it, as in cleanlab",
	  rnf_verb_mistakes, 1, { "--conf", "--set", "--split", "--top", "--csv", "--json", "--sheet" },
	  RNF_VERB_ASKS | RNF_VERB_OF_MODEL },
	{ "export", "RUN|WEIGHTS FILE [--conf CONF] [key.path=value]... [--input uint8|float] "
	  "[--names rnframe|torch] [--fold] [--int8 [--calibrate N]] [--main] "
	  "[--measure]",
	  "write a trained model for other programs; the suffix of FILE chooses the format: "
	  "inspect export", rnf_verb_export, 2, { "--conf", "--set", "--input", "--names",
	  "--fold", "--int8", "--calibrate", "--main",
	  "--measure" }, RNF_VERB_OF_MODEL },
	{ "card", "RUN [--out FILE]", "print the model card of a run, or write it: Markdown with a head of "
	  "YAML", rnf_verb_card, 1, { "--out" }, 0 },
	{ "pack", "RUN [FILE.tar.gz|FILE.tar.xz]", "write an archive of a run for others: weights, conf, "
	  "card, report, a check image with its\n      probabilities, SHA256SUMS; the same run gives "
	  "the same bytes", rnf_verb_pack, 2, { NULL }, 0 },
	{ "check", "CONF [key.path=value]... [--weights FILE] [--origin]",
	  "do everything that precedes a run: names, shapes, memory, data; write nothing",
	  rnf_verb_check, 1, { "--conf", "--set", "--weights", "--origin" }, 0 },
	{ "plan", "CONF [key.path=value]... [--svg FILE] [--phases | --json]",
	  "print the layers with their shapes, parameters and multiply-adds, and the memory; run "
	  "nothing",
	  rnf_verb_plan, 1, { "--conf", "--set", "--svg", "--phases", "--json!" }, 0 },
	{ "profile", "CONF [key.path=value]... [--steps N] [--mode train|inference] "
	  "[--json FILE]", "run a few steps and report where their time goes; write nothing",
	  rnf_verb_profile, 1, { "--conf", "--set", "--steps", "--mode", "--json" }, 0 },
	{ "lr", "CONF [key.path=value]... [--weights FILE] [--steps N] [--out DIR]",
	  "raise the learning rate from step to step, print the losses and suggest rates", rnf_verb_lr, 1,
	  { "--conf", "--set", "--weights", "--steps", "--out" }, 0 },
	{ "verify", "RUN [--steps N]", "check the files of a run folder; repeat its last N steps,\n      "
	  "and those since the checkpoint before them, and compare every bit",
	  rnf_verb_verify, 1, { "--steps" }, 0 },
	{ "study", "STUDY [key.path=value]... [--arm NAME]... [--seeds 1..3] [--out DIR] "
	  "[--jobs N] [--budget 2h] [--dry-run | --table]; or CONF --vary key=a,b|lin:0:1:5|"
	  "log:0.01:1:5 [--vary ...]... [--random N]",
	  "make the runs of a study, each in a child process, and a table of them; continue an\n"
	  "      interrupted study",
	  rnf_verb_study, 1, { "--conf", "--set", "--arm", "--seeds", "--out", "--jobs",
	  "--budget", "--dry-run", "--table", "--vary", "--random" }, RNF_VERB_ASKS },
	{ "runs", "[DIR] [--sort COLUMN] [--where 'KEY>VALUE']... [--json]",
	  "list the run folders below DIR (runs): name, state, epoch, error, start, size",
	  rnf_verb_runs, 1, { "--sort", "--where", "--json!" }, 0 },
	{ "compare", "RUN RUN...", "print the table of a study over any runs, and the keys that differ",
	  rnf_verb_compare, RNF_WORDS_ANY, { NULL }, 0 },
	{ "diff", "A B", "list the keys that differ between two confs or run folders, and where each was set",
	  rnf_verb_diff, 2, { NULL }, 0 },
	{ "inspect", "[KIND [NAME]]", "list plugins and their parameters",
	  rnf_verb_inspect, 2, { NULL }, 0 },
	{ "confs", "", "list the confs that come with the program", rnf_verb_confs, 0,
	  { NULL }, 0 },
	{ "data", "check DIR|CONF [key.path=value]... [--sheet FILE.png]",
	  "check every image of a folder or a conf: classes, sizes, colours, files that cannot be\n"
	  "      read, equal images",
	  rnf_verb_data, 2, { "--set", "--sheet" }, 0 },
	{ "new", "conf FILE --data DIR [--like CONF]",
	  "write a conf for a folder of images, with their size and colours", rnf_verb_new, 2,
	  { "--data", "--like" }, 0 },
	{ "fetch", "DATASET [--out DIR] [--mirror DIR|URL]",
	  "download a data set and check it", rnf_verb_fetch, 1,
	  { "--out", "--mirror" }, 0 },
	{ "help", "[VERB]", "print this, or the options of a verb, as VERB --help does", help, 1,
	  { NULL }, 0 },
	{ "man", "[rnframe | rnframe.cfg]", "print a manual page; to read it: rnframe man rnframe.cfg | "
	  "mandoc -a", man, 1, { NULL }, 0 },
	{ "completion", "", "print a script for bash (and zsh's bashcompinit) that completes verbs, "
	  "options and confs: eval \"$(rnframe completion)\"", completion, 0, { NULL }, 0 },
	{ "version", "", "print the version", version, 0, { NULL }, 0 },
};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

static const struct {
	const char *option, *verb;
} verb_options[] = {
	{ "--help", "help" }, { "-h", "help" }, { "--version", "version" },
};

static void print_help(FILE *out)
{
	fputs("rnframe " RNF_VERSION ": trains residual image classifiers from conf files\n\n",
	      out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  rnframe %s%s%s\n      %s\n", verbs[i].name, *verbs[i].usage ? " " : "",
			verbs[i].usage, verbs[i].brief);
	fputs("\nrnframe --conf X means rnframe train X; --set k=v and k=v mean the same.\n"
	      "All verbs take --plugin-path DIR: a folder of KIND/NAME.so, searched before\n"
	      "the program's own. rnframe help VERB explains the options of a verb.\n\n"
	      "environment:\n", out);
	for (const struct rnf_pair *p = rnf_environment; p->name; p++)
		fprintf(out, "  %s: %s\n", p->name, p->words);
	fputs("exit status:\n", out);
	for (const struct rnf_pair *p = rnf_exit_words; p->name; p++)
		fprintf(out, "  %2s %s\n", p->name, p->words);
	fputs("examples:\n"
	      "  rnframe train quickstart.cfg train.epochs=1\n"
	      "  rnframe plan se_mxresnet20.cfg\n", out);
}

/* ---- the verb ---- */

static const struct rnf_verb *verb_named(const char *name)
{
	for (size_t i = 0; i < sizeof verb_options / sizeof *verb_options; i++)
		if (!strcmp(name, verb_options[i].option)) name = verb_options[i].verb;
	for (size_t i = 0; i < N_VERBS; i++)
		if (!strcmp(name, verbs[i].name)) return &verbs[i];
	return NULL;
}

static rnf_status unknown_verb(const char *name)
{
	const char *names[N_VERBS];
	for (size_t i = 0; i < N_VERBS; i++)
		names[i] = verbs[i].name;
	const char *near = rnf_nearest(name, names, N_VERBS);
	return rnf_fail(RNF_EINVAL, "unknown verb %s%s%s%s; rnframe help lists them",
			name, near ? " (did you mean " : "", near ? near : "",
			near ? "?)" : "");
}

static rnf_status help(const struct rnf_options *o)
{
	const struct rnf_verb *verb = o->n_words ? verb_named(o->words[0]) : NULL;
	if (o->n_words && !verb) return unknown_verb(o->words[0]);
	if (verb) rnf_verb_print(verb, stdout);
	else print_help(stdout);
	return RNF_OK;
}

static rnf_status man(const struct rnf_options *o)
{
	const char *page = o->n_words ? o->words[0] : "rnframe";
	const int is_program = !strcmp(page, "rnframe");
	if (!is_program && strcmp(page, "rnframe.cfg"))
		return rnf_fail(RNF_EINVAL, "there is no page %s; the pages are rnframe and rnframe.cfg",
				page);
	if (is_program) rnf_man_program(verbs, N_VERBS, stdout);
	else rnf_man_conf(stdout);
	return RNF_OK;
}

static rnf_status completion(const struct rnf_options *o)
{
	(void)o;
	rnf_completion(verbs, N_VERBS, stdout);
	return RNF_OK;
}

static rnf_status version(const struct rnf_options *o)
{
	(void)o;
	puts("rnframe " RNF_VERSION);
	return RNF_OK;
}

/* A command line without a verb means train. A verb behind an option is a slip: it must
 * not become the name of a conf, nor start a training. */
static rnf_status no_late_verb(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const int option = argv[i][0] == '-';
		if (!option && verb_named(argv[i]))
			return rnf_fail(RNF_EINVAL, "the verb comes first: rnframe %s ...",
					argv[i]);
		i += option && !strchr(argv[i], '='); /* its value */
	}
	return RNF_OK;
}

static rnf_status find_verb(int argc, char **argv, const struct rnf_verb **verb,
			    int *from)
{
	*verb = verb_named(argv[1]);
	*from = 2;
	if (*verb) return RNF_OK;
	if (argv[1][0] != '-' && !strchr(argv[1], '=')) return unknown_verb(argv[1]);
	*verb = &verbs[0];
	*from = 1;
	return no_late_verb(argc, argv);
}

/* ---- files and the process ---- */

/* Without /proc: the path that the program was started with. */
static int find_self(char path[PATH_MAX])
{
	const ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	const char *started = (const char *)getauxval(AT_EXECFN);
	if (n > 0) path[n] = 0;
	return n > 0 || (started && realpath(started, path));
}

/* Confs lie beside the program: conf/ in a tree, share/rnframe/conf when installed. */
static void find_confs(const char *self)
{
	static const char *const conf[] = { "../share/rnframe/conf", "../conf",
					    "../../conf" };
	for (size_t i = 0; i < sizeof conf / sizeof *conf; i++) {
		char dir[PATH_MAX];
		if (!realpath(rnf_format("%s/%s", self, conf[i]), dir)) continue;
		rnf_conf_dir = rnf_format("%s", dir);
		return;
	}
}

/* Plugins lie there too, in plugins/ or lib/rnframe/plugins. The user's own folders come first,
 * so that their plugins can replace built-in ones. */
static void set_paths(const char *plugin_path)
{
	char self[PATH_MAX];
	const char *env = getenv("RNFRAME_PLUGIN_PATH");
	if (env && *env) rnf_loader_path(env);
	if (plugin_path) rnf_loader_path(plugin_path);
	if (!find_self(self)) return;
	*strrchr(self, '/') = 0;
	rnf_loader_path(rnf_format("%s/plugins", self));
	rnf_loader_path(rnf_format("%s/../lib/rnframe/plugins", self));
	find_confs(self);
}

/* If a standard stream is closed, the next file opened would get its number, and messages
 * would land in that file. */
static int fill_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

/* Turn SIGXFSZ and SIGPIPE into failed writes, which end in a status. */
static void fail_writes(void)
{
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

/* All threads belong to the pool. A library behind a plugin that starts threads when it
 * is loaded would compete with them, and must end them at exit, where OpenBLAS 0.3.21
 * sometimes hangs. Such libraries share OpenMP's variable. */
static void keep_libraries_single(void)
{
	setenv("OMP_NUM_THREADS", "1", 1);
}

/* ---- the end ---- */

/* Such as `head -1`, which has read all that it wants: not a failure. */
static int reader_is_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	return poll(&out, 1, 0) == 1 && out.revents & (POLLERR | POLLHUP);
}

static rnf_status flush_output(void)
{
	errno = EIO; /* the cause, if an earlier write failed */
	if (fflush(stdout) == 0 && !ferror(stdout)) return RNF_OK;
	const int cause = errno;
	if (reader_is_gone()) return RNF_OK;
	return rnf_fail(RNF_EIO, "standard output: %s", strerror(cause));
}

/* One line for each failure. */
static void print_words(const char *words)
{
	for (size_t n; *words; words += n + (words[n] == '\n')) {
		n = strcspn(words, "\n");
		fprintf(stderr, "rnframe: %.*s\n", (int)n, words);
	}
}

static int exit_code(rnf_status status)
{
	if (status < 0) print_words(rnf_fail_words());
	return rnf_status_exit(status);
}

static int asks_for_help(int n, char **arguments)
{
	for (int i = 0; i < n; i++)
		if (arguments[i][0] == '-' && verb_named(arguments[i]) == verb_named("help"))
			return 1;
	return 0;
}

static rnf_status run(int argc, char **argv)
{
	static struct rnf_options o;
	const struct rnf_verb *verb;
	int from;
	o.argc = argc;
	o.argv = argv;
	RNF_TRY(find_verb(argc, argv, &verb, &from));
	if (asks_for_help(argc - from, argv + from)) {
		rnf_verb_print(verb, stdout);
		return flush_output();
	}
	RNF_TRY(rnf_options_parse(&o, verb, argc - from, argv + from));
	set_paths(o.plugin_path);
	if (!(verb->flags & RNF_VERB_ASKS)) rnf_signals_release();
	RNF_TRY(verb->run(&o));
	return flush_output();
}

static int start(int argc, char **argv)
{
	rnf_float_mode_put(rnf_float_mode_policy());
	rnf_crash_watch();
	rnf_signals_catch();
	if (fill_streams() < 0) return 1;
	rnf_text_mask_output();
	fail_writes();
	rnf_json_init();
	keep_libraries_single();
	if (argc < 2) {
		print_help(stderr);
		return 2;
	}
	return exit_code(run(argc, argv));
}

int main(int argc, char **argv)
{
	const int code = start(argc, argv);
	rnf_arena_finish();
	rnf_running_end();
	return code;
}
