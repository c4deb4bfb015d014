/* The description of a model in a .keras file: what its layers are called. */
#ifndef KERAS_H5_CONFIG_H
#define KERAS_H5_CONFIG_H

#include <jansson.h>

#include "walk.h"

/* NULL: it is not JSON. */
const json_t *config_read(const struct image *text);
/* Find the layer whose variables are in the group layers/GROUP/layers/GROUP..., where
 * Keras makes GROUP from the layer's class and its index among the model's layers of that
 * class; NULL: there is none. The result has a `class_name` and a `config`, which need
 * not be objects. */
const json_t *config_layer(const json_t *model, const char *path);

#endif
