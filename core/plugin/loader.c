/* The only file that calls dlopen. A plugin file is not trusted before its descriptor is
 * checked; once loaded it stays until exit. */
#define _GNU_SOURCE
#include "plugin/loader.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/floats.h"
#include "base/running.h"
#include "base/status.h"
#include "base/text.h"
#include "base/isolate.h"
#include "conf/conf.h"
#include "plugin/descriptor.h"
#include "plugin/elf.h"

enum { TRY_S = 10 };

struct entry {
	const char *file;
	const struct rnf_plugin *plugin;
	const struct rnf_feature *feature;
};

/* A file that was loaded and refused stays refused: loaded a second time it would run no
 * constructor, and look innocent. A file that could not be loaded is tried again, since
 * the cause may be gone. */
struct refusal {
	const char *file, *words;
};

struct words {
	const char **at;
	size_t n;
};

static const char **dirs;
static size_t n_dirs;
static struct entry *entries;
static size_t n_entries;
static struct refusal *refusals;
static size_t n_refusals;

/* ---- what is remembered, in the program's memory, whoever asked for it ---- */

void rnf_loader_path(const char *dir)
{
	struct rnf_arena *before = rnf_arena_use(NULL);
	*(const char **)rnf_push((void **)&dirs, &n_dirs, sizeof *dirs) =
		rnf_strndup(dir, strlen(dir));
	rnf_arena_use(before);
}

const char *rnf_loader_self(void)
{
	Dl_info info;
	char path[PATH_MAX];
	return dladdr((const void *)rnf_loader_self, &info) && realpath(info.dli_fname, path)
		? rnf_strndup(path, sizeof path) : NULL;
}

static void remember_entry(struct entry entry)
{
	struct rnf_arena *before = rnf_arena_use(NULL);
	entry.file = rnf_strndup(entry.file, strlen(entry.file));
	*(struct entry *)rnf_push((void **)&entries, &n_entries, sizeof entry) = entry;
	rnf_arena_use(before);
}

static void remember_refusal(const char *file)
{
	struct rnf_arena *before = rnf_arena_use(NULL);
	*(struct refusal *)rnf_push((void **)&refusals, &n_refusals, sizeof *refusals) =
		(struct refusal){ rnf_strndup(file, strlen(file)),
				  rnf_format("%s", rnf_fail_words()) };
	rnf_arena_use(before);
}

/* ---- one file ---- */

static rnf_status open_file(const char *file, void **library)
{
	const unsigned before = rnf_float_mode(), plain = rnf_float_mode_plain();
	/* with a slash, or dlopen would search the system's path */
	const char *path = strchr(file, '/') ? file : rnf_format("./%s", file);
	/* Some libraries change the float mode when they are loaded, which would change
	 * every result. We detect it best from a mode that none of them sets. */
	rnf_float_mode_put(plain);
	errno = 0;
	*library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	const unsigned after = rnf_float_mode();
	rnf_float_mode_put(before);
	if (!*library) {
		const rnf_status status = rnf_errno_status(RNF_EINVAL);
		const char *reason = dlerror();
		return rnf_fail(status, "%s cannot be loaded: %s", file,
				reason ? reason : "no reason given");
	}
	if (after == plain) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s changes the floating-point mode when it is "
			"loaded (built with -ffast-math?)", file);
}

/* Whoever can write there could make the program run any code. */
static rnf_status check_writers(const char *path)
{
	struct stat at;
	if (stat(path, &at) != 0 || !(at.st_mode & S_IWOTH)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s is writable by everybody (mode %03o), so its plugins may "
			"be anybody's: chmod o-w '%s'", path, at.st_mode & 07777u, path);
}

/* Check KIND/NAME.so and the two folders above it. */
static rnf_status check_place(const char *file)
{
	const char *name = strrchr(file, '/');
	const char *folder = rnf_strndup(file, (size_t)(name - file));
	const char *kind = strrchr(folder, '/');
	RNF_TRY(check_writers(rnf_strndup(folder, (size_t)(kind - folder))));
	RNF_TRY(check_writers(folder));
	return check_writers(file);
}

