#define _GNU_SOURCE
#include "fuzz/lib/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "fuzz/lib/fuzz.h"
#include "plugin/param.h"

struct inner {
	int64_t n;
	const char *path;
};

struct outer {
	int64_t seed, small;
	double rate, any;
	int32_t on, choice;
	const char *name, *text;
	struct rnf_ints ints;
	struct rnf_floats floats;
	struct rnf_strings strings;
	struct inner model;
};

static const struct rnf_param inner_rows[] = {
	RNF_INT(struct inner, n, 1, 0, 0, "", "any number"),
	RNF_STRING(struct inner, path, "~/x", RNF_PARAM_PATH, "a place"),
};
static const struct rnf_params inner = { sizeof(struct inner), 2, sizeof *inner_rows,
					 inner_rows };

static const char *const words[] = { "same", "valid", NULL };

static const struct rnf_param rows[] = {
	RNF_INT(struct outer, seed, 42, 0, 0x1p53, "", "a seed"),
	RNF_INT(struct outer, small, 1, 1, 8, "pixels", "a small one"),
	RNF_FLOAT(struct outer, rate, 0.5, 0, 1, "", "a share"),
	RNF_FLOAT(struct outer, any, 0, 0, 0, "", "any float"),
	RNF_BOOL(struct outer, on, 0, "a switch"),
	RNF_ENUM(struct outer, choice, "valid", words, "one of them"),
	RNF_STRING(struct outer, name, "run", RNF_PARAM_NAME, "of files"),
	RNF_STRING(struct outer, text, NULL, 0, "any text"),
	RNF_INTS(struct outer, ints, 1, 9, "", "sizes"),
	RNF_FLOATS(struct outer, floats, 0, 1, "", "means"),
	RNF_STRINGS(struct outer, strings, "words"),
	{ .key = "model", .unit = "", .brief = "a group", .type = RNF_TYPE_GROUP,
	  .offset = offsetof(struct outer, model), .group = &inner },
};
static const struct rnf_params outer = { sizeof(struct outer), sizeof rows / sizeof *rows,
					 sizeof *rows, rows };

static char *written(const struct rnf_conf *root)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	rnf_conf_write(root, out);
	fclose(out);
	return text;
}

void fuzz_forget_notices(void)
{
	static FILE *null;
	FILE *const told = stderr;
	if (!null) null = fopen("/dev/null", "w");
	stderr = null;
	rnf_param_notices();
	stderr = told;
}

int fuzz_fill(struct rnf_conf *root)
{
	struct outer o = { 0 };
	const rnf_status status = rnf_param_fill(root, &outer, &o);
	fuzz_forget_notices();
	if (status < 0) return 0;
	fuzz_check(o.small >= 1 && o.small <= 8 && o.rate >= 0 && o.rate <= 1 &&
		   (o.on | 1) == 1 && (o.choice | 1) == 1 && o.name && *o.name,
		   "a value out of its range");
	return 1;
}

void fuzz_write(const struct rnf_conf *root)
{
	struct rnf_conf *again = NULL;
	char *first = written(root);
	const int read = rnf_conf_parse("written", first, &again) >= 0;
	char *second = read ? written(again) : NULL;
	if (!read || strcmp(first, second) != 0)
		fprintf(stderr, "%s\n-----\n%s\n", first, read ? second : rnf_fail_words());
	fuzz_check(read, "what was written is not read");
	fuzz_check(strcmp(first, second) == 0, "what was read is written otherwise");
	free(first);
	free(second);
}
