#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"
#include "data/find.h"
#include "plugin/loader.h"

static void progress(int64_t done, int64_t total)
{
	if (isatty(2))
		fprintf(stderr, "\r%lld of %lld MB ", (long long)(done >> 20),
			(long long)(total >> 20));
}

/* Any transport that is there: fetch asks for no name. */
static rnf_status find_transport(const struct rnf_transport_impl **transport)
{
	const struct rnf_feature **list;
	size_t n;
	RNF_TRY(rnf_loader_all("transport", &list, &n));
	if (n == 0)
		return rnf_fail(RNF_ENOENT, "no transport plugin is installed: "
				"download the files by hand");
	*transport = list[0]->impl;
	return RNF_OK;
}

/* Percent-encode what an URL may not hold (RFC 3986, 2.1). */
static const char *encode(const char *path)
{
	char *out = rnf_alloc(3 * strlen(path) + 1), *to = out;
	for (const char *p = path; *p; p++)
		if (isalnum((unsigned char)*p) || strchr("/-._~", *p))
			*to++ = *p;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*p);
	return out;
}

/* A mirror is a folder or URL that holds the files under their own names; NULL stays
 * NULL. */
static rnf_status mirror_url(const char *mirror, const char **url)
{
	char path[PATH_MAX];
	*url = mirror;
	if (!mirror || strstr(mirror, "://")) return RNF_OK;
	if (!realpath(mirror, path))
		return rnf_fail(RNF_ENOENT, "--mirror %s: %s", mirror, strerror(errno));
	if (!rnf_is_folder(path))
		return rnf_fail(RNF_EINVAL, "--mirror %s: is not a folder", mirror);
	*url = rnf_format("file://%s", encode(path));
	return RNF_OK;
}

static const char *address(const struct rnf_download *d, const char *mirror)
{
	if (!mirror) return d->url;
	const size_t n = strlen(mirror);
	return rnf_format("%s%s%s", mirror, n && mirror[n - 1] == '/' ? "" : "/", d->file);
}

static rnf_status fetch_all(const struct rnf_transport_impl *transport,
			    const struct rnf_download *d, const char *mirror,
			    const char *dir)
{
	for (; d->url; d++) {
		struct rnf_download from = *d;
		const char *path = rnf_format("%s/%s", dir, d->file);
		from.url = address(d, mirror);
		RNF_TRY(transport->fetch(&rnf_host, &from, path, progress));
		printf("%s\n", path);
	}
	return RNF_OK;
}

rnf_status rnf_verb_fetch(const struct rnf_options *o)
{
	const struct rnf_feature *feature;
	const struct rnf_transport_impl *transport = NULL;
	const char *mirror;
	if (o->n_words != 1)
		return rnf_fail(RNF_EINVAL, "fetch needs the name of a data set");
	RNF_TRY(rnf_loader_find("dataset", o->words[0], &feature));
	RNF_TRY(find_transport(&transport));
	const struct rnf_dataset_impl *dataset = feature->impl;
	const char *dir = o->out ? o->out : rnf_data_home(o->words[0]);
	if (!dataset->downloads)
		return rnf_fail(RNF_EINVAL, "%s has nothing to download", o->words[0]);
	if (!dir) return rnf_fail(RNF_EINVAL, "no home folder: pass --out DIR");
	RNF_TRY(mirror_url(o->mirror, &mirror));
	RNF_TRY(rnf_fail_out(rnf_folder_make(dir), "the files"));
	return fetch_all(transport, dataset->downloads, mirror, dir);
}
