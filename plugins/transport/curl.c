/* curl: fetches http, https and file URLs, by libcurl. It completes FILE.part, checks its
 * size and its digest (by nettle), then renames it to FILE. It reads no more than the
 * published size, and gives up on a server that hardly sends. */
/* needs: libcurl nettle */
#define _GNU_SOURCE
#include <rnframe/data.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/nettle-meta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST_MAX = 32, CONTEXT_MAX = 512, HTTP_RANGE_BEYOND_END = 416 };

/* A server that sends less than this many bytes a second for this long has stalled; the
 * environment variable sets another number of seconds. */
enum { STALL_BYTES = 1024, STALL_S = 60, STALL_MAX_S = 86400 };
#define STALL_VARIABLE "RNFRAME_FETCH_STALL"

static const struct nettle_hash *const hashes[] = { &nettle_md5, &nettle_sha256 };
static const char *const schemes[] = { "https://", "http://", "file://" };

struct transfer {
	const struct rnf_host *host;
	const struct rnf_download *what;
	const struct nettle_hash *hash;
	const char *path, *name; /* final size, and size of fd */
	void (*progress)(int64_t done, int64_t total);
	int fd;
	int64_t start; /* bytes that were there already */
	int64_t got;   /* bytes added; beyond the published size none is kept */
	long stall_s;
	int write_error, too_long;
};

static const struct nettle_hash *find_hash(const char *name)
{
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if (name && strcmp(hashes[i]->name, name) == 0) return hashes[i];
	return NULL;
}

static int known_scheme(const char *url)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0) return 1;
	return 0;
}

static size_t on_bytes(char *bytes, size_t size, size_t n, void *t_)
{
	struct transfer *t = t_;
	const size_t all = size * n;
	t->got += (int64_t)all;
	t->too_long = t->what->bytes > 0 && t->start + t->got > t->what->bytes;
	if (t->too_long) return 0;
	for (size_t done = 0; done < all;) {
		const ssize_t wrote = write(t->fd, bytes + done, all - done);
		if (wrote < 0 && errno == EINTR) continue;
		if (wrote < 0) {
			t->write_error = errno;
			return 0;
		}
		done += (size_t)wrote;
	}
	return all;
}

static int on_progress(void *t_, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up)
{
	(void)up_total, (void)up;
	const struct transfer *t = t_;
	if (t->progress)
		t->progress(t->start + now, total > 0 ? t->start + total : t->what->bytes);
	return 0;
}

static void set_options(CURL *curl, struct transfer *t, char *words)
{
	curl_easy_setopt(curl, CURLOPT_URL, t->what->url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "rnframe/" RNF_VERSION);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, t->stall_s);
	curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->start);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
}

/* One transfer from t->start on; return curl's own code, and its message in `words`. */
static CURLcode perform(struct transfer *t, char *words, long *http)
{
	CURL *curl = curl_easy_init();
	if (!curl) return CURLE_FAILED_INIT;
	words[0] = 0;
	t->got = 0;
	set_options(curl, t, words);
	const CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, http);
	curl_easy_cleanup(curl);
	if (!words[0]) snprintf(words, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code));
	return code;
}

static rnf_status fail_errno(const struct transfer *t, const char *verb, int error)
{
	return t->host->fail(RNF_EIO, "cannot %s %s: %s", verb, t->name, strerror(error));
}

static rnf_status restart(struct transfer *t)
{
	t->start = 0;
	if (ftruncate(t->fd, 0) < 0 || lseek(t->fd, 0, SEEK_SET) < 0)
		return fail_errno(t, "empty", errno);
	return RNF_OK;
}

/* The server's bytes differ from those kept, or it serves whole files only. */
static int must_restart(const struct transfer *t, CURLcode code, long http)
{
	if (t->start == 0) return 0;
	if (http == HTTP_RANGE_BEYOND_END) return t->what->bytes > 0;
	return code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME;
}

static rnf_status fail_interrupted(const struct transfer *t, const char *words)
{
	const int64_t kept = lseek(t->fd, 0, SEEK_END);
	if (kept <= 0)
		return t->host->fail(RNF_EIO, "cannot fetch %s: %s", t->what->url, words);
	return t->host->fail(RNF_EIO, "cannot fetch %s: %s; %lld bytes are kept in %s, "
			     "fetch again to continue", t->what->url, words,
			     (long long)kept, t->name);
}

static rnf_status fail_another(const struct transfer *t, const char *more, int64_t bytes)
{
	unlink(t->name);
	return t->host->fail(RNF_EIO, "%s gives another file: %s%lld bytes, must be %lld; it "
			     "was removed", t->what->url, more, (long long)bytes,
			     (long long)t->what->bytes);
}

/* The missing bytes, if their number is known. */
static rnf_status complete(struct transfer *t)
{
	char words[CURL_ERROR_SIZE];
	long http = 0;
	CURLcode code = perform(t, words, &http);
	if (must_restart(t, code, http)) {
		RNF_TRY(restart(t));
		code = perform(t, words, &http);
	}
	if (t->start > 0 && http == HTTP_RANGE_BEYOND_END)
		return RNF_OK; /* unknown size: the digest will decide */
	if (t->write_error) return fail_errno(t, "write", t->write_error);
	if (t->too_long) return fail_another(t, "at least ", t->start + t->got);
	return code == CURLE_OK ? RNF_OK : fail_interrupted(t, words);
}

