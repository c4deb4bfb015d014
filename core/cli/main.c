/* rnframe VERB [CONF] [key.path=value ...]: finds the verb, parses its options,
 * prints the words of a failure once. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "cli/cli.h"
#include "conf/conf.h"
#include "plugin/loader.h"
#include "train/setup.h"

static const struct rnf_verb verbs[] = {
	{ "train", "CONF [key.path=value]... [--out DIR] [--weights FILE] [--log FILE]",
	  "train a model and evaluate it", rnf_verb_train },
	{ "eval", "CONF --weights FILE [--split test|validation|train] [--json FILE] [--probs FILE.npy]",
	  "evaluate weights", rnf_verb_eval },
	{ "plan", "CONF [key.path=value]...",
	  "print shapes, parameters, phases and memory; runs nothing", rnf_verb_plan },
	{ "inspect", "[KIND [NAME]]", "list plugins and their parameters", rnf_verb_inspect },
	{ "confs", "", "list the confs that come with the program", rnf_verb_confs },
	{ "fetch", "DATASET [--out DIR] [--mirror URL]",
	  "download a data set and check it", rnf_verb_fetch },
};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

static const struct {
	const char *name;
	size_t offset;
} options[] = {
	{ "--conf", offsetof(struct rnf_options, conf) },
	{ "--out", offsetof(struct rnf_options, out) },
	{ "--weights", offsetof(struct rnf_options, weights) },
	{ "--log", offsetof(struct rnf_options, log) },
	{ "--json", offsetof(struct rnf_options, json) },
	{ "--probs", offsetof(struct rnf_options, probs) },
	{ "--split", offsetof(struct rnf_options, split) },
	{ "--mirror", offsetof(struct rnf_options, mirror) },
	{ "--set", 0 },
	{ "--plugin-path", 0 },
};
enum { N_OPTIONS = sizeof options / sizeof *options };

static int help(FILE *out)
{
	fputs("rnframe " RNF_VERSION ": trains residual image classifiers from conf files\n\n",
	      out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  rnframe %-8s %s\n      %s\n", verbs[i].name,
			verbs[i].usage, verbs[i].brief);
	fputs("\nrnframe --conf X is rnframe train X; --set k=v and k=v mean the same.\n"
	      "Exit status: 0 done, 1 internal, 2 bad input.\n"
	      "  rnframe train quickstart.cfg train.epochs=1\n"
	      "  rnframe plan se_mxresnet20.cfg\n", out);
	return 0;
}

static rnf_status add_set(struct rnf_options *o, const char *text)
{
	if (o->n_sets == sizeof o->sets / sizeof *o->sets)
		return rnf_fail(RNF_EINVAL, "more than %zu overrides", o->n_sets);
	o->sets[o->n_sets++] = text;
	return RNF_OK;
}

static rnf_status unknown_option(const char *name)
{
	const char *names[N_OPTIONS];
	for (size_t i = 0; i < N_OPTIONS; i++)
		names[i] = options[i].name;
	const char *near = rnf_nearest(name, names, N_OPTIONS);
	return rnf_fail(RNF_EINVAL, "unknown option %s%s%s%s", name,
			near ? " (did you mean " : "", near ? near : "",
			near ? "?)" : "");
}

/* `--name value` or `--name=value`; *used counts the arguments taken. */
static rnf_status option(struct rnf_options *o, char **argv, int left, int *used)
{
	const char *equals = strchr(argv[0], '=');
	const size_t length = equals ? (size_t)(equals - argv[0]) : strlen(argv[0]);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (strlen(options[i].name) != length ||
		    strncmp(options[i].name, argv[0], length) != 0)
			continue;
		if (!equals && left < 2)
			return rnf_fail(RNF_EINVAL, "%s needs a value", argv[0]);
		const char *value = equals ? equals + 1 : argv[1];
		*used = equals ? 1 : 2;
		if (!strcmp(options[i].name, "--set")) return add_set(o, value);
		if (!strcmp(options[i].name, "--plugin-path"))
			rnf_loader_path(value);
		else
			*(const char **)((char *)o + options[i].offset) = value;
		return RNF_OK;
	}
	return unknown_option(rnf_strndup(argv[0], length));
}

static rnf_status parse(struct rnf_options *o, int argc, char **argv)
{
	for (int i = 0, used = 1; i < argc; i += used) {
		used = 1;
		if (argv[i][0] == '-' && argv[i][1]) {
			RNF_TRY(option(o, argv + i, argc - i, &used));
		} else if (strchr(argv[i], '=')) {
			RNF_TRY(add_set(o, argv[i]));
		} else if (o->n_words < sizeof o->words / sizeof *o->words) {
			o->words[o->n_words++] = argv[i];
		} else {
			return rnf_fail(RNF_EINVAL, "too many arguments: %s", argv[i]);
		}
	}
	return RNF_OK;
}

static rnf_status find_verb(const char *name, const struct rnf_verb **verb)
{
	const char *names[N_VERBS];
	for (size_t i = 0; i < N_VERBS; i++) {
		names[i] = verbs[i].name;
		*verb = &verbs[i];
		if (!strcmp(name, names[i])) return RNF_OK;
	}
	const char *near = rnf_nearest(name, names, N_VERBS);
	return rnf_fail(RNF_EINVAL, "unknown verb %s%s%s%s; rnframe help lists them",
			name, near ? " (did you mean " : "", near ? near : "",
			near ? "?)" : "");
}

/* Plugins and confs lie beside the program: build/plugins and conf/ in a tree,
 * lib/rnframe/plugins and share/rnframe/conf when installed. */
static void set_paths(void)
{
	char self[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *env = getenv("RNFRAME_PLUGIN_PATH");
	if (env) rnf_loader_path(env);
	if (n <= 0) return;
	self[n] = 0;
	*strrchr(self, '/') = 0;
	static const char *const conf[] = { "../share/rnframe/conf", "../conf",
					    "../../conf" };
	rnf_loader_path(rnf_format("%s/plugins", self));
	rnf_loader_path(rnf_format("%s/../lib/rnframe/plugins", self));
	for (size_t i = 0; i < sizeof conf / sizeof *conf; i++) {
		char *dir = realpath(rnf_format("%s/%s", self, conf[i]), NULL);
		if (!dir) continue;
		rnf_conf_dir = rnf_format("%s", dir);
		free(dir);
		return;
	}
}

static int fail(void)
{
	fprintf(stderr, "rnframe: %s\n", rnf_fail_words());
	return 2;
}

static rnf_status run(int argc, char **argv)
{
	static struct rnf_options o;
	const struct rnf_verb *verb = &verbs[0];
	int from = 1;
	if (argv[1][0] != '-' && !strchr(argv[1], '=')) {
		RNF_TRY(find_verb(argv[1], &verb));
		from = 2;
	}
	RNF_TRY(parse(&o, argc - from, argv + from));
	if (!o.conf && o.n_words) o.conf = o.words[0];
	return verb->run(&o);
}

int main(int argc, char **argv)
{
	if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
	    !strcmp(argv[1], "-h"))
		return help(argc < 2 ? stderr : stdout) + (argc < 2 ? 2 : 0);
	if (!strcmp(argv[1], "--version")) {
		puts("rnframe " RNF_VERSION);
		return 0;
	}
	set_paths();
	const rnf_status status = run(argc, argv);
	const int code = status < 0 ? fail() : 0;
	rnf_arena_finish();
	return status == RNF_EINTERNAL || status == RNF_ENOMEM ? 1 : code;
}
