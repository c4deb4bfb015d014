/* A conf as a tree that knows where each value was written. conf.c is the only
 * file that sees libconfig: it reads the files itself, puts each @include in
 * its place, applies `base` and `set`, and keeps file and line of every value. */
#ifndef RNF_CONF_CONF_H
#define RNF_CONF_CONF_H

#include <stdio.h>
#include <rnframe/abi.h>

enum rnf_conf_type {
	RNF_CONF_GROUP, /* { key = value; ... } */
	RNF_CONF_LIST,  /* ( value, ... ) and [ value, ... ] alike */
	RNF_CONF_BOOL, RNF_CONF_INT, RNF_CONF_FLOAT, RNF_CONF_STRING,
	RNF_CONF_RAW,   /* text of an override, typed later by the parameter's row */
};

struct rnf_conf {
	enum rnf_conf_type type;
	const char *key;      /* NULL in lists and at the root */
	const char *file;     /* "conf/a.cfg", or "--set" */
	int line;             /* 0: none */
	int64_t i;            /* BOOL, INT */
	double f;             /* FLOAT */
	const char *s;        /* STRING, RAW */
	struct rnf_conf *parent;
	struct rnf_conf **at; /* GROUP, LIST */
	size_t n;
	int retyped;          /* an override changed `type`: stale keys are dropped */
	int stale;            /* stood here before an override changed `type` */
};

/* Read a conf file (path, or a bare name also looked up in conf_dir), with
 * includes, base and set resolved. Lives until exit. Mistakes in literals, keys
 * and overrides are told together (rnf_fail_all). */
rnf_status rnf_conf_read(const char *path, const char *conf_dir,
			 struct rnf_conf **root);

/* The same for callers that look for more mistakes: those of `set` stay put aside,
 * and the status is bad only where there is no tree. */
rnf_status rnf_conf_gather(const char *path, const char *conf_dir,
			   struct rnf_conf **root);

/* The same of a text in memory, as a file of weights carries one: it stands for
 * itself, so `@include`, `base` and `set` are refused. Not trusted. `name` is
 * what messages call it ("w.safetensors"); it must live as long as the tree. */
rnf_status rnf_conf_parse(const char *name, const char *text, struct rnf_conf **root);

/* The child of a group, or NULL. */
struct rnf_conf *rnf_conf_get(const struct rnf_conf *group, const char *key);
/* "model.layers[3].block": for messages. Static storage per call, kept. */
const char *rnf_conf_path(const struct rnf_conf *node);
/* Keep words with the node's place in front: file:line: path: words. */
rnf_status rnf_conf_fail(const struct rnf_conf *node, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text of a node that is one, else NULL. */
const char *rnf_conf_word(const struct rnf_conf *node);
/* What an element of a list is called by: its `name`, or its `type`, which a plugin's bare
 * name is too; or NULL. */
const char *rnf_conf_label(const struct rnf_conf *item, const char *key);

/* The node at a path as overrides have it ("data.augment.pad.mode"), or NULL. (find.c) */
const struct rnf_conf *rnf_conf_find(const struct rnf_conf *root, const char *path);

/* "conf/a.cfg:41: ", or "" for a node that stands nowhere. Kept. */
const char *rnf_conf_place(const struct rnf_conf *node);
/* A new last child (or a node of its own), and its removal. */
struct rnf_conf *rnf_conf_add(struct rnf_conf *parent, const char *key,
			      enum rnf_conf_type type, const char *file, int line);
void rnf_conf_remove(struct rnf_conf *parent, const struct rnf_conf *child);
/* "name" becomes { type = "name"; }: a plugin's bare name a group. */
void rnf_conf_group(struct rnf_conf *node);
/* The node and all below it once more, as a new last child (or a node of its own). */
struct rnf_conf *rnf_conf_copy(const struct rnf_conf *node, struct rnf_conf *parent);

/* Apply one override "key.path=value" (override.c): list elements count from 0,
 * or go by `name`, else by `type` (two matches: an error that lists the
 * indices); a plugin given as a bare string becomes a group when a key below it
 * is set; "list+=x" puts x at the end of a list, "list.element+=x" before that
 * element; absent groups and keys are made, and checked when filled. Blanks
 * around key, value and the elements of a list do not count, unless quoted;
 * a number has none in quotes either. `origin` is
 * the file and line that messages name ("--set", 0). */
rnf_status rnf_conf_override(struct rnf_conf *root, const char *text,
			     const char *origin, int line);

/* RAW text "[1, 2]", "(1, 2)" or "1, 2" becomes a list of RAW, words with or without
 * quotes; a bracket without its partner stays text. */
void rnf_conf_split(struct rnf_conf *node);

/* Text without the blanks around it, and without the quotes around it. */
const char *rnf_conf_trimmed(const char *text, size_t n);
const char *rnf_conf_unquoted(const char *text);

/* Write the tree as a conf that runs as it is: equal values give equal bytes,
 * wherever they come from. */
void rnf_conf_write(const struct rnf_conf *root, FILE *out);
/* The same as a text. Kept. */
const char *rnf_conf_text(const struct rnf_conf *root);
/* With each value's origin behind it: "# conf/a.cfg:41", "# --set". */
void rnf_conf_write_origins(const struct rnf_conf *root, FILE *out);
const char *rnf_conf_text_origins(const struct rnf_conf *root);
/* A line for each value: "train.optimizer.lr = 0.1  # conf/a.cfg:41". */
void rnf_conf_list(const struct rnf_conf *root, FILE *out);

/* Walk two confs side by side and tell of each value that differs, by its path; a
 * is NULL where only b has it, and the other way round. A plugin's bare name and a
 * group with that type alone are the same, so are 1 and 1.0. (compare.c) */
typedef void (*rnf_conf_tell)(void *context, const char *path, const struct rnf_conf *a,
			      const struct rnf_conf *b);
void rnf_conf_compare(const struct rnf_conf *a, const struct rnf_conf *b,
		      rnf_conf_tell tell, void *context);
/* A value in a few words; "not set" for NULL. Kept. */
const char *rnf_conf_words(const struct rnf_conf *node);

/* What a filled conf says, as one number: the same for any order of keys, places, and
 * spellings that compare() takes for the same. Without the keys that `skips` says, with all
 * below them; NULL: with all. (digest.c) */
uint64_t rnf_conf_digest(const struct rnf_conf *root, int (*skips)(const char *path));

/* The word of `words` (n of them) nearest to `wrong` by edit distance, or NULL
 * when none is near. */
const char *rnf_nearest(const char *wrong, const char *const *words, size_t n);

#endif
