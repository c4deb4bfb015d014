#include "layer.h"

#include <stdio.h>
#include <string.h>

#include "config.h"

enum { VARIABLES_MAX = 4 };

struct layer {
	char path[NAME_BYTES], name[NAME_BYTES];
	const json_t *config; /* NULL: unknown */
	int n, ranks[VARIABLES_MAX];
	const char *variables[VARIABLES_MAX];
};

/* The order in which Keras adds them; a norm may lack each of the first two. */
static const char *const of_kernels[] = { "kernel", "bias" };
static const struct { const char *name, *option; } of_norms[] = {
	{ "gamma", "scale" }, { "beta", "center" },
	{ "moving_mean", NULL }, { "moving_variance", NULL },
};

/* A layer has it unless it says otherwise. */
static int has(const struct layer *l, const char *option)
{
	return !option || !json_is_false(json_object_get(l->config, option));
}

static int name_norm(struct layer *l)
{
	int n = 0;
	for (size_t i = 0; i < sizeof of_norms / sizeof *of_norms; i++)
		if (has(l, of_norms[i].option)) l->variables[n++] = of_norms[i].name;
	return n == l->n;
}

/* 0: nothing identifies them. */
static int name_variables(struct layer *l)
{
	int vectors = 0;
	for (int i = 0; i < l->n; i++)
		vectors += l->ranks[i] == 1;
	if (l->n > 1 && vectors == l->n) return name_norm(l);
	if (l->n > 2 || l->ranks[0] < 2 || vectors != l->n - 1) return 0;
	memcpy(l->variables, of_kernels, sizeof of_kernels);
	return 1;
}

/* The user's name for the layer, in an attribute or in the model's description. */
static int name_layer(const struct walk *w, struct layer *l, hid_t vars)
{
	const char *end = strrchr(w->name, '/');
	snprintf(l->path, sizeof l->path, "%.*s", end ? (int)(end - w->name) : 0, w->name);
	l->config = json_object_get(config_layer(w->config, l->path), "config");
	text_of(vars, "name", l->name);
	if (*l->name) return 1;
	const char *name = json_string_value(json_object_get(l->config, "name"));
	if (!name)
		return fail(w, "%.200s: layers have no names in this file, as an older Keras 3 "
			       "wrote it: save the model as .keras or as .h5", w->name);
	snprintf(l->name, sizeof l->name, "%s", name);
	return 1;
}

static hid_t open_variable(const struct walk *w, hid_t vars, int i)
{
	char number[16];
	H5L_info_t link;
	snprintf(number, sizeof number, "%d", i);
	if (H5Lexists(vars, number, H5P_DEFAULT) <= 0 ||
	    H5Lget_info(vars, number, &link, H5P_DEFAULT) < 0)
		return refuse(w, "has variables without numbers"), -1;
	if (link.type != H5L_TYPE_HARD)
		return refuse(w, "has a link, which is not followed"), -1;
	const hid_t variable = H5Oopen(vars, number, H5P_DEFAULT);
	if (H5Iget_type(variable) == H5I_DATASET) return variable;
	refuse(w, "has a variable that is not a dataset, or is damaged");
	return -1;
}

static int count_variables(const struct walk *w, struct layer *l, hid_t vars)
{
	H5G_info_t info;
	if (H5Gget_info(vars, &info) < 0)
		return refuse(w, "cannot be listed: the file is damaged or truncated");
	if (info.nlinks > VARIABLES_MAX)
		return refuse(w, "has too many variables: of which kind of layer is not known");
	l->n = (int)info.nlinks;
	for (int i = 0; i < l->n; i++) {
		const hid_t variable = open_variable(w, vars, i);
		if (variable < 0) return 0;
		const hid_t space = H5Dget_space(variable);
		l->ranks[i] = H5Sget_simple_extent_ndims(space);
		H5Sclose(space);
		H5Oclose(variable);
	}
	return 1;
}

static int send_variable(struct walk *w, const struct layer *l, hid_t vars, int i)
{
	char name[NAME_BYTES];
	const int n = snprintf(name, sizeof name, "%s/%s", l->name, l->variables[i]);
	if ((size_t)n >= sizeof name) return refuse(w, "has too long a name");
	const hid_t variable = open_variable(w, vars, i);
	const int good = variable >= 0 && tensor_send(w, variable, name);
	if (variable >= 0) H5Oclose(variable);
	return good;
}

int layer_send(struct walk *w, hid_t vars)
{
	struct layer l = { 0 };
	if (!count_variables(w, &l, vars)) return 0;
	if (l.n == 0) return 1;
	if (!name_layer(w, &l, vars)) return 0;
	if (!name_variables(&l))
		return fail(w, "%.200s: the ranks of the %d variables of %.100s do not tell what "
			       "they are%s", w->name, l.n, l.name, w->config ? ""
			       : ": save the model as .keras, which has its description");
	int good = 1;
	for (int i = 0; i < l.n && good; i++)
		good = send_variable(w, &l, vars, i);
	return good;
}
