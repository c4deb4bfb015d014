/* librnframe: from the file of a trained model to predictions.
 *
 *   cc app.c $(pkg-config --cflags --libs rnframe)
 *
 * It needs only the model.safetensors that training wrote, which holds the weights, the conf,
 * the names of the classes and the size of the input. The file is not trusted: its conf can
 * neither name other files nor choose where plugins are searched. The library searches the
 * folder that RNFRAME_PLUGIN_PATH names, then the installed plugins (PREFIX/lib/rnframe/plugins;
 * plugins/ in a build).
 *
 * The library prints nothing, never ends the process, handles no signal, starts no thread, and
 * leaves the locale, the limits, the working folder and the float mode of its callers alone.
 * (On a processor for which the backend "native" has no vectors, OpenBLAS computes, which starts
 * threads.) The calling thread computes all numbers, with the bits of `rnframe predict` and
 * `rnframe eval`, for any size of the batch and any number of threads. */
#ifndef RNFRAME_MODEL_H
#define RNFRAME_MODEL_H

#include <rnframe/abi.h>

/* Why a call failed. Functions that take an error also take NULL. */
typedef struct rnf_model_error {
	rnf_status status;  /* RNF_OK, or one that the function lists */
	char message[2048]; /* UTF-8; a line for each mistake in a file, as many as there is room for */
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

/* Open the file of a model and allocate what one prediction at a time needs. Returns a model,
 * which the caller closes, or NULL with an error:
 *   RNF_EINVAL   path is NULL, or the file is no model, is damaged, or has a wrong conf
 *   RNF_ENOENT   there is no such file, or a plugin that the model needs is not installed
 *   RNF_EIO      the file cannot be read
 *   RNF_EUNSUP   this processor or the installed plugins cannot run the model
 *   RNF_ENOMEM   there is not enough memory
 *   RNF_EPLUGIN  a plugin broke its contract
 * Loaded plugins stay loaded until the process ends. Any thread; calls at the same time wait
 * for each other. */
RNF_EXPORT rnf_model *rnf_model_open(const char *path, rnf_error *error);

/* Write the probabilities of n images, 0 or more, to probs[n][rnf_model_classes()], in the order
 * of the classes: what the model's loss makes of the logits (softmax for crossentropy). Images
 * may differ in size. They are resized, cropped and normalised as in training; if training did
 * not resize, they are resized to the model's size. They have as many channels as the model
 * takes; if these are 1 or 3, an image may have 1 (grey), 3 (RGB) or 4 (RGB and alpha, which is
 * dropped). A model of 1 channel gets 0.299 R + 0.587 G + 0.114 B, rounded.
 *
 * Returns RNF_OK or a status below 0, with an error; probs is undefined then:
 *   RNF_EINVAL   an argument is NULL, or an image cannot be used; the message names it
 *   RNF_ENOMEM   there is not enough memory
 *   RNF_EPLUGIN  a plugin broke its contract
 *
 * Any number of threads may use one model: calls at the same time have a working state each,
 * which the model keeps for later calls. */
RNF_EXPORT rnf_status rnf_model_predict(rnf_model *model, const rnf_image *images, size_t n,
					float *probs, rnf_error *error);

/* The name of class i, 0 .. rnf_model_classes() - 1, in UTF-8, or its number if the model has no
 * names; NULL for any other i or a NULL model. Valid until the model is closed. Any thread. */
RNF_EXPORT const char *rnf_model_label(const rnf_model *model, int64_t i);

/* The number of classes, 1 or more; 0 for NULL. Any thread. */
RNF_EXPORT int64_t rnf_model_classes(const rnf_model *model);

/* Free the model and its labels. No other call may be using it, and none may follow: like
 * free(), it must not get the same model twice. NULL does nothing. Any thread. */
RNF_EXPORT void rnf_model_close(rnf_model *model);

#endif
