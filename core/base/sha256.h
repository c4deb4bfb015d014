/* The digest SHA-256 of bytes in memory. */
#ifndef RNF_BASE_SHA256_H
#define RNF_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { RNF_SHA256_WORDS = 65 };
/* In hexadecimal, terminated, as sha256sum prints it. */
void rnf_sha256(const void *bytes, size_t n, char words[RNF_SHA256_WORDS]);

#endif