/* The first code of a plugin that runs. *library NULL: it was not loaded. */
static rnf_status enter(const char *file, void **library, const struct rnf_plugin **plugin)
{
	const struct rnf_plugin *(*get)(void);
	RNF_TRY(open_file(file, library));
	*(void **)&get = dlsym(*library, "rnf_plugin_entry");
	if (!get)
		return rnf_fail(RNF_EINVAL, "%s is not an rnframe plugin: it has no "
				"rnf_plugin_entry", file);
	*plugin = get();
	return RNF_OK;
}

static rnf_status load_new(const char *file, const char *kind, const char *name,
			   void **library, struct entry *entry)
{
	const struct rnf_plugin *plugin = NULL;
	RNF_TRY(check_place(file));
	RNF_TRY(rnf_elf_check(file));
	const char *before = rnf_running_doing(rnf_format("%s, which is being loaded", file));
	const rnf_status status = enter(file, library, &plugin);
	rnf_running_doing(before);
	RNF_TRY(status);
	RNF_TRY(rnf_descriptor_check(plugin, file));
	for (uint32_t i = 0; i < plugin->n_features; i++) {
		const struct rnf_feature *f = &plugin->features[i];
		if (strcmp(f->kind, kind) || strcmp(f->name, name)) continue;
		*entry = (struct entry){ file, plugin, f };
		return RNF_OK;
	}
	return rnf_fail(RNF_EINVAL, "%s holds %s.%s; file and folder must be called "
			"as its kind and name", file, plugin->features[0].kind,
			plugin->features[0].name);
}

static rnf_status load(const char *file, const char *kind, const char *name,
		       struct entry *entry)
{
	for (size_t i = 0; i < n_refusals; i++)
		if (!strcmp(refusals[i].file, file))
			return rnf_fail_again(RNF_EINVAL, refusals[i].words);
	void *library = NULL;
	const rnf_status status = load_new(file, kind, name, &library, entry);
	if (status < 0 && library) remember_refusal(file);
	return status;
}

/* ---- the path ---- */

static int has(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++)
		if (!strcmp(words->at[i], word)) return 1;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Add the names in a folder that end in `suffix`, without it, each once; a missing folder
 * has none. */
static rnf_status scan(const char *folder, const char *suffix, struct words *words)
{
	const size_t tail = strlen(suffix);
	DIR *dir = opendir(folder);
	if (!dir && errno == ENOMEM) rnf_no_memory(0);
	if (!dir) return errno == ENOENT || errno == ENOTDIR ? RNF_OK : rnf_fail_input(folder);
	for (struct dirent *e; (e = readdir(dir)); ) {
		const size_t n = strlen(e->d_name);
		if (n <= tail || strcmp(e->d_name + n - tail, suffix)) continue;
		const char *word = rnf_strndup(e->d_name, n - tail);
		if (!rnf_descriptor_is_name(word) || has(words, word)) continue;
		*(const char **)rnf_push((void **)&words->at, &words->n,
					 sizeof *words->at) = word;
	}
	closedir(dir);
	if (words->n) qsort(words->at, words->n, sizeof *words->at, compare);
	return RNF_OK;
}

/* All that can be read; the status is that of the last folder that could not. */
static rnf_status scan_kind(const char *kind, struct words *words)
{
	rnf_status status = RNF_OK;
	for (size_t i = 0; i < n_dirs; i++) {
		const rnf_status one = scan(rnf_format("%s/%s", dirs[i], kind), ".so", words);
		if (one < 0) status = one;
	}
	return status;
}

static struct words names_of(const char *kind)
{
	struct words words = { NULL, 0 };
	scan_kind(kind, &words);
	return words;
}

/* The kinds of "layer|block", in that order. */
static struct words split_kinds(const char *kinds)
{
	struct words words = { NULL, 0 };
	while (*kinds) {
		const size_t n = strcspn(kinds, "|");
		*(const char **)rnf_push((void **)&words.at, &words.n,
					 sizeof *words.at) = rnf_strndup(kinds, n);
		kinds += n + (kinds[n] == '|');
	}
	return words;
}

static const char *enumerate(const struct words *words, const char *between)
{
	struct rnf_list list = { 0 };
	for (size_t i = 0; i < words->n; i++)
		rnf_list_add(&list, between, words->at[i]);
	return rnf_list_text(&list, "");
}

/* What the build wrote where it left a plugin out: the missing packages, "" when it does
 * not say; NULL: there is no such file. */
