/* librnframe: from the file of a trained model to predictions.
 *
 *   cc app.c $(pkg-config --cflags --libs rnframe)
 *
 * A model.safetensors that training wrote is all that is needed: it holds weights, conf,
 * names of the classes and size of the input. The file is not trusted: its conf can neither
 * name other files nor choose which plugins are found. Plugins are those beside the library
 * (LIBDIR/rnframe/plugins, or plugins/ in a build), and before them those in the folder that
 * RNFRAME_PLUGIN_PATH names.
 *
 * The library prints nothing, ends nothing, handles no signal, starts no thread, and leaves
 * the locale, the limits, the working folder and the float mode of its callers alone. (A
 * processor for which the backend "native" has no vectors uses OpenBLAS, which starts
 * threads.) Numbers are computed on the calling thread, with the bits of `rnframe predict`
 * and `rnframe eval`, whatever the size of the batch and the number of threads. */
#ifndef RNFRAME_MODEL_H
#define RNFRAME_MODEL_H

#include <rnframe/abi.h>

/* Why a call failed. Every function that takes one also takes NULL. */
typedef struct rnf_model_error {
	rnf_status status;  /* RNF_OK, or as the function says */
	char message[2048]; /* UTF-8; several mistakes of one file are a line each */
} rnf_error;

/* An image: bytes 0 .. 255, channels side by side, row y at pixels + y * stride. The caller
 * owns the pixels, which are read during the call only. */
typedef struct rnf_model_image {
	const uint8_t *pixels;
	int64_t width, height, channels;
	int64_t stride; /* bytes from one row to the next; 0: width * channels */
} rnf_image;

/* An open model. */
typedef struct rnf_open_model rnf_model;

/* Open the file of a model and allocate what one prediction at a time needs. Returns a model
 * to be closed, or NULL with an error:
 *   RNF_EINVAL   this is no model, it is damaged, or its conf is wrong
 *   RNF_ENOENT   there is no such file, or no such plugin here
 *   RNF_EIO      it cannot be read
 *   RNF_ENOMEM   there is not enough memory
 *   RNF_EPLUGIN  a plugin broke its contract
 * Plugins that it loads stay loaded until the process ends. Any thread; calls at the same
 * time wait for each other. */
RNF_EXPORT rnf_model *rnf_model_open(const char *path, rnf_error *error);

/* The probabilities of n images, 0 or more, in probs[n][rnf_model_classes()]: those of an
 * image are what the model's loss makes of its logits (softmax for crossentropy), in the
 * order of the classes. Images may differ in size: they are resized, cropped and normalised
 * as in training, or only resized when training did not resize. They have as many channels
 * as the model, or, where it takes 1 or 3, any of: 1 (grey), 3 (RGB), 4 (RGB and alpha, which
 * is dropped). Grey is 0.299 R + 0.587 G + 0.114 B, rounded.
 *
 * Returns RNF_OK or a status below 0, with an error; probs is undefined then:
 *   RNF_EINVAL   an argument is NULL, or image i cannot be used, as the message says
 *   RNF_ENOMEM   there is not enough memory
 *   RNF_EPLUGIN  a plugin broke its contract
 *
 * Any number of threads may call it on one model: each call at the same time as another takes
 * a working state of its own, which the model keeps for the next ones. */
RNF_EXPORT rnf_status rnf_model_predict(rnf_model *model, const rnf_image *images, size_t n,
					float *probs, rnf_error *error);

/* The name of class i, 0 .. rnf_model_classes() - 1, in UTF-8; its number if the model knows
 * no names; NULL for any other i. Valid until the model is closed. Any thread. */
RNF_EXPORT const char *rnf_model_label(const rnf_model *model, int64_t i);

/* How many classes there are: 1 or more; 0 for NULL. Any thread. */
RNF_EXPORT int64_t rnf_model_classes(const rnf_model *model);

/* Free the model, its labels included. No call on it may be running, and none may follow:
 * closing it twice is an error, as it is with free(). NULL is fine. Any thread. */
RNF_EXPORT void rnf_model_close(rnf_model *model);

#endif
