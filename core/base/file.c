#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/status.h"

rnf_status rnf_file_create(const char *path, FILE **file)
{
	*file = fopen(path, "wbe");
	return *file ? RNF_OK : rnf_fail(RNF_EIO, "%s: %s", path, strerror(errno));
}

rnf_status rnf_file_close(FILE *file, const char *path)
{
	const int bad = ferror(file);
	if (fclose(file) == 0 && !bad) return RNF_OK;
	return rnf_fail(RNF_EIO, "%s: %s", path, strerror(errno));
}

rnf_status rnf_folder_make(const char *path)
{
	for (const char *p = path + 1;; p++) {
		if (*p != '/' && *p != 0) continue;
		const char *part = rnf_strndup(path, (size_t)(p - path));
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return rnf_fail(RNF_EIO, "%s: %s", part, strerror(errno));
		if (*p == 0) return RNF_OK;
	}
}
