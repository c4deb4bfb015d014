#include "study/study.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "conf/source.h"
#include "plugin/param.h"
#include "study/publish.h"
#include "train/setup.h"

struct arm_conf {
	const char *name, *conf;
	struct rnf_strings set;
	double published;
};

struct study_conf {
	struct rnf_ints seeds;
	struct rnf_groups arms;
	struct rnf_strings set;
	const char *conf, *baseline, *results;
};

struct root_conf {
	const char *name;
	struct study_conf study;
};

static const struct rnf_param arm_rows[] = {
	{ .key = "name", .unit = "", .brief = "of the row and of its folder",
	  .type = RNF_TYPE_STRING, .flags = RNF_PARAM_REQUIRED | RNF_PARAM_NAME,
	  .offset = offsetof(struct arm_conf, name) },
	RNF_STRING(struct arm_conf, conf, NULL, 0, "the experiment; default: study.conf"),
	RNF_STRINGS(struct arm_conf, set, "keys changed, after those of study.set"),
	RNF_FLOAT(struct arm_conf, published, NAN, 0, 100, "%", "test error that others report"),
};
static const struct rnf_params arm_params = {
	sizeof(struct arm_conf), sizeof arm_rows / sizeof *arm_rows, sizeof *arm_rows, arm_rows
};

static const struct rnf_param study_rows[] = {
	RNF_INTS(struct study_conf, seeds, 0, 0x1p53, "", "each arm is trained with each"),
	{ .key = "arms", .unit = "", .brief = "the rows, ( { name = \"...\"; ... }, ... )",
	  .type = RNF_TYPE_GROUPS, .flags = RNF_PARAM_REQUIRED,
	  .offset = offsetof(struct study_conf, arms), .group = &arm_params },
	RNF_STRING(struct study_conf, conf, NULL, 0, "of arms that do not say their own"),
	RNF_STRINGS(struct study_conf, set, "keys changed in every arm"),
	RNF_STRING(struct study_conf, baseline, NULL, 0,
		   "the arm that others are compared with; previous: each with the one before"),
	RNF_STRING(struct study_conf, results, NULL, RNF_PARAM_PATH,
		   "folder of runs that are finished already"),
};
static const struct rnf_params study_params = {
	sizeof(struct study_conf), sizeof study_rows / sizeof *study_rows, sizeof *study_rows,
	study_rows
};

static const struct rnf_param root_rows[] = {
	RNF_STRING(struct root_conf, name, NULL, RNF_PARAM_NAME, "of the study"),
	{ .key = "study", .unit = "", .brief = "arms and seeds", .type = RNF_TYPE_GROUP,
	  .offset = offsetof(struct root_conf, study), .group = &study_params },
};
const struct rnf_params rnf_study_params = {
	sizeof(struct root_conf), sizeof root_rows / sizeof *root_rows, sizeof *root_rows,
	root_rows
};

/* -- arms -- */

struct rnf_arm *rnf_study_add_arm(struct rnf_study *study, const char *name)
{
	struct rnf_arm *arm = rnf_push((void **)&study->arms, &study->n_arms, sizeof *arm);
	*arm = (struct rnf_arm){ .name = name, .place = "", .published = NAN, .chosen = 1 };
	return arm;
}

void rnf_arm_set(struct rnf_arm *arm, const char *text, const char *file, int line)
{
	*(struct rnf_override *)rnf_push((void **)&arm->sets, &arm->n_sets,
					 sizeof *arm->sets) =
		(struct rnf_override){ text, file, line };
}

int rnf_study_owns(const char *override)
{
	static const char *const keys[] = { "seed", "name", "out" };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcspn(override, "=+ ") == strlen(keys[i]) &&
		    !strncmp(override, keys[i], strlen(keys[i])))
			return 1;
	return 0;
}

static const char owned[] = "a study sets `seed`, `name` and `out` of each run itself: see "
			    "study.seeds, --seeds, --out and the names of arms";

/* The texts of a filled list, with their places. */
static void add_sets(struct rnf_arm *arm, const struct rnf_conf *list)
{
	for (size_t i = 0; list && i < list->n; i++) {
		const struct rnf_conf *item = list->at[i];
		if (rnf_study_owns(item->s))
			rnf_fail_aside(rnf_conf_fail(item, "%s; %s", item->s, owned));
		rnf_arm_set(arm, item->s, item->file, item->line);
	}
}

static int is_of_study(const char *set)
{
	return !strncmp(set, "study.", 6);
}

static void add_options(struct rnf_study *study, const struct rnf_study_wish *wish)
{
	for (size_t i = 0; i < wish->n_sets; i++)
		if (rnf_study_owns(wish->sets[i]))
			rnf_fail_aside(rnf_fail(RNF_EINVAL, "--set %s: %s", wish->sets[i], owned));
	for (size_t a = 0; a < study->n_arms; a++)
		for (size_t i = 0; i < wish->n_sets; i++)
			if (!is_of_study(wish->sets[i]))
				rnf_arm_set(&study->arms[a], wish->sets[i], "--set", 0);
}

