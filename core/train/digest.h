/* The contents of a weight file as one number: the sum of the digests of its tensors and
 * texts, in any order. */
#ifndef RNF_TRAIN_DIGEST_H
#define RNF_TRAIN_DIGEST_H

#include <rnframe/format.h>

/* The text that carries the digest, 16 hex digits; it is not part of the sum. */
#define RNF_DIGEST_KEY "rnframe.digest"
enum { RNF_DIGEST_BYTES = 17 };

uint64_t rnf_digest_tensor(const struct rnf_named_tensor *tensor);
uint64_t rnf_digest_text(const char *key, const char *value); /* 0 for its own key */
void rnf_digest_words(uint64_t digest, char words[RNF_DIGEST_BYTES]);
/* Digest of a file's bytes, to tell builds of a plugin apart. */
rnf_status rnf_digest_file(const char *path, uint64_t *digest);

#endif
