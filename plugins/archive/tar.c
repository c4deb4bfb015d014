/* tar: files inside tar archives, packed or not (.tar, .tar.gz, .tar.xz, ...), and single
 * packed files (.gz, .xz, ...), by libarchive. zlib reads the bytes first: it unpacks
 * gzip, checks the checksum of each member, and passes on anything else unchanged.
 * libarchive itself ignores the checksums of gzip. It also writes .tar.gz, .tar.xz and .tar. */
/* needs: libarchive zlib */
#include <rnframe/data.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Unpacked data may be this many times as large, and this much more, which no data set
 * reaches: a small file must not fill the memory, nor a large one take a day. */
enum { RATIO_MAX = 200, SLACK_BYTES = 1 << 20 };
enum { LARGE_RATIO_MAX = 4 };
#define LARGE_SLACK_BYTES ((int64_t)4 << 30)

enum { BLOCK_BYTES = 1 << 16, FILE_BYTES = 1 << 18 };

struct magic {
	size_t at, n;
	const char *bytes;
};

static const struct magic magics[] = {
	{ 0, 2, "\x1f\x8b" },             /* gzip */
	{ 0, 6, "\xfd" "7zXZ\0" },        /* xz */
	{ 0, 3, "BZh" },                  /* bzip2 */
	{ 0, 4, "\x28\xb5\x2f\xfd" },     /* zstd */
	{ 257, 5, "ustar" },              /* tar */
};

struct reader {
	const struct rnf_host *host;
	const char *path;
	struct archive *archive;
	gzFile file;
	int64_t most, unzipped; /* bytes that may come out; bytes that zlib has given */
	void *(*found)(void *context, const char *name, int64_t size);
	void *context;
	uint8_t block[BLOCK_BYTES];
};

static int probe(const uint8_t *head, size_t n)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		const struct magic *m = &magics[i];
		if (m->at + m->n <= n && memcmp(head + m->at, m->bytes, m->n) == 0)
			return 1;
	}
	return 0;
}

static rnf_status fail(const struct reader *r)
{
	const char *words = archive_error_string(r->archive);
	return r->host->fail(RNF_EINVAL, "%s: %s", r->path,
			     words ? words : "cannot be unpacked");
}

static rnf_status fail_large(const struct reader *r, const char *name)
{
	return r->host->fail(RNF_EINVAL, "%s: %s%sunpacks to more than %lld bytes, too many for "
			     "its size", r->path, name, *name ? " " : "", (long long)r->most);
}

/* Fill buffer[size], fewer bytes only at the end of the file; *got of them. */
static rnf_status fill(const struct reader *r, uint8_t *buffer, size_t size,
		       size_t *got)
{
	for (*got = 0; *got < size;) {
		const la_ssize_t n = archive_read_data(r->archive, buffer + *got,
						       size - *got);
		if (n == ARCHIVE_RETRY) continue;
		if (n < 0) return fail(r);
		if (n == 0) break;
		*got += (size_t)n;
	}
	return RNF_OK;
}

/* The rest of the entry, which may be more than its header says, is unpacked here:
 * libarchive would skip it without a limit. */
static rnf_status skip(const struct reader *r, const char *name)
{
	const void *bytes;
	size_t n;
	int64_t at;
	for (;;) {
		const int got = archive_read_data_block(r->archive, &bytes, &n, &at);
		if (archive_filter_bytes(r->archive, 0) > r->most) return fail_large(r, name);
		if (got == ARCHIVE_EOF) return RNF_OK;
		if (got < ARCHIVE_WARN && got != ARCHIVE_RETRY) return fail(r);
	}
}

static rnf_status read_known(const struct reader *r, const char *name, int64_t size)
{
	if (size < 0 || size > r->most) return fail_large(r, name);
	void *buffer = r->found(r->context, name, size);
	if (!buffer) return RNF_OK;
	size_t got;
	RNF_TRY(fill(r, buffer, (size_t)size, &got));
	if (got != (size_t)size)
		return r->host->fail(RNF_EINVAL, "%s: %s is cut: %zu of %lld bytes",
				     r->path, name, got, (long long)size);
	return RNF_OK;
}