static int find_arm(const struct rnf_study *study, const char *name)
{
	for (size_t i = 0; i < study->n_arms; i++)
		if (!strcmp(study->arms[i].name, name)) return (int)i;
	return -1;
}

static rnf_status unknown_arm(const struct rnf_study *study, const char *place,
			      const char *what, const char *name)
{
	const char **names = rnf_alloc((study->n_arms + 1) * sizeof *names), *all = "";
	for (size_t i = 0; i < study->n_arms; i++) {
		names[i] = study->arms[i].name;
		all = rnf_format("%s%s%s", all, i ? ", " : "", names[i]);
	}
	const char *near = rnf_nearest(name, names, study->n_arms);
	return near ? rnf_fail(RNF_EINVAL, "%s%s: there is no arm \"%s\" (did you mean \"%s\"?)",
			       place, what, name, near)
		    : rnf_fail(RNF_EINVAL, "%s%s: there is no arm \"%s\"; the arms are: %s",
			       place, what, name, all);
}

/* -- the conf -- */

static rnf_status find_conf(const char *name, const struct rnf_conf *node, const char *from,
			    const char **path)
{
	const rnf_status status = rnf_source_find(name, from, rnf_conf_dir, path);
	return status < 0 ? rnf_fail_in(status, "%s%s: ", rnf_conf_place(node),
					rnf_conf_path(node)) : RNF_OK;
}

/* The place that names the arm's conf: in the arm, or for all arms. */
static rnf_status find_arms_conf(struct rnf_arm *arm, const struct rnf_conf *study,
				 const struct rnf_conf *group, const char *from)
{
	const struct rnf_conf *own = rnf_conf_get(group, "conf");
	const struct rnf_conf *node = own ? own : rnf_conf_get(study, "conf");
	if (!node)
		return rnf_conf_fail(group, "names no `conf`, and neither does study.conf");
	return find_conf(node->s, node, from, &arm->conf);
}

static rnf_status add_arm(struct rnf_study *study, const struct arm_conf *conf,
			  const struct rnf_conf *node, struct rnf_conf *group, const char *from)
{
	const struct rnf_conf *name = rnf_conf_get(group, "name");
	const int before = find_arm(study, conf->name);
	if (before >= 0)
		return rnf_conf_fail(name, "\"%s\" is the name of another arm already (%s)",
				     conf->name, rnf_conf_path(rnf_conf_get(node, "arms")->at
							       [before]));
	if (rnf_study_writes(conf->name))
		return rnf_conf_fail(name, "\"%s\" is the name of a file that the study writes",
				     conf->name);
	struct rnf_arm *arm = rnf_study_add_arm(study, conf->name);
	arm->place = rnf_conf_place(name);
	arm->published = conf->published;
	add_sets(arm, rnf_conf_get(node, "set"));
	add_sets(arm, rnf_conf_get(group, "set"));
	return find_arms_conf(arm, node, group, from);
}

static rnf_status check_seeds(const struct rnf_ints *seeds, const struct rnf_conf *node)
{
	if (seeds->n == 0)
		return rnf_conf_fail(node, "must name at least one seed, seeds = [1, 2, 3]");
	for (size_t i = 0; i < seeds->n; i++)
		for (size_t k = 0; k < i; k++)
			if (seeds->at[k] == seeds->at[i])
				return rnf_conf_fail(node->at[i], "the seed %lld is listed "
						     "twice", (long long)seeds->at[i]);
	return RNF_OK;
}

static rnf_status take_seeds(struct rnf_study *study, const struct study_conf *conf,
			     const struct rnf_conf *node)
{
	static const int64_t usual[] = { 1 };
	const struct rnf_conf *seeds = rnf_conf_get(node, "seeds");
	study->seeds = usual;
	study->n_seeds = 1;
	if (!seeds) return RNF_OK;
	study->seeds = conf->seeds.at;
	study->n_seeds = conf->seeds.n;
	return check_seeds(&conf->seeds, seeds);
}

static rnf_status take_baseline(struct rnf_study *study, const struct study_conf *conf,
				const struct rnf_conf *node)
{
	study->baseline = 0;
	if (!conf->baseline) return RNF_OK;
	const int arm = find_arm(study, conf->baseline);
	study->baseline = arm >= 0 ? arm : RNF_BASELINE_PREVIOUS;
	if (arm >= 0 || !strcmp(conf->baseline, "previous")) return RNF_OK;
	return unknown_arm(study, rnf_conf_place(rnf_conf_get(node, "baseline")),
			   "study.baseline", conf->baseline);
}

/* A path in a conf is relative to the folder of that file. */
static const char *beside(const char *path, const struct rnf_conf *node)
{
	const char *slash = node && node->line ? strrchr(node->file, '/') : NULL;
	if (!path || path[0] == '/' || !slash) return path;
	return rnf_format("%.*s/%s", (int)(slash - node->file), node->file, path);
}

