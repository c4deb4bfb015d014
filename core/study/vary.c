/* --vary: arms out of values. key=a,b,c  key=lin:0:1:5  key=log:0.01:1:3 */
#include <ctype.h>
#include <math.h>
#include <rnframe/random.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "conf/source.h"
#include "study/study.h"
#include "train/setup.h"

enum { MOST_VALUES = 1000 };

struct axis { /* a key and its values */
	const char *text, *key;
	const char **values;
	size_t n;
};

static rnf_status refuse(const struct axis *axis, const char *why)
{
	return rnf_fail(RNF_EINVAL, "--vary %s: %s", axis->text, why);
}

static void add_value(struct axis *axis, const char *value)
{
	*(const char **)rnf_push((void **)&axis->values, &axis->n, sizeof value) = value;
}

/* -- values -- */

/* Six digits, and of a large one all before the point: a whole number stays one. */
static void add_number(struct axis *axis, double value)
{
	const int large = fabs(value) >= 1e5 && fabs(value) < 1e15;
	add_value(axis, rnf_format(large ? "%.0f" : "%.6g", value));
}

static rnf_status add_range(struct axis *axis, const char *text, int is_log)
{
	double from, to;
	int n, used = 0;
	if (sscanf(text, "%lf:%lf:%d%n", &from, &to, &n, &used) != 3 || text[used])
		return refuse(axis, "must be lin:FROM:TO:COUNT or log:FROM:TO:COUNT");
	if (!isfinite(from) || !isfinite(to) || (is_log && (from <= 0 || to <= 0)))
		return refuse(axis, is_log ? "log wants two numbers above 0" : "no number");
	if (n < 2 || n > MOST_VALUES)
		return refuse(axis, rnf_format("the count is %d, must be 2 .. %d", n,
					       MOST_VALUES));
	for (int i = 0; i < n; i++) {
		const double t = (double)i / (n - 1);
		add_number(axis, is_log ? exp((1 - t) * log(from) + t * log(to))
					: (1 - t) * from + t * to);
	}
	return RNF_OK;
}

/* Up to the comma that ends a value; a comma in brackets or quotes does not. */
static size_t value_length(const char *p)
{
	int quoted = 0, depth = 0;
	size_t n = 0;
	for (; p[n] && (quoted || depth > 0 || p[n] != ','); n++) {
		if (p[n] == '"') quoted = !quoted;
		else if (!quoted && strchr("[(", p[n])) depth++;
		else if (!quoted && strchr("])", p[n])) depth--;
	}
	return n;
}

static rnf_status add_list(struct axis *axis, const char *p)
{
	for (;;) {
		const size_t n = value_length(p);
		if (n == 0) return refuse(axis, "a value is empty");
		add_value(axis, rnf_strndup(p, n));
		if (!p[n]) return RNF_OK;
		p += n + 1;
	}
}

static rnf_status check_values(const struct axis *axis)
{
	if (axis->n > MOST_VALUES) return refuse(axis, "these are too many values");
	for (size_t i = 0; i < axis->n; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(axis->values[i], axis->values[k]))
				return refuse(axis, rnf_format("%s is listed twice",
							       axis->values[i]));
	return RNF_OK;
}

static rnf_status read_axis(struct axis *axis, const char *text)
{
	const char *equals = strchr(text, '=');
	*axis = (struct axis){ .text = text };
	if (!equals || equals == text) return refuse(axis, "must be key.path=VALUES");
	axis->key = rnf_strndup(text, (size_t)(equals - text));
	const char *values = equals + 1;
	if (!strcmp(axis->key, "seed")) return refuse(axis, "set seeds with --seeds");
	if (rnf_study_owns(axis->key)) return refuse(axis, "a study sets this key itself");
	if (!strncmp(values, "lin:", 4)) RNF_TRY(add_range(axis, values + 4, 0));
	else if (!strncmp(values, "log:", 4)) RNF_TRY(add_range(axis, values + 4, 1));
	else RNF_TRY(add_list(axis, values));
	return check_values(axis);
}

/* -- names -- */

/* The last part of a key, or the whole key when another axis ends in the same part. */
static const char *short_key(const struct axis *axes, size_t n, size_t i)
{
	const char *point = strrchr(axes[i].key, '.');
	const char *last = point ? point + 1 : axes[i].key;
	for (size_t k = 0; k < n; k++) {
		const char *other = strrchr(axes[k].key, '.');
		if (k != i && !strcmp(last, other ? other + 1 : axes[k].key)) return axes[i].key;
	}
	return last;
}

