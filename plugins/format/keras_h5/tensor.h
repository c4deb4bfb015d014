/* The state of the walk through a file: the current place, the message when something is
 * wrong there, and the pipe out of the jail for tensors. */
#ifndef KERAS_H5_TENSOR_H
#define KERAS_H5_TENSOR_H

#define H5_USE_110_API
#include <hdf5.h>
#include <jansson.h>

#include "message.h"

struct walk {
	int out;
	uint64_t most_bytes;   /* the most elements that the file may claim for a tensor */
	const char *root;      /* the group of layers */
	char name[NAME_BYTES]; /* of the object, from the group of layers on */
	int depth;
	size_t n;
	int numbered;          /* as Keras 3 does: variables have numbers, not names */
	const json_t *config;  /* of the model; NULL: unknown */
};

void send_message(const struct walk *w, struct message m, const char *name);
/* Both return 0, which ends the walk: a failure is sent once. The second puts the place's
 * name in front. */
int fail(const struct walk *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
int refuse(const struct walk *w, const char *why);

/* Send a dataset under rnframe's name for it; 0: refused. */
int tensor_send(struct walk *w, hid_t dataset, const char *name);
/* The text in an attribute; "" when there is none. */
void text_of(hid_t object, const char *attribute, char text[NAME_BYTES]);

#endif
