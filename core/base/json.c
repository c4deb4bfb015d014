#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <fcntl.h>
#include <string.h>
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

enum { BYTES_MOST = 64 << 20 };

rnf_status rnf_json_load(const char *path, json_t **json)
{
	json_error_t error;
	FILE *file;
	*json = NULL;
	RNF_TRY(rnf_file_read_small(path, O_NOFOLLOW, BYTES_MOST, &file));
	*json = json_loadf(file, 0, &error);
	const rnf_status status = *json ? RNF_OK : ferror(file) ? rnf_fail_input(path)
		: rnf_fail(RNF_EINVAL, "%s: %s", path, error.text);
	fclose(file);
	return status;
}

json_t *rnf_json_read(const char *path)
{
	json_t *json;
	if (access(path, F_OK) != 0) return NULL;
	if (rnf_json_load(path, &json) < 0)
		rnf_log(RNF_LOG_WARNING, "%s; it is not used", rnf_fail_words());
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
