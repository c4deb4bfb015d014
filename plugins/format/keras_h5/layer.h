/* The variables of a layer as Keras 3 stores them. */
#ifndef KERAS_H5_LAYER_H
#define KERAS_H5_LAYER_H

#include "tensor.h"

/* All of the group LAYER/vars, which w->name ends in, as NAME/kernel and so on; 0: was
 * refused. Variables have numbers only: what each is follows from how many there are
 * and of which rank. */
int layer_send(struct walk *w, hid_t vars);

#endif
