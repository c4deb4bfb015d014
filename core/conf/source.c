#include "conf/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "conf/conf.h"

#define MAX_FILE_BYTES (1 << 20)
#define MAX_TEXT_BYTES (4 << 20) /* of all files together */
#define MAX_DEPTH 16             /* of nested includes */
#define MAX_INCLUDES 256         /* in total: files that include each other twice grow fast */

/* ---- finding files ---- */

/* Shorten a/b/../c to a/c where that is the same file: for messages. */
static const char *shorten(const char *path)
{
	struct stat was, is;
	char *text = rnf_strndup(path, strlen(path));
	for (char *up; (up = strstr(text, "/../")); ) {
		char *start = up;
		while (start > text && start[-1] != '/') start--;
		if (start == up || !strncmp(start, "../", 3)) break;
		memmove(start, up + 4, strlen(up + 4) + 1);
	}
	const int same = stat(path, &was) == 0 && stat(text, &is) == 0 &&
			 was.st_ino == is.st_ino && was.st_dev == is.st_dev;
	return same ? text : path;
}

static int is_there(const char *path)
{
	return access(path, F_OK) == 0 && !rnf_is_folder(path);
}

static const char *folder_of(const char *from)
{
	const char *slash = from ? strrchr(from, '/') : NULL;
	return slash ? rnf_strndup(from, (size_t)(slash - from)) : ".";
}

static const char *join(const char *folder, const char *name)
{
	if (name[0] == '/' || !strcmp(folder, ".")) return name;
	return rnf_format("%s/%s", folder, name);
}

/* The .cfg file of a folder with the nearest name, or NULL. */
static const char *nearest_file(const char *name, const char *folder)
{
	const char **words = NULL;
	size_t n = 0;
	const char *base = strrchr(name, '/');
	DIR *dir = opendir(folder);
	if (!dir) return NULL;
	for (struct dirent *e; (e = readdir(dir)); ) {
		const size_t length = strlen(e->d_name);
		if (!rnf_file_ends(e->d_name, ".cfg")) continue;
		*(const char **)rnf_push((void **)&words, &n, sizeof *words) =
			rnf_strndup(e->d_name, length);
	}
	closedir(dir);
	base = base ? base + 1 : name;
	if (!strstr(base, ".cfg")) base = rnf_format("%s.cfg", base);
	return rnf_nearest(base, words, n);
}

static rnf_status not_found(const char *name, const char *here, const char *conf_dir)
{
	const char *near = nearest_file(name, folder_of(here));
	const char *other = conf_dir ? join(conf_dir, name) : here;
	if (rnf_is_folder(here))
		return rnf_fail(RNF_EINVAL, "%s is a folder; a conf is a file", here);
	if (!near && conf_dir) near = nearest_file(name, folder_of(other));
	return rnf_fail(RNF_ENOENT, "there is no conf %s%s%s%s%s%s%s", here,
			strcmp(here, other) ? " and no " : "",
			strcmp(here, other) ? other : "",
			near ? " (did you mean \"" : "", near ? near : "",
			near ? "\"?)" : "",
			conf_dir && access(conf_dir, F_OK) != 0
			? "; the folder of the program's own confs was not found: is this "
			  "program a copy?" : "");
}

rnf_status rnf_source_find(const char *name, const char *from,
			   const char *conf_dir, const char **path)
{
	const char *here = join(folder_of(from), name);
	const char *const tries[] = {
		here,
		from ? NULL : rnf_format("%s.cfg", here),
		conf_dir ? join(conf_dir, name) : NULL,
		from || !conf_dir ? NULL : rnf_format("%s.cfg", join(conf_dir, name)),
	};
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
		if (tries[i] && is_there(tries[i])) {
			*path = shorten(tries[i]);
			return RNF_OK;
		}
	return not_found(name, here, conf_dir);
}

/* ---- reading them ---- */

