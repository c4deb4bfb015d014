/* A data set whose images are files: all of them are decoded at the start, on all threads,
 * framed as far as nothing is drawn, and kept as bytes: in memory, or in a file that the next
 * run finds again. To the rest of the program it is a data set like others. Images may differ
 * in size if a frame that draws comes next. */
#ifndef RNF_DATA_FILES_H
#define RNF_DATA_FILES_H

#include <rnframe/data.h>
#include "plugin/param.h"

struct rnf_files_conf {
	const struct rnf_dataset_impl *dataset; /* with path() */
	const void *self;                       /* of it, as open() left it */
	struct rnf_refs augment;
	int64_t out_h, out_w; /* what the model takes; 0: as the first image comes out */
	int threads;          /* 0: as many as may run */
	int skip;             /* leave out files that cannot be decoded, rather than fail */
	int only_memory;      /* no file */
	double memory, disk;  /* bytes that the images may take; disk 0: half of it */
	const char *folder;   /* for the file; NULL: there is none */
};

/* Decode all. *info, as open() left it, gets h, w and c, and loses the images that were left
 * out, which are named on stderr; *self is for rnf_files_dataset; *framed counts the
 * augmentations that were applied. RNF_EINVAL: a bad file (the first is named), images that
 * come out in different sizes, or more bytes than there is room for. RNF_EIO: the file cannot
 * be made. RNF_ESTOPPED. [main] */
rnf_status rnf_files_open(const struct rnf_files_conf *conf, struct rnf_dataset_info *info,
			  void **self, size_t *framed);
extern const struct rnf_dataset_impl rnf_files_dataset;
/* The bytes of memory that its images take; 0: they are in a file. */
double rnf_files_bytes(const void *self);

#endif
