#include "data/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "data/map.h"
#include "plugin/loader.h"

/* Endings of files that may have the data inside and are opened to find out. */
static const char *const archive_endings[] = {
	".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar", ".tar.bz2", ".tar.zst", NULL,
};

enum { PLACES_MAX = 2, HEAD_BYTES = 512 };

struct search {
	const struct rnf_dataset_impl *impl;
	struct rnf_blob *blobs;
	size_t n;
	struct rnf_blob *single; /* the file that a packed single file stands for */
	const char *place;       /* where it looks */
	const char *other;       /* what it found there instead of the data, for the message */
};

static int is_file(const char *path)
{
	struct stat at;
	return stat(path, &at) == 0 && S_ISREG(at.st_mode);
}

static int is_optional(const struct search *s, size_t i)
{
	return s->impl->files[i][0] == '?';
}

static const char *name_of(const struct search *s, size_t i)
{
	return s->impl->files[i] + is_optional(s, i);
}

static int is_missing(const struct search *s, size_t i)
{
	return !s->blobs[i].data && !is_optional(s, i);
}

static int complete(const struct search *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (is_missing(s, i)) return 0;
	return 1;
}

/* -- what is met in place of the data -- */

/* The file or folder `name` in (or, a member, inside) `place`: the first is kept. */
static void meet(struct search *s, const char *place, const char *name)
{
	const struct rnf_other_form *o = s->impl->others;
	for (; o && o->file && !s->other; o++)
		if (!strcmp(o->file, name))
			s->other = rnf_format("%s%s%s is %s", place, *place ? "/" : "", name,
					      o->words);
}

/* Strip slashes at the end, which a shell's completion leaves. */
static const char *without_slash(const char *path)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/') n--;
	return rnf_strndup(path, n);
}

static void look_for_others(struct search *s, const char *place)
{
	const struct rnf_other_form *o = s->impl->others;
	const char *name = rnf_file_name(place);
	const char *above = rnf_strndup(place, name > place ? (size_t)(name - place - 1) : 0);
	if (rnf_is_folder(place) || is_file(place)) meet(s, above, name);
	for (; o && o->file; o++) {
		const char *path = rnf_format("%s/%s", place, o->file);
		if (is_file(path) || rnf_is_folder(path)) meet(s, place, o->file);
	}
}

/* One of the files on its own. */
static rnf_status refuse_part(const struct search *s, const char *place)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *name = name_of(s, i);
		if (s->n > 1 && (!strcmp(name, rnf_file_name(place)) ||
				 !strcmp(rnf_format("%s.gz", name), rnf_file_name(place))))
			return rnf_fail(RNF_EINVAL, "%s is one of the %zu files of the data set: "
					"name the folder that has them all", place, s->n);
	}
	return RNF_OK;
}

/* -- archives and packed files -- */

static struct rnf_blob *wanted(struct search *s, const char *name)
{
	if (s->single) return s->single->data ? NULL : s->single;
	for (size_t i = 0; i < s->n; i++)
		if (!s->blobs[i].data && strcmp(s->blobs[i].name, name) == 0)
			return &s->blobs[i];
	return NULL;
}

/* Called by the archive plugin for each file inside. */
static void *take(void *context, const char *name, int64_t size)
{
	struct search *s = context;
	struct rnf_blob *blob = wanted(s, name);
	if (!blob) {
		meet(s, s->place, name);
		return NULL;
	}
	if (size < 0) return s; /* yes, once the size is known */
	void *data = rnf_alloc((size_t)size + 1);
	blob->data = data;
	blob->size = (size_t)size;
	return data;
}

static rnf_status unpack(struct search *s, const char *path, struct rnf_blob *single)
{
	uint8_t head[HEAD_BYTES];
	uint64_t size;
	size_t n;
	RNF_TRY(rnf_file_head(path, head, HEAD_BYTES, &n, &size));
	if (n == 0) return rnf_fail(RNF_EINVAL, "%s is empty", path);
	const struct rnf_feature **archives;
	size_t n_archives;
	RNF_TRY(rnf_loader_all("archive", &archives, &n_archives));
	s->single = single;
	for (size_t i = 0; i < n_archives; i++) {
		const struct rnf_archive_impl *impl = archives[i]->impl;
		if (impl->probe(head, n))
			return impl->read(&rnf_host, path, take, s);
	}
	return rnf_fail(RNF_EUNSUP, "%s: no plugin of kind archive can unpack it: cut, or "
			"of another kind?", path);
}

/* -- places -- */

/* The files in this folder itself, plain or packed one by one. */
static rnf_status look_for_files(struct search *s, const char *folder)
{
	for (size_t i = 0; i < s->n; i++) {
		struct rnf_blob *blob = &s->blobs[i];
		if (blob->data) continue;
		const char *plain = rnf_format("%s/%s", folder, blob->name);
		const char *packed = rnf_format("%s.gz", plain);
		if (is_file(plain)) RNF_TRY(rnf_map_file(plain, blob));
		else if (is_file(packed)) RNF_TRY(unpack(s, packed, blob));
	}
	return RNF_OK;
}

