/* needs: jansson */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { GROUP_BYTES = 128 };

const json_t *config_read(const struct image *text)
{
	return json_loadb(text->bytes, text->size, JSON_REJECT_DUPLICATES, NULL);
}

/* BatchNormalization to batch_normalization, Conv2D to conv2d, PReLU to p_re_lu. */
static void group_name(const char *class, char group[GROUP_BYTES])
{
	size_t n = 0;
	for (const char *c = class; *c && n < GROUP_BYTES - 2; c++) {
		const int word = isupper((unsigned char)c[0]) && c > class &&
			(islower((unsigned char)c[1]) || islower((unsigned char)c[-1]));
		if (word) group[n++] = '_';
		group[n++] = (char)tolower((unsigned char)*c);
	}
	group[n] = 0;
}

/* Functions among the layers, whose modules are called ops, have no groups. */
static int is_layer(const json_t *layer)
{
	const char *module = json_string_value(json_object_get(layer, "module"));
	return !module || !strstr(module, ".ops.");
}

/* Among the layers of a model, the second one of a class gets the suffix _1. */
static const json_t *find_layer(const json_t *model, const char *group)
{
	const json_t *layers = json_object_get(json_object_get(model, "config"), "layers");
	const json_t *layer;
	size_t i;
	json_array_foreach(layers, i, layer) {
		char name[GROUP_BYTES], numbered[GROUP_BYTES + 32];
		const char *class = json_string_value(json_object_get(layer, "class_name"));
		const json_t *other;
		size_t before = 0, j;
		if (!class || !is_layer(layer)) continue;
		group_name(class, name);
		if (strncmp(name, group, strlen(name)) != 0) continue;
		json_array_foreach(layers, j, other) {
			const char *its = json_string_value(json_object_get(other, "class_name"));
			if (j == i) break;
			before += its && is_layer(other) && strcmp(its, class) == 0;
		}
		snprintf(numbered, sizeof numbered, before ? "%s_%zu" : "%s", name, before);
		if (strcmp(numbered, group) == 0) return layer;
	}
	return NULL;
}

const json_t *config_layer(const json_t *model, const char *path)
{
	char group[GROUP_BYTES];
	int n = 0;
	while (model && sscanf(path, "layers/%127[^/]%n", group, &n) == 1) {
		model = find_layer(model, group);
		path += n;
		if (*path == 0) return model;
		path++;
	}
	return NULL;
}