static const char *left_out(const char *kind, const char *name)
{
	char line[256] = "";
	for (size_t i = 0; rnf_descriptor_is_name(name) && i < n_dirs; i++) {
		FILE *f = fopen(rnf_format("%s/%s/%s.missing", dirs[i], kind, name), "re");
		if (!f) continue;
		if (!fgets(line, sizeof line, f)) line[0] = 0;
		fclose(f);
		return rnf_conf_trimmed(line, strlen(line));
	}
	return NULL;
}

static rnf_status check_built(const struct words *kinds, const char *name)
{
	for (size_t k = 0; k < kinds->n; k++) {
		const char *packages = left_out(kinds->at[k], name);
		if (!packages) continue;
		return rnf_fail(RNF_ENOENT, "plugin %s \"%s\" was left out when rnframe "
				"was built: install the development package of %s and "
				"run make again", kinds->at[k], name,
				packages[0] ? packages : "what it needs");
	}
	return RNF_OK;
}

/* Stops at the first folder that holds a plugin. */
static int has_any(void)
{
	struct words kinds = { NULL, 0 };
	for (size_t i = 0; i < n_dirs; i++)
		scan(dirs[i], "", &kinds);
	for (size_t i = 0; i < kinds.n; i++)
		if (names_of(kinds.at[i]).n > 0) return 1;
	return 0;
}

rnf_status rnf_loader_any(void)
{
	const struct words looked = { dirs, n_dirs };
	if (has_any()) return RNF_OK;
	return rnf_fail(RNF_ENOENT, "there are no plugins at all: looked in %s; a copy of the "
			"program needs --plugin-path DIR", n_dirs ? enumerate(&looked, ", ")
			: "no folder, since the program's own was not found");
}

static rnf_status not_found(const struct words *kinds, const char *name)
{
	struct words all = { NULL, 0 }, looked = { NULL, 0 };
	for (size_t k = 0; k < kinds->n; k++)
		for (size_t i = 0; i < n_dirs; i++) {
			const char *folder = rnf_format("%s/%s", dirs[i], kinds->at[k]);
			scan(folder, ".so", &all);
			*(const char **)rnf_push((void **)&looked.at, &looked.n,
						 sizeof *looked.at) = folder;
		}
	const char *near = rnf_nearest(name, all.at, all.n);
	if (all.n == 0) RNF_TRY(rnf_loader_any());
	return rnf_fail(RNF_ENOENT, "there is no %s %s%s%s%s; looked in %s",
			enumerate(kinds, " or "), rnf_text_quoted(name),
			near ? " (did you mean \"" : "", near ? near : "",
			near ? "\"?)" : "",
			looked.n ? enumerate(&looked, ", ") : "no folder at all");
}

static const struct entry *loaded(const char *kind, const char *name)
{
	for (size_t i = 0; i < n_entries; i++)
		if (!strcmp(entries[i].feature->kind, kind) &&
		    !strcmp(entries[i].feature->name, name))
			return &entries[i];
	return NULL;
}

/* The first file of that name along the path; NULL: none. A dangling link counts as a
 * file and is refused. */
static const char *file_of(const char *kind, const char *name)
{
	struct stat at;
	for (size_t i = 0; i < n_dirs; i++) {
		const char *file = rnf_format("%s/%s/%s.so", dirs[i], kind, name);
		if (lstat(file, &at) == 0) return file;
	}
	return NULL;
}

/* RNF_OK with *feature NULL: there is no such file. */
static rnf_status find_one(const char *kind, const char *name,
			   const struct rnf_feature **feature, const char **file)
{
	const struct entry *known = loaded(kind, name);
	struct entry entry = { 0 };
	*feature = known ? known->feature : NULL;
	if (known) return RNF_OK;
	*file = file_of(kind, name);
	if (!*file) return RNF_OK;
	RNF_TRY(load(*file, kind, name, &entry));
	remember_entry(entry);
	*feature = entry.feature;
	return RNF_OK;
}

/* ---- plugins tried in a child ---- */

struct attempt {
	const char *kind;
	struct words names;
};