const char *rnf_study_base_name(const char *path)
{
	const char *name = rnf_file_name(path);
	const size_t n = strlen(name);
	return rnf_strndup(name, rnf_file_ends(name, ".cfg") ? n - 4 : n);
}

static rnf_status take(struct rnf_study *study, struct rnf_conf *root, const char *path)
{
	struct root_conf conf = { 0 };
	RNF_TRY(rnf_param_fill(root, &rnf_study_params, &conf));
	struct rnf_conf *node = rnf_conf_get(root, "study"), *arms = rnf_conf_get(node, "arms");
	const struct arm_conf *at = conf.study.arms.at;
	study->name = conf.name ? conf.name : rnf_study_base_name(path);
	study->results = beside(conf.study.results, rnf_conf_get(node, "results"));
	study->results_place = rnf_conf_place(rnf_conf_get(node, "results"));
	if (arms->n == 0) return rnf_conf_fail(arms, "has no arm");
	for (size_t i = 0; i < arms->n; i++)
		rnf_fail_aside(add_arm(study, &at[i], node, arms->at[i], path));
	rnf_fail_aside(take_seeds(study, &conf.study, node));
	rnf_fail_aside(take_baseline(study, &conf.study, node));
	return rnf_fail_all();
}

/* Overrides of the study itself. */
static void override(struct rnf_conf *root, const struct rnf_study_wish *wish)
{
	for (size_t i = 0; i < wish->n_sets; i++)
		if (is_of_study(wish->sets[i]))
			rnf_fail_aside(rnf_conf_override(root, wish->sets[i], "--set", 0));
}

/* -- the command line -- */

static rnf_status refuse_seeds(const char *text, const char *why)
{
	return rnf_fail(RNF_EINVAL, "--seeds is \"%s\", must be 1..3 or 1,2,5%s", text, why);
}

static int read_seed(const char **p, int64_t *seed)
{
	char *end;
	errno = 0;
	if (**p < '0' || **p > '9') return 0;
	*seed = strtoll(*p, &end, 10);
	*p = end;
	return !errno && *seed <= (int64_t)1 << 53;
}

static int has_seed(const int64_t *seeds, size_t n, int64_t seed)
{
	for (size_t i = 0; i < n; i++)
		if (seeds[i] == seed) return 1;
	return 0;
}

rnf_status rnf_study_seeds(const char *text, const int64_t **seeds, size_t *n)
{
	enum { MOST = 10000 };
	int64_t *list = NULL, from, to;
	*n = 0;
	for (const char *p = text;; p++) {
		if (!read_seed(&p, &from)) return refuse_seeds(text, "");
		to = from;
		if (!strncmp(p, "..", 2) && (p += 2, !read_seed(&p, &to)))
			return refuse_seeds(text, "");
		if (to < from || to - from >= MOST) return refuse_seeds(text, "");
		for (int64_t seed = from; seed <= to; seed++) {
			if (has_seed(list, *n, seed))
				return refuse_seeds(text, rnf_format("; %lld is listed twice",
								     (long long)seed));
			*(int64_t *)rnf_push((void **)&list, n, sizeof *list) = seed;
		}
		if (!*p) break;
		if (*p != ',' || *n > MOST) return refuse_seeds(text, "");
	}
	*seeds = list;
	return RNF_OK;
}

static rnf_status choose_arms(struct rnf_study *study, const struct rnf_study_wish *wish)
{
	for (size_t i = 0; wish->n_arms && i < study->n_arms; i++)
		study->arms[i].chosen = 0;
	for (size_t i = 0; i < wish->n_arms; i++) {
		const int arm = find_arm(study, wish->arms[i]);
		if (arm < 0) rnf_fail_aside(unknown_arm(study, "", "--arm", wish->arms[i]));
		else study->arms[arm].chosen = 1;
	}
	return rnf_fail_all();
}

static rnf_status read_arms(struct rnf_study *study, const struct rnf_study_wish *wish)
{
	struct rnf_conf *root = NULL;
	const char *path;
	RNF_TRY(rnf_source_find(wish->conf, NULL, rnf_conf_dir, &path));
	RNF_TRY(rnf_conf_read(path, rnf_conf_dir, &root));
	override(root, wish);
	if (!rnf_conf_get(root, "study")) {
		RNF_TRY(rnf_fail_all());
		return rnf_study_vary(study, wish);
	}
	if (wish->n_varies)
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "--vary goes with the conf of a model; %s is "
					"a study, which has arms of its own", path));
	return take(study, root, path);
}

rnf_status rnf_study_read(struct rnf_study *study, const struct rnf_study_wish *wish)
{
	*study = (struct rnf_study){ 0 };
	if (wish->random && !wish->n_varies)
		return rnf_fail(RNF_EINVAL, "--random chooses among the arms of --vary, and there "
				"is no --vary");
	RNF_TRY(read_arms(study, wish));
	if (wish->seeds) RNF_TRY(rnf_study_seeds(wish->seeds, &study->seeds, &study->n_seeds));
	add_options(study, wish);
	return choose_arms(study, wish);
}