static rnf_status read_open(int fd, const char *path, char **text, size_t *n)
{
	struct stat st;
	ssize_t got = 0;
	if (fstat(fd, &st) < 0) return rnf_fail_input(path);
	if (st.st_size > MAX_FILE_BYTES)
		return rnf_fail(RNF_EINVAL, "%s has %lld bytes, a conf at most %d",
				path, (long long)st.st_size, MAX_FILE_BYTES);
	*text = rnf_alloc((size_t)st.st_size + 1);
	for (*n = 0; *n < (size_t)st.st_size; *n += (size_t)got) {
		got = read(fd, *text + *n, (size_t)st.st_size - *n);
		if (got < 0)
			return rnf_fail_input(path);
		if (got == 0) break;
	}
	if (memchr(*text, 0, *n))
		return rnf_fail(RNF_EINVAL, "%s is not text: it has zero bytes", path);
	return RNF_OK;
}

static rnf_status read_file(const char *path, char **text, size_t *n)
{
	int fd;
	RNF_TRY(rnf_file_open(path, O_RDONLY, &fd));
	const rnf_status status = read_open(fd, path, text, n);
	close(fd);
	return status;
}

/* ---- includes ---- */

const char *rnf_source_skip(const char *p, const char *end, enum rnf_source_state *state)
{
	if (*state == RNF_SOURCE_PLAIN) {
		if (*p == '#' || (*p == '/' && p + 1 < end && p[1] == '/')) {
			const char *line = memchr(p, '\n', (size_t)(end - p));
			return line ? line : end;
		}
		if (*p == '"') *state = RNF_SOURCE_STRING, p++;
		else if (*p == '/' && p + 1 < end && p[1] == '*') *state = RNF_SOURCE_COMMENT, p += 2;
		else return p;
	}
	for (; p < end; p++) {
		if (*state == RNF_SOURCE_STRING && *p == '\\') {
			p++;
		} else if (*state == RNF_SOURCE_STRING ? *p == '"'
					    : *p == '*' && p + 1 < end && p[1] == '/') {
			p += *state == RNF_SOURCE_STRING ? 1 : 2;
			*state = RNF_SOURCE_PLAIN;
			return p;
		}
	}
	return end;
}

static enum rnf_source_state state_after(const char *p, const char *end, enum rnf_source_state state)
{
	while (p < end) {
		const char *next = rnf_source_skip(p, end, &state);
		p = next == p ? p + 1 : next;
	}
	return state;
}

struct reader {
	struct rnf_source *out;
	size_t room;
	const char *conf_dir;
	int includes; /* so far */
	/* expands a line `@include "name"`; depth: of its file */
	rnf_status (*include)(struct reader *, const char *name, const char *path,
			      int number, int depth);
};

static rnf_status append(struct reader *r, const char *line, size_t n,
			 const char *file, int number)
{
	struct rnf_source *out = r->out;
	if (out->n + n + 2 > MAX_TEXT_BYTES)
		return rnf_fail(RNF_EINVAL, "%s:%d: with all its includes the conf "
				"has more than %d bytes", file, number, MAX_TEXT_BYTES);
	if (out->n + n + 2 > r->room) {
		char *larger = rnf_alloc(r->room = 2 * (out->n + n + 2));
		if (out->n) memcpy(larger, out->text, out->n);
		out->text = larger;
	}
	memcpy(out->text + out->n, line, n);
	out->n += n;
	out->text[out->n++] = '\n';
	*(struct rnf_source_line *)rnf_push((void **)&out->lines, &out->n_lines,
		sizeof *out->lines) = (struct rnf_source_line){ file, number };
	return RNF_OK;
}

/* The path in a line `@include "path"`, alone except for a comment; NULL: another line;
 * "" when it is ill-formed. */
static const char *include_of(const char *line, const char *end)
{
	while (line < end && (*line == ' ' || *line == '\t')) line++;
	if (end - line < 8 || strncmp(line, "@include", 8)) return NULL;
	line += 8;
	while (line < end && (*line == ' ' || *line == '\t')) line++;
	const char *close = line < end && *line == '"'
		? memchr(line + 1, '"', (size_t)(end - line - 1)) : NULL;
	if (!close) return "";
	const char *rest = close + 1;
	while (rest < end && strchr(" \t\r", *rest)) rest++;
	if (rest < end && *rest != '#' && strncmp(rest, "//", 2)) return "";
	return rnf_strndup(line + 1, (size_t)(close - line - 1));
}

