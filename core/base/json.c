#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"

static void *allocate(size_t bytes)
{
	void *memory = malloc(bytes);
	if (!memory) rnf_no_memory(bytes);
	return memory;
}

void rnf_json_init(void)
{
	json_set_alloc_funcs(allocate, free);
}

json_t *rnf_json_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *rnf_json_word(const char *text)
{
	json_t *string = text ? json_string(text) : json_null();
	return string ? string : json_string("(not UTF-8)");
}

json_t *rnf_json_read(const char *path)
{
	json_error_t error;
	if (access(path, F_OK) != 0) return NULL;
	json_t *json = json_load_file(path, 0, &error);
	if (!json) rnf_log(RNF_LOG_WARNING, "%s cannot be used: %s", path, error.text);
	return json;
}

rnf_status rnf_json_write(json_t *json, const char *path)
{
	FILE *f;
	rnf_status status = rnf_file_create(path, &f);
	if (status >= 0) {
		json_dumpf(json, f, JSON_REAL_PRECISION(9));
		fputc('\n', f);
		status = rnf_file_close(path, f, RNF_OK);
	}
	json_decref(json);
	return status;
}
