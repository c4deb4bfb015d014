/* A conf of any bytes is refused with its name and line, or read; then it fills a table,
 * and is the same when it is written and read again. */
#include "fuzz/lib/fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "conf/conf.h"
#include "fuzz/lib/tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rnf_conf *root = NULL;
	const char *text = rnf_strndup((const char *)data, n);
	if (rnf_conf_parse("input", text, &root) < 0) {
		fuzz_check(strncmp(rnf_fail_words(), "input", 5) == 0, rnf_fail_words());
	} else {
		fuzz_write(root);
		fuzz_fill(root);
	}
	rnf_arena_finish();
	return 0;
}
