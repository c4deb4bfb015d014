/* For data sets whose files are records of equal size, with a label in a byte of each. */
#ifndef RNFRAME_RECORDS_H
#define RNFRAME_RECORDS_H

#include <rnframe/data.h>
#include <rnframe/host.h>

/* Count the records in a file, each of `bytes`; `published`: of the whole file. RNF_ENOENT,
 * RNF_EINVAL when it has none or the last one is cut. [main] */
static inline rnf_status rnf_records_count(const struct rnf_host *host, const struct rnf_blob *blob,
					   size_t bytes, int64_t published, int64_t *n)
{
	if (!blob->data) return (host->fail)(RNF_ENOENT, "%s is missing", blob->name);
	*n = (int64_t)(blob->size / bytes);
	if (blob->size > 0 && blob->size % bytes == 0) return RNF_OK;
	return (host->fail)(RNF_EINVAL, "%s has %zu bytes, must be a multiple of %zu (%lld as "
			    "published): record %lld is cut", blob->name, blob->size, bytes,
			    (long long)published * (long long)bytes, (long long)*n);
}

/* Check n labels, `step` bytes from one to the next. RNF_EINVAL names the file. [main] */
static inline rnf_status rnf_records_labels(const struct rnf_host *host, const char *name,
					    const uint8_t *labels, int64_t n, int64_t step,
					    int classes)
{
	for (int64_t i = 0; i < n; i++)
		if (labels[i * step] >= classes)
			return (host->fail)(RNF_EINVAL, "%s: record %lld has label %d, must be 0..%d",
					    name, (long long)i, labels[i * step], classes - 1);
	return RNF_OK;
}

#endif