/* The whole rest of the entry, in *bytes, which grows. */
static rnf_status fill_growing(const struct reader *r, uint8_t **bytes, size_t *n)
{
	size_t room = 0, got = 0;
	for (*n = 0; *n == room; *n += got) {
		if (room >= (size_t)r->most) return fail_large(r, "");
		room = room ? 2 * room : 1 << 20;
		uint8_t *more = realloc(*bytes, room);
		if (!more) return r->host->fail(RNF_ENOMEM, "no memory for %s", r->path);
		*bytes = more;
		RNF_TRY(fill(r, *bytes + *n, room - *n, &got));
	}
	return RNF_OK;
}

static rnf_status read_unknown(const struct reader *r, const char *name)
{
	uint8_t *bytes = NULL;
	size_t n;
	const rnf_status status = fill_growing(r, &bytes, &n);
	void *buffer = status == RNF_OK ? r->found(r->context, name, (int64_t)n) : NULL;
	if (buffer) memcpy(buffer, bytes, n);
	free(bytes);
	return status;
}

static rnf_status read_entry(const struct reader *r, struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);
	if (archive_format(r->archive) == ARCHIVE_FORMAT_RAW || !path) path = "";
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const int plain = archive_entry_filetype(entry) == AE_IFREG &&
			  !archive_entry_hardlink(entry);
	if (plain && archive_entry_size_is_set(entry))
		RNF_TRY(read_known(r, name, archive_entry_size(entry)));
	else if (plain)
		RNF_TRY(read_unknown(r, name));
	return skip(r, name);
}

/* The next bytes in *block, 0 at the end. At the end of a gzip member its checksum has
 * been compared. Called by libarchive. */
static la_ssize_t read_block(struct archive *archive, void *r_, const void **block)
{
	struct reader *r = r_;
	const int n = gzread(r->file, r->block, BLOCK_BYTES);
	const int cause = errno;
	int code = Z_OK;
	*block = r->block;
	r->unzipped += n > 0 ? n : 0;
	if (r->unzipped > r->most) {
		archive_set_error(archive, EINVAL, "unpacks to more than %lld bytes, too many for "
				  "its size", (long long)r->most);
		return -1;
	}
	if (n <= 0) gzerror(r->file, &code);
	if (n > 0 || code == Z_OK || code == Z_STREAM_END) return n;
	archive_set_error(archive, EINVAL, "%s", code == Z_ERRNO ? strerror(cause)
			  : "the gzip data are damaged or truncated");
	return -1;
}

/* A tar ends before its file does: the checksum of gzip comes after it. */
static rnf_status read_rest(struct reader *r)
{
	const void *block;
	la_ssize_t n;
	while ((n = read_block(r->archive, r, &block)) > 0)
		;
	return n < 0 ? fail(r) : RNF_OK;
}

static rnf_status read_entries(struct reader *r)
{
	archive_read_support_filter_bzip2(r->archive); /* not all filters: some start programs */
	archive_read_support_filter_xz(r->archive);
	archive_read_support_filter_zstd(r->archive);
	archive_read_support_format_tar(r->archive);
	archive_read_support_format_raw(r->archive);
	if (archive_read_open(r->archive, r, NULL, read_block, NULL) != ARCHIVE_OK)
		return fail(r);
	for (;;) {
		struct archive_entry *entry;
		const int got = archive_read_next_header(r->archive, &entry);
		if (got == ARCHIVE_EOF) return read_rest(r);
		if (got == ARCHIVE_RETRY) continue;
		if (got < ARCHIVE_WARN) return fail(r);
		RNF_TRY(read_entry(r, entry));
	}
}

static int64_t most_bytes(int64_t size)
{
	const int64_t small = RATIO_MAX * size + SLACK_BYTES;
	const int64_t large = LARGE_RATIO_MAX * size + LARGE_SLACK_BYTES;
	return small < large ? small : large;
}

