/* Weights, running statistics and optimizer state from and to files of whatever
 * format plugin recognises them. Files written here carry a digest, which is
 * compared whenever one is read. [main] */
#ifndef RNF_TRAIN_WEIGHTS_H
#define RNF_TRAIN_WEIGHTS_H

#include "train/setup.h"

/* What a file holds, without the tensors themselves; of its texts those alone whose key
 * begins so, which are the program's. */
#define RNF_TEXT_PREFIX "rnframe."
struct rnf_contents {
	struct rnf_text *at;
	size_t n;
	uint64_t tensors; /* sum of their digests */
};
/* The text of a key, or NULL. */
const char *rnf_contents_text(const struct rnf_contents *contents, const char *key);

/* Name what can be saved, once, so that a checkpoint allocates nothing. */
void rnf_weights_list(struct rnf_experiment *e);
/* Weights and running statistics; a file may hold more. */
rnf_status rnf_weights_read(struct rnf_experiment *e, const char *path);
/* These and all that the run's checkpoints hold besides. */
rnf_status rnf_state_read(struct rnf_experiment *e, const char *path);
/* All of a file is read and its digest compared; no tensor is kept. */
rnf_status rnf_weights_check(const char *path, struct rnf_contents *contents);

/* The first n of e->tensors to a file in the native format, whole or not at all:
 * synced and read back before it gets its name. */
rnf_status rnf_weights_write(const struct rnf_experiment *e, const char *path,
			     size_t n, const struct rnf_text *texts, size_t n_texts);
/* The sum of the digests of the first n, to compare with a file's. */
uint64_t rnf_weights_digest(const struct rnf_experiment *e, size_t n);
/* The first of the first n with a value that is not finite, or NULL. */
const struct rnf_named_tensor *rnf_weights_bad(const struct rnf_experiment *e, size_t n);
/* Whether a file in the native format could hold e->tensors: their names, and how many
 * they are. Nothing is left on the disk. */
rnf_status rnf_weights_fit(const struct rnf_experiment *e);
/* Numbers in a tensor. */
int64_t rnf_tensor_size(const struct rnf_named_tensor *tensor);
/* Bytes of the data of these tensors. */
int64_t rnf_weights_bytes(const struct rnf_experiment *e, size_t n);
/* Load the format that checkpoints are written in. It fails in words of what is missing,
 * and may be called again: where it has come well, the suffix is known. */
rnf_status rnf_native_find(void);
const char *rnf_native_suffix(void);

#endif
