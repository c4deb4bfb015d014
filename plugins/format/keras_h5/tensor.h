/* What the walk through a file needs at each of its places: where it is, the words when
 * something is wrong there, and the way out of the jail for a tensor. */
#ifndef KERAS_H5_TENSOR_H
#define KERAS_H5_TENSOR_H

#define H5_USE_110_API
#include <hdf5.h>
#include <jansson.h>

#include "message.h"

struct walk {
	int out;
	uint64_t most_bytes;   /* that the file may say a tensor has */
	const char *root;      /* the group of layers */
	char name[NAME_BYTES]; /* of the object, from the group of layers on */
	int depth;
	size_t n;
	int numbered;          /* as Keras 3 does: variables have numbers, not names */
	const json_t *config;  /* of the model; NULL: unknown */
};

void send_message(const struct walk *w, struct message m, const char *name);
/* Both give 0, which ends the walk: a failure is sent once. The second begins with the
 * name of the place. */
int fail(const struct walk *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
int refuse(const struct walk *w, const char *why);

/* A dataset under the name that rnframe has for it; 0: was refused. */
int tensor_send(struct walk *w, hid_t dataset, const char *name);
/* The text in an attribute, "" when there is none. */
void text_of(hid_t object, const char *attribute, char text[NAME_BYTES]);

#endif
