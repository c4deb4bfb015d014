/* Reads and writes weights, running statistics and optimizer state in files of any format
 * that a plugin recognises. Files written here carry a digest, which is compared on each
 * read. [main] */
#ifndef RNF_TRAIN_WEIGHTS_H
#define RNF_TRAIN_WEIGHTS_H

#include "train/session.h"

/* The contents of a file without the tensors themselves; of its texts only those with
 * this prefix, which are the program's. */
#define RNF_TEXT_PREFIX "rnframe."
struct rnf_contents {
	struct rnf_text *at;
	size_t n;
	uint64_t tensors; /* sum of their digests */
};
/* The text of a key, or NULL. */
const char *rnf_contents_text(const struct rnf_contents *contents, const char *key);

/* Name the tensors that can be saved, once, so that a checkpoint allocates nothing. */
void rnf_weights_list(struct rnf_session *s, const struct rnf_model *m,
		      const struct rnf_optimizer_impl *optimizer);
/* Read weights and running statistics; a file may hold optimizer state too. */
rnf_status rnf_weights_read(struct rnf_session *s, const char *path);
/* The same from a file of another model: tensors of the layers in `skip`, and of layers inside
 * these, are neither read nor missed; all others that the file or the model lacks, and those of
 * other shapes, are reported together. */
rnf_status rnf_weights_take(struct rnf_session *s, const char *path, struct rnf_strings skip);
/* Read these and all else that the run's checkpoints hold. */
rnf_status rnf_state_read(struct rnf_session *s, const char *path);
/* Read a whole file and compare its digest; keep no tensor. */
rnf_status rnf_weights_check(const char *path, struct rnf_contents *contents);

/* A file that is read before there is a model: its texts say which. */
struct rnf_loaded {
	const char *path;
	struct rnf_contents contents;
	struct rnf_named_tensor *at; /* [n], until drop(): data of malloc() */
	size_t n;
};
/* Read a whole file and compare its digest. `loaded` is all zero, the path lives as long. */
rnf_status rnf_weights_load(const char *path, struct rnf_loaded *loaded);
/* Then what rnf_weights_read() does, without the file; drops the tensors. */
rnf_status rnf_weights_put(struct rnf_session *s, struct rnf_loaded *loaded);
/* Free the tensors; the texts stay. */
void rnf_loaded_drop(struct rnf_loaded *loaded);

/* Write the first n tensors to a file in the native format, whole or not at all: it
 * is synced and read back before it gets its name. */
rnf_status rnf_weights_write(const struct rnf_tensors *t, const char *path,
			     size_t n, const struct rnf_text *texts, size_t n_texts);
/* The digest of the first n, to compare with a file's. */
uint64_t rnf_weights_digest(const struct rnf_tensors *t, size_t n);
/* The first of the first n that has a non-finite value, or NULL. */
const struct rnf_named_tensor *rnf_weights_bad(const struct rnf_tensors *t, size_t n);
/* Could a file in the native format hold these tensors, by their names and their number?
 * Leaves nothing on the disk. */
rnf_status rnf_weights_fit(const struct rnf_tensors *t);
/* Elements of a tensor. */
int64_t rnf_tensor_size(const struct rnf_named_tensor *tensor);
/* Bytes of the data of the first n. */
int64_t rnf_weights_bytes(const struct rnf_tensors *t, size_t n);
/* Load the format that checkpoints are written in. A failure says what is missing, and
 * the call may be repeated; after a success the suffix is known. */
rnf_status rnf_native_find(void);
const char *rnf_native_suffix(void);
/* Does the file begin as one in that format? RNF_EINVAL: no. */
rnf_status rnf_native_check(const char *path);

#endif
