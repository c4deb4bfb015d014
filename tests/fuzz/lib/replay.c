/* The main() of a fuzz target without a fuzzer: NAME [MUTANTS [SEED [FOLDER]]]. Runs
 * every file of the corpus, then that many mutants of them. If it crashes, the input is
 * in NAME.crash. The last line has Check's form, for tests/run. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/lib/fuzz.h"

enum { MOST = 1 << 20, FILES = 4096 };

__attribute__((weak)) long fuzz_mutants = 2000;

#pragma weak LLVMFuzzerCustomMutator
#pragma weak __sanitizer_set_death_callback
void __sanitizer_set_death_callback(void (*callback)(void));

struct file {
	uint8_t *bytes;
	size_t n;
};

static struct file files[FILES];
static size_t n_files;
static uint8_t input[MOST];
static size_t n_input;
static char crash[512];
static struct rnf_random rng;

static void keep_input(void)
{
	const int fd = open(crash, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, input, n_input) != (ssize_t)n_input) return;
	close(fd);
}

static void died(int number)
{
	keep_input();
	signal(number, SIG_DFL);
	raise(number);
}

static size_t below(size_t n)
{
	return n ? (size_t)rnf_random_below(&rng, n) : 0;
}

/* -- changes; each gives the new size -- */

static size_t flip_bit(uint8_t *data, size_t n, size_t most)
{
	(void)most;
	if (n) data[below(n)] ^= (uint8_t)(1 << below(8));
	return n;
}

static size_t set_byte(uint8_t *data, size_t n, size_t most)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '{', '}', '[', '0', '9', ' ' };
	(void)most;
	if (n) data[below(n)] = edges[below(sizeof edges)];
	return n;
}

/* A word of 2, 4 or 8 bytes gets a value near an edge. */
static size_t set_word(uint8_t *data, size_t n, size_t most)
{
	static const uint64_t edges[] = { 0, 1, 255, 65535, 1 << 24, INT32_MAX, INT64_MAX,
					  UINT64_MAX };
	const size_t width = (size_t)2 << below(3);
	const uint64_t value = edges[below(8)] + below(3) - 1;
	(void)most;
	if (n >= width) memcpy(data + below(n - width + 1), &value, width);
	return n;
}

static size_t cut_out(uint8_t *data, size_t n, size_t most)
{
	const size_t at = below(n), rest = n - at, gone = 1 + below(rest < 64 ? rest : 64);
	(void)most;
	if (n == 0 || gone > rest) return n;
	memmove(data + at, data + at + gone, rest - gone);
	return n - gone;
}

static size_t cut_end(uint8_t *data, size_t n, size_t most)
{
	(void)data, (void)most;
	return below(n + 1);
}

/* A piece of any file of the corpus, put in or over. */
static size_t splice(uint8_t *data, size_t n, size_t most)
{
	const struct file *from = &files[below(n_files)];
	const size_t start = below(from->n), at = below(n + 1), over = below(2);
	size_t length = 1 + below(from->n - start < 64 ? from->n - start : 64);
	if (from->n == 0 || length > from->n - start) return n;
	if (over) {
		if (length > n - at) length = n - at;
		memcpy(data + at, from->bytes + start, length);
		return n;
	}
	if (n + length > most) return n;
	memmove(data + at + length, data + at, n - at);
	memcpy(data + at, from->bytes + start, length);
	return n + length;
}

/* Digits of a number become another number. */
static size_t set_number(uint8_t *data, size_t n, size_t most)
{
	static const char digits[] = "9223372036854775807";
	(void)most;
	for (size_t i = below(n); i < n; i++) {
		if (data[i] < '0' || data[i] > '9') continue;
		data[i] = (uint8_t)digits[below(sizeof digits - 1)];
		return n;
	}
	return n;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most)
{
	static size_t (*const changes[])(uint8_t *, size_t, size_t) = {
		flip_bit, set_byte, set_word, cut_out, cut_end, splice, splice, set_number,
	};
	return changes[below(sizeof changes / sizeof *changes)](data, n, most);
}

/* -- runs -- */

static void read_file(const char *folder, const char *name)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *from = fopen(path, "rb");
	fuzz_check(from && n_files < FILES, path);
	struct file *file = &files[n_files++];
	file->n = fread(input, 1, sizeof input, from);
	file->bytes = malloc(file->n + 1);
	memcpy(file->bytes, input, file->n);
	fclose(from);
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void read_corpus(const char *folder)
{
	struct dirent **entries;
	const int n = scandir(folder, &entries, is_file, alphasort);
	fuzz_check(n > 0, folder);
	for (int i = 0; i < n; i++) {
		read_file(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void run(const struct file *file, int changes)
{
	memcpy(input, file->bytes, n_input = file->n);
	for (int i = 0; i < changes; i++)
		n_input = LLVMFuzzerCustomMutator
			? LLVMFuzzerCustomMutator(input, n_input, sizeof input,
						  (unsigned)rnf_random_bits(&rng))
			: LLVMFuzzerMutate(input, n_input, sizeof input);
	uint8_t *exact = malloc(n_input + !n_input); /* so that sanitizers see its end */
	memcpy(exact, input, n_input);
	LLVMFuzzerTestOneInput(exact, n_input);
	free(exact);
}

int main(int argc, char **argv)
{
	char folder[512];
	const char *slash = strrchr(argv[0], '/');
	const long mutants = argc > 1 ? atol(argv[1]) : fuzz_mutants;
	rng = (struct rnf_random){ argc > 2 ? strtoull(argv[2], NULL, 0) : 1, 0 };
	snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", slash ? slash + 1 : argv[0]);
	snprintf(crash, sizeof crash, "%s.crash", argv[0]);
	static const int deadly[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		signal(deadly[i], died);
	if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(keep_input);
	read_corpus(argc > 3 ? argv[3] : folder);
	for (size_t i = 0; i < n_files; i++)
		run(&files[i], 0);
	for (long i = 0; i < mutants; i++)
		run(&files[below(n_files)], 1 + (int)below(4));
	printf("%zu files, %ld mutants\n", n_files, mutants);
	printf("100%%: Checks: %zu, Failures: 0, Errors: 0\n", n_files + (mutants > 0));
	return 0;
}
