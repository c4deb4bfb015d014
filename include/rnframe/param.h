/* Typed parameters: a plugin describes its configuration as a table, and the
 * core fills the plugin's struct from the conf before any plugin code runs.
 *
 *   struct conf { double alpha; int64_t warmup; const struct rnf_ref *act; };
 *   static const struct rnf_params params = RNF_PARAMS(struct conf,
 *       RNF_FLOAT(struct conf, alpha, 0.4, 0, 10, "", "of the Beta distribution"),
 *       RNF_INT(struct conf, warmup, 5, 0, 100000, "epochs", "before the cosine"),
 *       RNF_REF(struct conf, act, "activation", "relu", "between the two layers"));
 *
 * The core fills defaults, refuses unknown keys, wrong types, NaN and values out
 * of range (file:line, key path, what is allowed, the nearest name), and makes
 * `inspect` and the reference from the same rows. Strings, arrays and refs live
 * as long as the plugin's instance and belong to the core. */
#ifndef RNFRAME_PARAM_H
#define RNFRAME_PARAM_H

#include <rnframe/abi.h>

enum rnf_type {
	RNF_TYPE_BOOL,   /* int32_t, 0 or 1 */
	RNF_TYPE_INT,    /* int64_t */
	RNF_TYPE_FLOAT,  /* double; the conf may say 1 for 1.0 */
	RNF_TYPE_STRING, /* const char *, NULL when absent without a default */
	RNF_TYPE_ENUM,   /* int32_t, index into `choices` */
	RNF_TYPE_INTS,   /* struct rnf_ints */
	RNF_TYPE_FLOATS, /* struct rnf_floats */
	RNF_TYPE_STRINGS,/* struct rnf_strings */
	RNF_TYPE_REF,    /* const struct rnf_ref *: another feature, or NULL */
	RNF_TYPE_REFS,   /* struct rnf_refs: a list of features */
	RNF_TYPE_GROUP,  /* a struct in place, with a table of its own (core only) */
	RNF_TYPE_GROUPS, /* struct rnf_groups: a list of such groups (core only) */
};

enum {
	RNF_PARAM_REQUIRED = 1, /* no default: the conf must set it */
	RNF_PARAM_PATH = 2,     /* a file or folder; a leading ~/ is expanded */
	RNF_PARAM_ROLE = 4,     /* model only: the key is a layer type by itself */
	RNF_PARAM_NAME = 8,     /* a text that becomes part of file and tensor names */
};

/* A feature chosen by the conf, with its own configuration filled and checked; opaque to
 * plugins, which pass it on (graph->use, initializer of a weight). */
struct rnf_ref;

struct rnf_ints { const int64_t *at; size_t n; };
struct rnf_floats { const double *at; size_t n; };
struct rnf_strings { const char *const *at; size_t n; };
struct rnf_refs { const struct rnf_ref *const *at; size_t n; };
struct rnf_groups { const void *at; size_t n; }; /* an array of the rows' structs */

struct rnf_param {
	const char *key, *unit, *brief;
	uint32_t type, flags;
	size_t offset;              /* of the member in the struct that is filled */
	double min, max, number;    /* range and default of BOOL, INT, FLOAT, INTS, FLOATS */
	const char *text;           /* default of STRING, ENUM, REF: as in a conf; or NULL */
	const char *const *choices; /* ENUM: words. NULL-terminated */
	const char *kinds;          /* REF, REFS: kinds separated by '|' */
	const struct rnf_params *group; /* GROUP, GROUPS: the table of the struct inside */
};

struct rnf_params {
	size_t conf_size; /* of the struct that the rows describe */
	size_t n, stride; /* rows, and bytes from one to the next */
	const struct rnf_param *rows;
};

/* A table of the rows given, for a struct of type T. */
#define RNF_PARAMS(T, ...)                                                      \
	{                                                                       \
		sizeof(T),                                                      \
		sizeof((const struct rnf_param[]){__VA_ARGS__}) /               \
			sizeof(struct rnf_param),                               \
		sizeof(struct rnf_param), (const struct rnf_param[]){__VA_ARGS__} \
	}

/* offsetof, and a compile error unless the member has the C type of the row. */
#define RNF_AT(T, member, ctype)                                        \
	(offsetof(T, member) +                                          \
	 0 * sizeof(char[_Generic(((T *)0)->member, ctype : 1)]))

#define RNF_ROW(k, u, b, t, f, o, ...)                                       \
	{                                                                    \
		.key = k, .unit = u, .brief = b, .type = t, .flags = f,      \
		.offset = o, __VA_ARGS__                                     \
	}
#define RNF_BOOL(T, m, def, doc)                                             \
	RNF_ROW(#m, "", doc, RNF_TYPE_BOOL, 0, RNF_AT(T, m, int32_t),        \
		.max = 1, .number = def)
#define RNF_INT(T, m, def, lo, hi, unit_, doc)                               \
	RNF_ROW(#m, unit_, doc, RNF_TYPE_INT, 0, RNF_AT(T, m, int64_t),      \
		.min = lo, .max = hi, .number = def)
#define RNF_INT_REQUIRED(T, m, lo, hi, unit_, doc)                           \
	RNF_ROW(#m, unit_, doc, RNF_TYPE_INT, RNF_PARAM_REQUIRED,            \
		RNF_AT(T, m, int64_t), .min = lo, .max = hi)
#define RNF_FLOAT(T, m, def, lo, hi, unit_, doc)                             \
	RNF_ROW(#m, unit_, doc, RNF_TYPE_FLOAT, 0, RNF_AT(T, m, double),     \
		.min = lo, .max = hi, .number = def)
#define RNF_STRING(T, m, def, flags_, doc)                                   \
	RNF_ROW(#m, "", doc, RNF_TYPE_STRING, flags_,                        \
		RNF_AT(T, m, const char *), .text = def)
#define RNF_ENUM(T, m, def, words, doc)                                      \
	RNF_ROW(#m, "", doc, RNF_TYPE_ENUM, 0, RNF_AT(T, m, int32_t),        \
		.text = def, .choices = words)
#define RNF_INTS(T, m, lo, hi, unit_, doc)                                   \
	RNF_ROW(#m, unit_, doc, RNF_TYPE_INTS, 0,                            \
		RNF_AT(T, m, struct rnf_ints), .min = lo, .max = hi)
#define RNF_FLOATS(T, m, lo, hi, unit_, doc)                                 \
	RNF_ROW(#m, unit_, doc, RNF_TYPE_FLOATS, 0,                          \
		RNF_AT(T, m, struct rnf_floats), .min = lo, .max = hi)
#define RNF_STRINGS(T, m, doc)                                               \
	RNF_ROW(#m, "", doc, RNF_TYPE_STRINGS, 0, RNF_AT(T, m, struct rnf_strings), \
		.text = NULL)
#define RNF_REF(T, m, kinds_, def, doc)                                      \
	RNF_ROW(#m, "", doc, RNF_TYPE_REF, 0,                                \
		RNF_AT(T, m, const struct rnf_ref *), .text = def, .kinds = kinds_)
#define RNF_REF_REQUIRED(T, m, kinds_, doc)                                  \
	RNF_ROW(#m, "", doc, RNF_TYPE_REF, RNF_PARAM_REQUIRED,               \
		RNF_AT(T, m, const struct rnf_ref *), .kinds = kinds_)
#define RNF_REFS(T, m, kinds_, doc)                                          \
	RNF_ROW(#m, "", doc, RNF_TYPE_REFS, 0, RNF_AT(T, m, struct rnf_refs),\
		.kinds = kinds_)

#endif
