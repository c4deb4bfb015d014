/* A conf as a tree that knows where each value was written. conf.c is the only file that
 * includes libconfig: it reads the files itself, expands each @include, applies `base`
 * and `set`, and keeps file and line of every value. */
#ifndef RNF_CONF_CONF_H
#define RNF_CONF_CONF_H

#include <stdio.h>
#include <rnframe/abi.h>

enum rnf_conf_type {
	RNF_CONF_GROUP, /* { key = value; ... } */
	RNF_CONF_LIST,  /* ( value, ... ) and [ value, ... ] */
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
	int stale;            /* written before an override changed `type` */
};

/* Read a conf file (a path, or a bare name that is also searched in conf_dir), with
 * includes, base and set resolved. Lives until exit. Mistakes in literals, keys and
 * overrides are reported together (rnf_fail_all). */
rnf_status rnf_conf_read(const char *path, const char *conf_dir,
			 struct rnf_conf **root);

/* The same for callers that check further: failures of `set` stay put aside, and the
 * status is bad only when there is no tree. */
rnf_status rnf_conf_gather(const char *path, const char *conf_dir,
			   struct rnf_conf **root);

/* The same for a text in memory, such as a weight file carries. The text is not trusted
 * and stands alone: `@include`, `base` and `set` are refused. `name` stands for the file
 * in messages ("w.safetensors"); it must live as long as the tree. */
rnf_status rnf_conf_parse(const char *name, const char *text, struct rnf_conf **root);

/* The child of a group, or NULL. */
struct rnf_conf *rnf_conf_get(const struct rnf_conf *group, const char *key);
/* "model.layers[3].block", for messages. Kept. */
const char *rnf_conf_path(const struct rnf_conf *node);
/* Put the node's place in front of the message: file:line: path: message. */
rnf_status rnf_conf_fail(const struct rnf_conf *node, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text of a string node, else NULL. */
const char *rnf_conf_word(const struct rnf_conf *node);
/* The word that selects an element of a list in a path: its `name`, else its `type` (or a
 * plugin's bare name); or NULL. */
const char *rnf_conf_label(const struct rnf_conf *item, const char *key);

/* The node at a path in an override's syntax ("data.augment.pad.mode"), or NULL. (find.c) */
const struct rnf_conf *rnf_conf_find(const struct rnf_conf *root, const char *path);

/* "conf/a.cfg:41: ", or "" for a node without a place. Kept. */
const char *rnf_conf_place(const struct rnf_conf *node);
/* Append a child (or make a root), and remove it. */
struct rnf_conf *rnf_conf_add(struct rnf_conf *parent, const char *key,
			      enum rnf_conf_type type, const char *file, int line);
void rnf_conf_remove(struct rnf_conf *parent, const struct rnf_conf *child);
/* Turn a plugin's bare name "name" into the group { type = "name"; }. */
void rnf_conf_group(struct rnf_conf *node);
/* Copy the node and its subtree to a new last child (or a root). */
struct rnf_conf *rnf_conf_copy(const struct rnf_conf *node, struct rnf_conf *parent);

/* Apply one override "key.path=value" (override.c). List elements count from 0, or are
 * selected by `name`, else by `type` (two matches fail with a list of the indices). A
 * plugin given as a bare string becomes a group when a key below it is set. "list+=x"
 * appends x, "list.element+=x" inserts x before that element. Missing groups and keys are
 * created, and checked when the tree is filled. Blanks around key, value and list
 * elements are ignored unless quoted; a number has none even in quotes. Messages name
 * `origin` and line ("--set", 0). */
rnf_status rnf_conf_override(struct rnf_conf *root, const char *text,
			     const char *origin, int line);

/* RAW text "[1, 2]", "(1, 2)" or "1, 2" becomes a list of RAW, with or without quotes
 * around the words; a bracket without its partner stays text. */
void rnf_conf_split(struct rnf_conf *node);

/* Strip the blanks around the text, then one pair of quotes. */
const char *rnf_conf_trimmed(const char *text, size_t n);
const char *rnf_conf_unquoted(const char *text);

/* Write the tree as a conf that runs as it is: equal values give equal bytes, wherever
 * they were set. */
void rnf_conf_write(const struct rnf_conf *root, FILE *out);
/* The same as a text. Kept. */
const char *rnf_conf_text(const struct rnf_conf *root);
/* The same with each value's origin in a comment: "# conf/a.cfg:41", "# --set". */
void rnf_conf_write_origins(const struct rnf_conf *root, FILE *out);
const char *rnf_conf_text_origins(const struct rnf_conf *root);
/* One line a value: "train.optimizer.lr = 0.1  # conf/a.cfg:41". */
void rnf_conf_list(const struct rnf_conf *root, FILE *out);

/* Walk two confs together and report each value that differs, with its path; a is NULL
 * where only b has it, and vice versa. A plugin's bare name equals a group with that type
 * only, and 1 equals 1.0. (compare.c) */
typedef void (*rnf_conf_tell)(void *context, const char *path, const struct rnf_conf *a,
			      const struct rnf_conf *b);
void rnf_conf_compare(const struct rnf_conf *a, const struct rnf_conf *b,
		      rnf_conf_tell tell, void *context);
/* A value in a few words; "not set" for NULL. Kept. */
const char *rnf_conf_words(const struct rnf_conf *node);

/* A filled conf as one number, which ignores the order of keys, places, and spellings
 * that compare() treats as equal. Keys for which `skips` returns 1 are left out with
 * their subtrees; NULL: none are. (digest.c) */
uint64_t rnf_conf_digest(const struct rnf_conf *root, int (*skips)(const char *path));

/* The nearest of the n `words` to `wrong` by edit distance, or NULL when none is near. */
const char *rnf_nearest(const char *wrong, const char *const *words, size_t n);

#endif
