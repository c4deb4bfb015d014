/* Lines of key.path=value, as --set takes them, change a tree or are refused. */
#define _GNU_SOURCE
#include "fuzz/lib/fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "conf/conf.h"
#include "fuzz/lib/tables.h"

static const char start[] =
	"name = \"a\"; seed = 7; rate = 0.25; ints = [1, 2]; strings = (\"x\", \"y\");\n"
	"model = { n = 3; layers = ( { type = \"conv\"; name = \"first\"; k = 1; },\n"
	" { type = \"conv\"; }, \"relu\", { type = \"dense\"; act = \"relu\"; } ); };\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rnf_conf *root = NULL;
	char *text = rnf_strndup((const char *)data, n), *rest = text;
	fuzz_check(rnf_conf_parse("start", start, &root) >= 0, rnf_fail_words());
	for (char *line; (line = strsep(&rest, "\n")); )
		if (rnf_conf_override(root, line, "--set", 0) < 0)
			fuzz_check(strstr(rnf_fail_words(), "--set") != NULL, rnf_fail_words());
	if (fuzz_fill(root)) fuzz_write(root); /* now all values have their types */
	rnf_arena_finish();
	return 0;
}
