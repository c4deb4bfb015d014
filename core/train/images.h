/* Data sets of image files in a run: where their folder is, what the conf says of them. */
#ifndef RNF_TRAIN_IMAGES_H
#define RNF_TRAIN_IMAGES_H

#include "train/dataset.h"

/* The blobs of an RNF_DATASET_FOLDER: data.path, which must be a folder, and the endings of
 * files that can be decoded. [main] */
rnf_status rnf_images_folder(const struct rnf_config *c, struct rnf_blob **blobs);
/* After the data set's open(): decode its files, draw its test split, if it has the one and
 * lacks the other. [main] */
rnf_status rnf_images_open(struct rnf_dataset *d, const struct rnf_config *c);

#endif
