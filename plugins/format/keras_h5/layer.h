/* The variables of a layer as Keras 3 stores them. */
#ifndef KERAS_H5_LAYER_H
#define KERAS_H5_LAYER_H

#include "tensor.h"

/* Send all variables of the group LAYER/vars, where w->name ends, as NAME/kernel and so
 * on; 0: refused. Variables have numbers only: the meaning follows from their count and
 * their ranks. */
int layer_send(struct walk *w, hid_t vars);

#endif
