/* curl: files from http, https and file URLs, by libcurl. A file that is there
 * in part is completed; the digest of the whole (by nettle) is checked last. */
/* needs: libcurl nettle */
#include <rnframe/data.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/nettle-meta.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DIGEST_MAX = 32, CONTEXT_MAX = 512, HTTP_RANGE_BEYOND_END = 416 };

static const struct nettle_hash *const hashes[] = { &nettle_md5, &nettle_sha256 };
static const char *const schemes[] = { "https://", "http://", "file://" };

struct transfer {
	const struct rnf_host *host;
	const struct rnf_download *what;
	const char *path;
	void (*progress)(int64_t done, int64_t total);
	int fd;
	int64_t start; /* bytes that were there already */
	int write_error;
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
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
	curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->start);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
}

/* One transfer from t->start on; curl's own code, its words into `words`. */
static CURLcode perform(struct transfer *t, char *words, long *http)
{
	CURL *curl = curl_easy_init();
	if (!curl) return CURLE_FAILED_INIT;
	words[0] = 0;
	set_options(curl, t, words);
	const CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, http);
	curl_easy_cleanup(curl);
	if (!words[0]) snprintf(words, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code));
	return code;
}

static rnf_status fail_errno(const struct transfer *t, const char *verb, int error)
{
	return t->host->fail(RNF_EIO, "cannot %s %s: %s", verb, t->path, strerror(error));
}

static rnf_status restart(struct transfer *t)
{
	t->start = 0;
	if (ftruncate(t->fd, 0) < 0 || lseek(t->fd, 0, SEEK_SET) < 0)
		return fail_errno(t, "empty", errno);
	return RNF_OK;
}

/* The bytes that are missing, where they can be told to be. */
static rnf_status complete(struct transfer *t)
{
	char words[CURL_ERROR_SIZE];
	long http = 0;
	CURLcode code = perform(t, words, &http);
	if (t->start > 0 && http == HTTP_RANGE_BEYOND_END)
		return RNF_OK; /* nothing is missing, or the digest will tell */
	if (t->start > 0 && (code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME)) {
		RNF_TRY(restart(t)); /* the server gives whole files only */
		code = perform(t, words, &http);
	}
	if (t->write_error) return fail_errno(t, "write", t->write_error);
	if (code != CURLE_OK)
		return t->host->fail(RNF_EIO, "cannot fetch %s: %s", t->what->url, words);
	return RNF_OK;
}

static rnf_status digest_file(const struct transfer *t, const struct nettle_hash *hash,
			      char hex[2 * DIGEST_MAX + 1])
{
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

static rnf_status check(const struct transfer *t, const struct nettle_hash *hash)
{
	const int64_t bytes = lseek(t->fd, 0, SEEK_END), said = t->what->bytes;
	if (said > 0 && bytes < said)
		return t->host->fail(RNF_EIO,
			"%s is cut: %lld of %lld bytes; it was kept, fetch again to go on",
			t->path, (long long)bytes, (long long)said);
	char hex[2 * DIGEST_MAX + 1];
	RNF_TRY(digest_file(t, hash, hex));
	if (strcmp(hex, t->what->digest) == 0) return RNF_OK;
	unlink(t->path);
	return t->host->fail(RNF_EIO,
		"%s: %s is %s, must be %s; the file was removed, fetch again",
		t->what->url, hash->name, hex, t->what->digest);
}

static rnf_status transfer(struct transfer *t, const struct nettle_hash *hash)
{
	const int64_t said = t->what->bytes;
	t->start = lseek(t->fd, 0, SEEK_END);
	if (t->start < 0) return fail_errno(t, "read", errno);
	if (said > 0 && t->start > said) RNF_TRY(restart(t));
	if (said == 0 || t->start < said) RNF_TRY(complete(t));
	return check(t, hash);
}

static rnf_status fetch(const struct rnf_host *host, const struct rnf_download *what,
			const char *path, void (*progress)(int64_t done, int64_t total))
{
	const struct nettle_hash *hash = find_hash(what->algorithm);
	if (!hash || !what->digest)
		return host->fail(RNF_EUNSUP, "digest %s of %s: only md5 and sha256 can be checked",
			what->algorithm ? what->algorithm : "(none)", what->url);
	if (!known_scheme(what->url))
		return host->fail(RNF_EUNSUP, "%s: only http, https and file can be fetched",
			what->url);
	struct transfer t = { .host = host, .what = what, .path = path, .progress = progress };
	t.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (t.fd < 0) return fail_errno(&t, "open", errno);
	const rnf_status status = transfer(&t, hash);
	if (status < 0 && lseek(t.fd, 0, SEEK_END) == 0) unlink(path);
	if (close(t.fd) < 0 && status == RNF_OK) return fail_errno(&t, "write", errno);
	return status;
}

static const struct rnf_transport_impl impl = { .fetch = fetch };

RNF_PLUGIN(transport, curl, "http, https and file URLs, by libcurl", NULL, impl)