/* A folder name without slashes or characters that a shell would need quotes for. */
static const char *as_name(const char *text)
{
	char *name = rnf_format("%s", text);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("=,.+-_", *c)) *c = '_';
	return name;
}

/* Make the names of folders differ where masking made them equal. */
static rnf_status check_names(const struct rnf_study *study)
{
	enum { MOST_BYTES = 200 };
	for (size_t i = 0; i < study->n_arms; i++) {
		const char *name = study->arms[i].name;
		if (strlen(name) > MOST_BYTES)
			return rnf_fail(RNF_EINVAL, "--vary: the name of an arm has at most %d bytes: "
					"%s; write a conf with arms for it", MOST_BYTES, name);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(study->arms[k].name, name))
				return rnf_fail(RNF_EINVAL, "--vary: two arms are called %s; write a "
						"conf with arms for them", name);
	}
	return RNF_OK;
}

/* -- arms -- */

static void add_arm(struct rnf_study *study, const char *conf, const struct axis *axes,
		    size_t n, size_t index)
{
	const char *name = "";
	struct rnf_arm *arm = rnf_study_add_arm(study, NULL);
	size_t below = 1;
	for (size_t i = 0; i < n; i++)
		below *= axes[i].n;
	for (size_t i = 0; i < n; i++) { /* the first axis changes slowest */
		below /= axes[i].n;
		const char *value = axes[i].values[index / below % axes[i].n];
		name = rnf_format("%s%s%s=%s", name, i ? "," : "", short_key(axes, n, i), value);
		rnf_arm_set(arm, rnf_format("%s=%s", axes[i].key, value), "--vary", 0);
	}
	arm->conf = conf;
	arm->name = as_name(name);
}

/* `count` of 0 .. n-1 in ascending order, the same each time: selection sampling (Knuth,
 * The Art of Computer Programming 2, 3.4.2, algorithm S). */
static void add_random(struct rnf_study *study, const char *conf, const struct axis *axes,
		       size_t n_axes, size_t n, size_t count)
{
	struct rnf_random random = { .key = rnf_random_key(n, count) };
	for (size_t i = 0; i < n && count > 0; i++) {
		if (rnf_random_uniform(&random) * (double)(n - i) >= (double)count) continue;
		add_arm(study, conf, axes, n_axes, i);
		count--;
	}
}

/* Only what a key adds to a list can be said twice. */
static rnf_status check_key(const struct axis *axes, size_t i)
{
	const char *key = axes[i].key;
	for (size_t k = 0; k < i; k++)
		if (!strcmp(axes[k].key, key) && key[strlen(key) - 1] != '+')
			return refuse(&axes[i], rnf_format("%s is varied already: --vary %s",
							   key, axes[k].text));
	return RNF_OK;
}

static rnf_status make_arms(struct rnf_study *study, const struct rnf_study_wish *wish,
			    const char *conf)
{
	struct axis *axes = rnf_alloc((wish->n_varies + 1) * sizeof *axes);
	size_t n = 1;
	for (size_t i = 0; i < wish->n_varies; i++) {
		RNF_TRY(read_axis(&axes[i], wish->varies[i]));
		RNF_TRY(check_key(axes, i));
		n *= axes[i].n;
		if (n > RNF_STUDY_ARMS)
			return refuse(&axes[i], rnf_format("makes more than %d arms", RNF_STUDY_ARMS));
	}
	const size_t drawn = (size_t)wish->random;
	add_random(study, conf, axes, wish->n_varies, n, drawn > 0 && drawn < n ? drawn : n);
	return RNF_OK;
}

rnf_status rnf_study_vary(struct rnf_study *study, const struct rnf_study_wish *wish)
{
	static const int64_t usual[] = { 1 };
	const char *conf;
	RNF_TRY(rnf_source_find(wish->conf, NULL, rnf_conf_dir, &conf));
	if (!wish->n_varies && !wish->seeds)
		return rnf_fail(RNF_EINVAL, "%s has no `study`: name the conf of a study, or pass "
				"--vary key=a,b or --seeds 1..3", conf);
	study->name = rnf_format("%s-vary", rnf_study_base_name(conf));
	study->seeds = usual;
	study->n_seeds = 1;
	RNF_TRY(make_arms(study, wish, conf));
	if (!wish->n_varies) study->arms[0].name = rnf_study_base_name(conf);
	return check_names(study);
}
