/* A conf of any text, such as a checkpoint carries, is compared with another after both
 * got their defaults: it is refused, or is complete and stays so. */
#include "fuzz/lib/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "fuzz/lib/tables.h"
#include "plugin/loader.h"
#include "plugin/param.h"
#include "train/setup.h"

static const char small[] =
	"model = { layers = ( { type = \"conv2d\"; name = \"c\"; filters = 4; kernel = 3; },\n"
	" { type = \"norm\"; name = \"n\"; }, { type = \"dense\"; name = \"d\"; } ); };\n"
	"data = \"synthetic\";\n"
	"train = { loss = \"crossentropy\"; optimizer = \"sgd\"; scheduler = \"cosine\";\n"
	" metrics = \"accuracy\"; };\n";

static struct rnf_conf *other; /* `small`, with its defaults */

/* All plugins are loaded before the first input, so that the memory of one input can be
 * freed after it. */
static const void *prepare(void)
{
	const char *build = getenv("RNF_BUILD"), **kinds;
	const struct rnf_feature **list;
	rnf_loader_path(rnf_format("%s/plugins", build ? build : "build"));
	const size_t n = rnf_loader_kinds(&kinds);
	for (size_t i = 0; i < n; i++)
		rnf_loader_list(kinds[i], &list, NULL);
	fuzz_check(rnf_conf_parse("small", small, &other) >= 0 &&
		   rnf_config_expand(other) >= 0, rnf_fail_words());
	return rnf_arena_mark();
}

static void count(void *context, const char *path, const struct rnf_conf *a,
		  const struct rnf_conf *b)
{
	fuzz_check(path[0] && (a || b), "a difference of nothing");
	fuzz_check(*rnf_conf_words(a) && *rnf_conf_words(b), "a value without words");
	++*(int *)context;
}

static int differences(const struct rnf_conf *a, const struct rnf_conf *b)
{
	int n = 0;
	rnf_conf_compare(a, b, count, &n);
	return n;
}

static void check(struct rnf_conf *root)
{
	struct rnf_conf *whole = rnf_conf_copy(root, NULL);
	fuzz_check(!differences(root, whole), "a copy differs");
	fuzz_check(differences(root, other) == differences(other, root),
		   "differences have a direction");
	const int good = rnf_config_expand(whole) >= 0;
	fuzz_forget_notices();
	if (!good) {
		fuzz_check(rnf_fail_words()[0] != 0, "refused without words");
		return;
	}
	const char *text = rnf_conf_text(whole);
	fuzz_check(rnf_config_expand(whole) >= 0, "what is whole is refused");
	fuzz_check(!strcmp(rnf_conf_text(whole), text), "what is whole has grown");
	fuzz_check(differences(whole, other) == differences(other, whole),
		   "differences have a direction");
	fuzz_write(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const void *mark;
	struct rnf_conf *root = NULL;
	if (!mark) mark = prepare();
	if (rnf_conf_parse("input", rnf_strndup((const char *)data, n), &root) >= 0) check(root);
	rnf_arena_release(mark);
	return 0;
}