/* Takes over the descriptor. */
static rnf_status open_file(struct reader *r, int fd)
{
	struct stat at;
	if (fstat(fd, &at) == 0 && S_ISREG(at.st_mode)) {
		r->most = most_bytes(at.st_size);
		r->file = gzdopen(fd, "rb");
	}
	if (!r->file) close(fd);
	return r->file ? RNF_OK : r->host->fail(RNF_EINVAL, "%s is not a file", r->path);
}

static rnf_status read_archive(const struct rnf_host *host, const char *path,
			       void *(*found)(void *context, const char *name,
					      int64_t size),
			       void *context)
{
	struct reader r = { .host = host, .path = path, .found = found, .context = context };
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return host->fail(errno == EIO ? RNF_EIO : RNF_EINVAL, "%s: %s", path,
				  strerror(errno));
	RNF_TRY(open_file(&r, fd));
	gzbuffer(r.file, FILE_BYTES);
	r.archive = archive_read_new();
	const rnf_status status = r.archive ? read_entries(&r)
		: host->fail(RNF_ENOMEM, "no memory");
	archive_read_free(r.archive);
	gzclose_r(r.file);
	return status;
}

/* -- writing -- */

/* 1980-01-01: the earliest time that no unpacker complains of. */
enum { WRITTEN = 315532800, MODE = 0644 };

static const char *const endings[] = { ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar", NULL };

static const struct packing {
	int (*filter)(struct archive *);
	const char *options; /* gzip would write the time of day into its header */
} packings[] = { /* of each ending */
	{ archive_write_add_filter_gzip, "gzip:!timestamp" },
	{ archive_write_add_filter_gzip, "gzip:!timestamp" },
	{ archive_write_add_filter_xz, NULL },
	{ archive_write_add_filter_xz, NULL },
	{ archive_write_add_filter_none, NULL },
};

static int write_file(struct archive *a, const struct rnf_archive_file *file)
{
	struct archive_entry *entry = archive_entry_new();
	if (!entry) return 0;
	archive_entry_set_pathname(entry, file->name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, MODE);
	archive_entry_set_mtime(entry, WRITTEN, 0);
	archive_entry_set_size(entry, (la_int64_t)file->n);
	const int good = archive_write_header(a, entry) == ARCHIVE_OK &&
			 archive_write_data(a, file->bytes, file->n) == (la_ssize_t)file->n;
	archive_entry_free(entry);
	return good;
}

static int write_files(struct archive *a, int fd, const struct packing *packing,
		       const struct rnf_archive_file *files, size_t n)
{
	if (packing->filter(a) != ARCHIVE_OK || archive_write_set_format_ustar(a) != ARCHIVE_OK ||
	    (packing->options && archive_write_set_options(a, packing->options) != ARCHIVE_OK) ||
	    archive_write_open_fd(a, fd) != ARCHIVE_OK)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!write_file(a, &files[i])) return 0;
	return archive_write_close(a) == ARCHIVE_OK;
}

static rnf_status write_archive(const struct rnf_host *host, int fd, const char *ending,
				const struct rnf_archive_file *files, size_t n)
{
	size_t kind = 0;
	rnf_status status = RNF_OK;
	while (endings[kind + 1] && strcmp(endings[kind], ending) != 0)
		kind++;
	struct archive *a = archive_write_new();
	if (!a) return host->fail(RNF_ENOMEM, "no memory");
	if (!write_files(a, fd, &packings[kind], files, n))
		status = host->fail(RNF_EIO, "%s", archive_error_string(a) ? archive_error_string(a)
				    : "cannot be written");
	archive_write_free(a);
	return status;
}

static const struct rnf_archive_impl impl = {
	.probe = probe, .read = read_archive, .endings = endings, .write = write_archive };

RNF_PLUGIN(archive, tar, "tar archives and single packed files, by libarchive",
	   NULL, impl)