/* In the child. Failures with a message happen in the parent too and need no child. */
static rnf_status try_all(const void *context)
{
	const struct attempt *t = context;
	struct entry entry;
	for (size_t i = 0; i < t->names.n; i++) {
		const char *file = file_of(t->kind, t->names.at[i]);
		if (file && !loaded(t->kind, t->names.at[i]))
			load(file, t->kind, t->names.at[i], &entry);
	}
	return RNF_OK;
}

void rnf_loader_try(const char *kind, const char *name)
{
	struct attempt all = { kind, { &name, 1 } };
	if (name && !rnf_descriptor_is_name(name)) return;
	if (!name) all.names = names_of(kind);
	if (rnf_isolate(try_all, &all, TRY_S) >= 0) return;
	for (size_t i = 0; i < all.names.n; i++) { /* which one was it? */
		const struct attempt one = { kind, { &all.names.at[i], 1 } };
		const rnf_status status = rnf_isolate(try_all, &one, TRY_S);
		const char *file = file_of(kind, all.names.at[i]);
		if (status != RNF_EPLUGIN || !file) continue;
		rnf_fail_in(status, "%s cannot be loaded: it ", file);
		remember_refusal(file);
	}
}

rnf_status rnf_loader_find(const char *kinds, const char *name,
			   const struct rnf_feature **feature)
{
	const struct words list = split_kinds(kinds);
	const char *file = NULL;
	*feature = NULL;
	for (size_t i = 0; rnf_descriptor_is_name(name) && i < list.n; i++) {
		RNF_TRY(find_one(list.at[i], name, feature, &file));
		if (*feature) return RNF_OK;
	}
	RNF_TRY(check_built(&list, name));
	return not_found(&list, name);
}

static rnf_status list(const char *kind, const struct words *names,
		       const struct rnf_feature **features, size_t *n,
		       void (*refused)(const char *file, const char *reason))
{
	rnf_status hurt = RNF_OK;
	const char *words = "";
	*n = 0;
	for (size_t i = 0; i < names->n; i++) {
		const struct rnf_feature *f = NULL;
		const char *file = "";
		const rnf_status status = find_one(kind, names->at[i], &f, &file);
		if (f) features[(*n)++] = f;
		if (status < 0 && refused) refused(file, rnf_fail_line());
		if (status != RNF_EIO && status != RNF_ENOMEM) continue;
		hurt = status;
		words = rnf_format("%s", rnf_fail_words());
	}
	return hurt < 0 ? rnf_fail(hurt, "%s", words) : RNF_OK;
}

size_t rnf_loader_list(const char *kind, const struct rnf_feature ***features,
		       void (*refused)(const char *file, const char *reason))
{
	const struct words names = names_of(kind);
	size_t n;
	*features = rnf_alloc((names.n + 1) * sizeof **features);
	list(kind, &names, *features, &n, refused);
	return n;
}

rnf_status rnf_loader_all(const char *kind, const struct rnf_feature ***features, size_t *n)
{
	struct words names = { NULL, 0 };
	RNF_TRY(scan_kind(kind, &names));
	*features = rnf_alloc((names.n + 1) * sizeof **features);
	return list(kind, &names, *features, n, NULL);
}

size_t rnf_loader_kinds(const char ***kinds)
{
	struct words words = { NULL, 0 };
	size_t n = 0;
	for (size_t i = 0; i < n_dirs; i++)
		scan(dirs[i], "", &words);
	for (size_t i = 0; i < words.n; i++) /* folders that hold no plugin do not count */
		if (names_of(words.at[i]).n > 0) words.at[n++] = words.at[i];
	*kinds = words.at;
	return n;
}

size_t rnf_loader_loaded(const struct rnf_feature ***features)
{
	*features = rnf_alloc((n_entries + 1) * sizeof **features);
	for (size_t i = 0; i < n_entries; i++)
		(*features)[i] = entries[i].feature;
	return n_entries;
}

static const struct entry *entry_of(const struct rnf_feature *feature)
{
	for (size_t i = 0; i < n_entries; i++)
		if (entries[i].feature == feature) return &entries[i];
	return NULL;
}

const char *rnf_loader_file(const struct rnf_feature *feature)
{
	const struct entry *entry = entry_of(feature);
	return entry ? entry->file : NULL;
}

const struct rnf_plugin *rnf_loader_plugin(const struct rnf_feature *feature)
{
	const struct entry *entry = entry_of(feature);
	return entry ? entry->plugin : NULL;
}