static int is_archive(const struct dirent *entry)
{
	for (const char *const *end = archive_endings; *end; end++)
		if (rnf_file_ends(entry->d_name, *end)) return 1;
	return 0;
}

static int is_published(const struct search *s, const char *name)
{
	const struct rnf_download *d = s->impl->downloads;
	for (; d && d->url; d++)
		if (strcmp(d->file, name) == 0) return 1;
	return 0;
}

static rnf_status open_archives(struct search *s, const char *folder,
				struct dirent **entries, int n, int published)
{
	for (int i = 0; i < n && !complete(s); i++) {
		const char *name = entries[i]->d_name;
		const char *path = rnf_format("%s/%s", folder, name);
		if (is_published(s, name) == published && is_file(path))
			RNF_TRY(unpack(s, path, NULL));
	}
	return RNF_OK;
}

/* Archives in a folder by name, the published ones first: opening the wrong one may take
 * seconds. */
static rnf_status look_for_archives(struct search *s, const char *folder)
{
	struct dirent **entries;
	const int n = scandir(folder, &entries, is_archive, alphasort);
	if (n < 0) return errno == EACCES ? RNF_OK : rnf_fail_input(folder);
	rnf_status status = open_archives(s, folder, entries, n, 1);
	if (status >= 0) status = open_archives(s, folder, entries, n, 0);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return status;
}

static rnf_status look_in(struct search *s, const char *place)
{
	for (size_t i = 0; i < s->n; i++) /* of an incomplete place before */
		s->blobs[i] = (struct rnf_blob){ .name = name_of(s, i) };
	s->place = place;
	look_for_others(s, place);
	if (is_file(place)) {
		RNF_TRY(refuse_part(s, place));
		return s->other ? RNF_OK : unpack(s, place, NULL);
	}
	if (!rnf_is_folder(place)) return RNF_OK;
	RNF_TRY(look_for_files(s, place));
	if (!complete(s) && s->impl->folder)
		RNF_TRY(look_for_files(s, rnf_format("%s/%s", place,
						     s->impl->folder)));
	return complete(s) ? RNF_OK : look_for_archives(s, place);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

static size_t standard_places(const char *name, const char *places[PLACES_MAX])
{
	size_t n = 0;
	const char *data = variable("RNFRAME_DATA"), *xdg = variable("XDG_DATA_HOME");
	const char *home = variable("HOME");
	if (data) places[n++] = rnf_format("%s/%s", data, name);
	if (xdg) places[n++] = rnf_format("%s/rnframe/%s", xdg, name);
	else if (home)
		places[n++] = rnf_format("%s/.local/share/rnframe/%s", home, name);
	return n;
}

const char *rnf_data_home(const char *name)
{
	const char *places[PLACES_MAX];
	return standard_places(name, places) ? places[0] : NULL;
}

/* -- the words when it is nowhere -- */

static const char *join(const char *list, const char *word)
{
	return *list ? rnf_format("%s, %s", list, word) : word;
}

static rnf_status fail_missing(const struct search *s, const char *name,
			       const char *const *places, size_t n)
{
	const char *missing = "", *where = "";
	for (size_t i = 0; i < s->n; i++)
		if (is_missing(s, i)) missing = join(missing, name_of(s, i));
	for (size_t i = 0; i < n; i++)
		where = join(where, rnf_is_folder(places[i]) || is_file(places[i]) ? places[i]
			: rnf_format("%s (%s)", places[i], access(places[i], F_OK) == 0
				     ? "no folder and no file" : "does not exist"));
	const struct rnf_download *d = s->impl->downloads;
	if (s->other)
		return rnf_fail(RNF_ENOENT, "%s, which is not read; %s reads %s%s%s", s->other, name,
				missing, d && d->url ? ": get them by: rnframe fetch " : "",
				d && d->url ? name : "");
	return rnf_fail(RNF_ENOENT, "the data of %s was not found: no %s in %s; %s%s",
			name, missing, *where ? where : "any place (HOME is not set)",
			d && d->url ? "get it by: rnframe fetch " :
			"name its folder by `path` in the conf", d && d->url ? name : "");
}

rnf_status rnf_data_find(const struct rnf_feature *dataset, const char *path,
			 struct rnf_blob **blobs)
{
	struct search s = { .impl = dataset->impl };
	const int named = path && *path;
	*blobs = NULL;
	if (!s.impl->files && named)
		rnf_log(RNF_LOG_WARNING, "data.path \"%s\" is not used: %s reads no "
			"files", path, dataset->name);
	if (!s.impl->files) return RNF_OK;
	while (s.impl->files[s.n])
		s.n++;
	s.blobs = rnf_alloc(s.n * sizeof *s.blobs);
	const char *places[PLACES_MAX] = { path };
	const size_t n = named ? 1 : standard_places(dataset->name, places);
	for (size_t i = 0; i < n; i++) {
		RNF_TRY(look_in(&s, without_slash(places[i])));
		if (!complete(&s)) continue;
		*blobs = s.blobs;
		return RNF_OK;
	}
	return fail_missing(&s, dataset->name, places, n);
}