static rnf_status digest_file(const struct transfer *t, char hex[2 * DIGEST_MAX + 1])
{
	const struct nettle_hash *hash = t->hash;
	_Alignas(16) uint8_t context[CONTEXT_MAX];
	uint8_t block[1 << 15], digest[DIGEST_MAX];
	if (hash->context_size > sizeof context || hash->digest_size > sizeof digest)
		return t->host->fail(RNF_EINTERNAL, "%s needs more room", hash->name);
	hash->init(context);
	for (off_t at = 0;;) {
		const ssize_t n = pread(t->fd, block, sizeof block, at);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return fail_errno(t, "read", errno);
		if (n == 0) break;
		hash->update(context, (size_t)n, block);
		at += n;
	}
	hash->digest(context, hash->digest_size, digest);
	for (size_t i = 0; i < hash->digest_size; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return RNF_OK;
}

/* A wrong file that the server calls complete is not kept: a retry would continue it and
 * fail each time. */
static rnf_status check(const struct transfer *t)
{
	const int64_t bytes = lseek(t->fd, 0, SEEK_END), said = t->what->bytes;
	char hex[2 * DIGEST_MAX + 1];
	if (said > 0 && bytes != said) return fail_another(t, "", bytes);
	RNF_TRY(digest_file(t, hex));
	if (strcmp(hex, t->what->digest) == 0) return RNF_OK;
	unlink(t->name);
	return t->host->fail(RNF_EIO,
		"%s: %s is %s, must be %s; the file was removed, fetch again",
		t->what->url, t->hash->name, hex, t->what->digest);
}

/* Download into NAME.part, which is renamed when it is complete and right. */
static rnf_status transfer(struct transfer *t)
{
	const int64_t said = t->what->bytes;
	t->start = lseek(t->fd, 0, SEEK_END);
	if (t->start < 0) return fail_errno(t, "read", errno);
	if (said > 0 && t->start > said) RNF_TRY(restart(t));
	if (said == 0 || t->start < said) RNF_TRY(complete(t));
	RNF_TRY(check(t));
	if (fsync(t->fd) < 0) return fail_errno(t, "write", errno);
	return rename(t->name, t->path) < 0 ? fail_errno(t, "rename", errno) : RNF_OK;
}

/* Through a link we would write another file. */
static rnf_status open_part(struct transfer *t)
{
	struct stat at;
	t->fd = open(t->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	if (t->fd < 0 && errno != ELOOP) return fail_errno(t, "open", errno);
	if (t->fd >= 0 && fstat(t->fd, &at) == 0 && S_ISREG(at.st_mode)) return RNF_OK;
	if (t->fd >= 0) close(t->fd);
	return t->host->fail(RNF_EINVAL, "%s is %s: remove it", t->name,
			     t->fd < 0 ? "a link, which is not followed" : "not a regular file");
}

static rnf_status fetch_part(struct transfer *t)
{
	char part[PATH_MAX];
	if (snprintf(part, sizeof part, "%s.part", t->path) >= (int)sizeof part)
		return t->host->fail(RNF_EINVAL, "%s: too long a path", t->path);
	t->name = part;
	RNF_TRY(open_part(t));
	rnf_status status = transfer(t);
	if (status < 0 && lseek(t->fd, 0, SEEK_END) == 0) unlink(part);
	if (close(t->fd) < 0 && status == RNF_OK) status = fail_errno(t, "write", errno);
	t->name = t->path;
	return status;
}

/* right: the file is there already, as published */
static rnf_status look(struct transfer *t, int *right)
{
	char hex[2 * DIGEST_MAX + 1] = "";
	struct stat at;
	if (stat(t->path, &at) < 0) return RNF_OK;
	if (!S_ISREG(at.st_mode))
		return t->host->fail(RNF_EINVAL, "%s is not a regular file", t->path);
	if (t->what->bytes == 0 || t->what->bytes == at.st_size) {
		t->fd = open(t->path, O_RDONLY | O_CLOEXEC);
		if (t->fd < 0) return fail_errno(t, "open", errno);
		const rnf_status status = digest_file(t, hex);
		close(t->fd);
		RNF_TRY(status);
	}
	*right = strcmp(hex, t->what->digest) == 0;
	t->host->log(RNF_LOG_INFO, *right ? "%s is there already, whole and right"
		     : "%s is not the published file: it will be replaced", t->path);
	return RNF_OK;
}

static rnf_status stall_time(struct transfer *t)
{
	const char *text = getenv(STALL_VARIABLE);
	char *end = "";
	t->stall_s = text ? strtol(text, &end, 10) : STALL_S;
	if (*end == 0 && t->stall_s >= 1 && t->stall_s <= STALL_MAX_S) return RNF_OK;
	return t->host->fail(RNF_EINVAL, STALL_VARIABLE " is \"%s\", must be 1..%d seconds",
			     text, STALL_MAX_S);
}

static rnf_status fetch(const struct rnf_host *host, const struct rnf_download *what,
			const char *path, void (*progress)(int64_t done, int64_t total))
{
	struct transfer t = { .host = host, .what = what, .path = path, .name = path,
			      .progress = progress, .hash = find_hash(what->algorithm) };
	int right = 0;
	if (!t.hash || !what->digest)
		return host->fail(RNF_EUNSUP, "digest %s of %s: only md5 and sha256 can be checked",
			what->algorithm ? what->algorithm : "(none)", what->url);
	if (!known_scheme(what->url))
		return host->fail(RNF_EUNSUP, "%s: only http, https and file can be fetched",
			what->url);
	RNF_TRY(stall_time(&t));
	RNF_TRY(look(&t, &right));
	return right ? RNF_OK : fetch_part(&t);
}

static const struct rnf_transport_impl impl = { .fetch = fetch };

RNF_PLUGIN(transport, curl, "http, https and file URLs, by libcurl", NULL, impl)