static rnf_status expand(struct reader *r, const char *path, int depth);

static rnf_status no_include(struct reader *r, const char *name, const char *path,
			     int number, int depth)
{
	(void)r, (void)name, (void)depth;
	return rnf_fail(RNF_EINVAL, "%s:%d: this conf is part of another file and "
			"may include none", path, number);
}

static rnf_status include_file(struct reader *r, const char *name, const char *path,
			  int number, int depth)
{
	const char *file = NULL;
	rnf_status status;
	if (!name[0])
		return rnf_fail(RNF_EINVAL, "%s:%d: an include stands alone on its "
				"line: @include \"path\"", path, number);
	if (depth == MAX_DEPTH)
		return rnf_fail(RNF_EINVAL, "%s:%d: includes are more than %d deep: "
				"a file that includes itself?", path, number, MAX_DEPTH);
	if (r->includes++ == MAX_INCLUDES)
		return rnf_fail(RNF_EINVAL, "%s:%d: the conf has more than %d includes",
				path, number, MAX_INCLUDES);
	status = rnf_source_find(name, path, r->conf_dir, &file);
	if (status < 0) return rnf_fail_in(status, "%s:%d: ", path, number);
	return expand(r, file, depth + 1);
}

static rnf_status expand_text(struct reader *r, const char *path, int depth,
			      const char *text, size_t n)
{
	enum rnf_source_state state = RNF_SOURCE_PLAIN;
	int number = 0;
	/* the byte order mark of some editors */
	const size_t mark = n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
	for (const char *line = text + mark; line < text + n; ) {
		const char *end = memchr(line, '\n', (size_t)(text + n - line));
		if (!end) end = text + n;
		const char *name = state == RNF_SOURCE_PLAIN ? include_of(line, end) : NULL;
		number++;
		if (name) RNF_TRY(r->include(r, name, path, number, depth));
		else RNF_TRY(append(r, line, (size_t)(end - line), path, number));
		state = name ? RNF_SOURCE_PLAIN : state_after(line, end, state);
		line = end + 1;
	}
	if (state == RNF_SOURCE_PLAIN) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s:%d: the file ends inside a %s", path, number,
			state == RNF_SOURCE_STRING ? "string" : "comment");
}

static rnf_status expand(struct reader *r, const char *path, int depth)
{
	char *text = NULL;
	size_t n = 0;
	RNF_TRY(read_file(path, &text, &n));
	return expand_text(r, path, depth, text, n);
}

static void close_text(struct rnf_source *source)
{
	if (!source->text) source->text = rnf_alloc(2);
	source->text[source->n] = 0;
	source->written = source->text;
}

rnf_status rnf_source_read(const char *path, const char *conf_dir,
			   struct rnf_source *source)
{
	struct reader r = { .out = source, .conf_dir = conf_dir, .include = include_file };
	*source = (struct rnf_source){ 0 };
	RNF_TRY(expand(&r, path, 0));
	close_text(source);
	return RNF_OK;
}

rnf_status rnf_source_text(const char *name, const char *text, struct rnf_source *source)
{
	struct reader r = { .out = source, .include = no_include };
	const size_t n = strlen(text);
	*source = (struct rnf_source){ 0 };
	if (n > MAX_FILE_BYTES)
		return rnf_fail(RNF_EINVAL, "%s has %zu bytes, a conf at most %d", name, n,
				MAX_FILE_BYTES);
	RNF_TRY(expand_text(&r, name, 0, text, n));
	close_text(source);
	return RNF_OK;
}

const char *rnf_source_words(const struct rnf_source *source, int line)
{
	const char *p = source->written;
	for (int i = 1; i < line && p; i++) {
		p = strchr(p, '\n');
		if (p) p++;
	}
	return p ? rnf_conf_trimmed(p, strcspn(p, "\n")) : "";
}

struct rnf_source_line rnf_source_place(const struct rnf_source *source, int line)
{
	if (source->n_lines == 0) return (struct rnf_source_line){ "conf", 0 };
	size_t i = line > 0 ? (size_t)line - 1 : 0;
	if (i >= source->n_lines) i = source->n_lines - 1;
	return source->lines[i];
}
