#include "data/sources.h"

#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/arena.h"
#include "base/machine.h"
#include "data/picture.h"
#include "plugin/loader.h"

/* With the time of the last change of the inode: a copy may keep the time of its contents. */
uint64_t rnf_source_file(const char *path)
{
	struct stat at;
	if (stat(path, &at) != 0) return 0;
	const int64_t parts[] = { (int64_t)at.st_ino, at.st_size, at.st_mtim.tv_sec,
				  at.st_mtim.tv_nsec, at.st_ctim.tv_sec, at.st_ctim.tv_nsec };
	return XXH3_64bits(parts, sizeof parts);
}

static void add_file(const char *path, uint64_t **all, size_t *n)
{
	*(uint64_t *)rnf_push((void **)all, n, sizeof **all) = path ? rnf_source_file(path) : 0;
}

/* The words of the conf; *code gets the digests of the program and plugins that compute. */
static const char *words_of(const struct rnf_frames *frames, uint64_t **code, size_t *n)
{
	size_t n_decoders;
	const struct rnf_feature *const *decoders = rnf_picture_plugins(&n_decoders);
	const char *words = rnf_format("%lldx%lld", (long long)frames->out_h, (long long)frames->out_w);
	add_file(rnf_machine_program(), code, n);
	for (size_t i = 0; i < n_decoders; i++)
		add_file(rnf_loader_file(decoders[i]), code, n);
	for (size_t i = 0; i < frames->list.n; i++) {
		const struct rnf_ref *ref = frames->list.at[i];
		add_file(rnf_loader_file(ref->feature), code, n);
		words = rnf_format("%s %s %s", words, ref->feature->name,
				   ref->node ? rnf_conf_text(ref->node) : "");
	}
	return words;
}

const char *rnf_sources_name(const uint64_t *files, int64_t n, const struct rnf_frames *frames)
{
	uint64_t *code = NULL;
	size_t n_code = 0;
	const char *words = words_of(frames, &code, &n_code);
	uint64_t sums[] = { XXH3_64bits(words, strlen(words)), XXH3_64bits(code, n_code * sizeof *code) };
	const XXH128_hash_t all = XXH3_128bits_withSeed(files, (size_t)n * sizeof *files,
							 XXH3_64bits(sums, sizeof sums));
	return rnf_format("%016llx%016llx", (unsigned long long)all.high64,
			  (unsigned long long)all.low64);
}
