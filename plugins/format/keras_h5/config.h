/* The description of a model in a .keras file: what its layers are called. */
#ifndef KERAS_H5_CONFIG_H
#define KERAS_H5_CONFIG_H

#include <jansson.h>

#include "walk.h"

/* NULL: is no JSON. */
const json_t *config_read(const struct image *text);
/* The layer whose variables lie in the group layers/GROUP/layers/GROUP..., by which Keras
 * means its class and the how manieth of it that it is in its model; NULL: there is none.
 * It has a `class_name` and a `config`, which may not be objects at all. */
const json_t *config_layer(const json_t *model, const char *path);

#endif
