/* For fuzz targets: one function each, LLVMFuzzerTestOneInput(), in tests/fuzz/NAME.c;
 * inputs that once failed are in tests/fuzz/corpus/NAME/. Linked with lib/replay.c a
 * target is a test that replays them; `make fuzz T=NAME` links it with clang's fuzzer,
 * which searches for more. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <rnframe/rnframe.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
/* The fuzzer's own way to change an input in place: the new size. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);
/* A target may have a better one, made of that. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed);

/* How many mutants a replay tries; a target may have another number. */
extern long fuzz_mutants;

/* A plugin of the build under test. */
const struct rnf_feature *fuzz_feature(const char *kind, const char *name);
/* The bytes as a file, by its path; one at a time. */
const char *fuzz_file(const uint8_t *data, size_t n);
/* What must hold for any input: else print the message and abort. */
void fuzz_check(int good, const char *words);
/* A refusal has a message of one line that contains `name`. */
void fuzz_refused(const char *name);

#endif
