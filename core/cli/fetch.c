#include <stdio.h>
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

/* A transport by whatever plugin is there: fetch asks for no name. */
static rnf_status find_transport(const struct rnf_transport_impl **transport)
{
	const struct rnf_feature **list;
	if (rnf_loader_list("transport", &list, NULL) == 0)
		return rnf_fail(RNF_ENOENT, "no transport plugin is installed: "
				"download the files by hand");
	*transport = list[0]->impl;
	return RNF_OK;
}

/* A mirror is a folder or URL that holds the files under their own names. */
static const char *address(const struct rnf_download *d, const char *mirror)
{
	if (!mirror) return d->url;
	return rnf_format("%s%s/%s", strstr(mirror, "://") ? "" : "file://", mirror,
			  d->file);
}

rnf_status rnf_verb_fetch(const struct rnf_options *o)
{
	const struct rnf_feature *feature;
	const struct rnf_transport_impl *transport = NULL;
	if (o->n_words != 1)
		return rnf_fail(RNF_EINVAL, "fetch needs the name of a data set");
	RNF_TRY(rnf_loader_find("dataset", o->words[0], &feature));
	RNF_TRY(find_transport(&transport));
	const struct rnf_dataset_impl *dataset = feature->impl;
	const char *dir = o->out ? o->out : rnf_data_home(o->words[0]);
	if (!dataset->downloads)
		return rnf_fail(RNF_EINVAL, "%s has nothing to download", o->words[0]);
	if (!dir) return rnf_fail(RNF_EINVAL, "no home folder: say --out DIR");
	RNF_TRY(rnf_folder_make(dir));
	for (const struct rnf_download *d = dataset->downloads; d->url; d++) {
		struct rnf_download from = *d;
		from.url = address(d, o->mirror);
		RNF_TRY(transport->fetch(&rnf_host, &from,
					 rnf_format("%s/%s", dir, d->file),
					 progress));
		printf("%s/%s\n", dir, d->file);
	}
	return RNF_OK;
}
