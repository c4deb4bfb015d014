/* Kinds "dataset", "augment", "archive" and "transport": where images come from
 * and what happens to them before the first layer. */
#ifndef RNFRAME_DATA_H
#define RNFRAME_DATA_H

#include <rnframe/plugin.h>
#include <rnframe/random.h>

enum { RNF_SPLIT_TRAIN, RNF_SPLIT_TEST, RNF_SPLITS };

/* A file as published; `data` is NULL when an optional file was not found. */
struct rnf_blob {
	const char *name;
	const uint8_t *data;
	size_t size;
};

struct rnf_download {
	const char *url, *file;
	int64_t bytes;         /* 0: not published */
	const char *algorithm; /* "md5" or "sha256" */
	const char *digest;    /* lower-case hex, as published */
};

/* A file or folder of the data set in a form that the plugin does not read. */
struct rnf_other_form {
	const char *file;  /* its name, without folders */
	const char *words; /* what it is, to follow "is": "the CSV form of it" */
};

struct rnf_dataset_info {
	int64_t images[RNF_SPLITS]; /* 1 or more of each */
	int64_t h, w, c, classes;
	const char *const *names; /* of the classes; NULL: none known */
	int64_t validation; /* of the training images, the last: for validation; 0: the core draws */
	/* If there is no test image: the share of the training images that the core draws for
	 * the test split, of each class, by data.split_seed. Or 0. */
	double test;
};

enum {
	/* Its files are all that a folder has: blobs[0].name is that folder, and the names of
	 * the others are endings of files that can be decoded (".png"), ended by NULL. */
	RNF_DATASET_FOLDER = 1,
};

struct rnf_dataset_impl {
	uint32_t flags;
	/* Names of the data set's files, NULL-terminated; "?NAME" may be missing. The core finds them in a
	 * folder, in the sub-folder `folder`, or inside an archive; NAME.gz is found as
	 * NAME. NULL: needs no files. */
	const char *const *files;
	const char *folder;
	const struct rnf_download *downloads; /* url NULL ends the list */
	/* Forms that users may have instead, reported when the data is not found. Or
	 * NULL; file NULL ends the list. */
	const struct rnf_other_form *others;
	/* Fill in what is known without any file: h, w, c, classes, names. NULL: nothing
	 * is, and a plan needs the files. [main] */
	void (*describe)(const void *conf, struct rnf_dataset_info *info);
	/* Check the blobs (one for each of `files`, in that order), which stay in place
	 * as long as the program lives. May set *self. *info comes as described; fill in
	 * what is missing, at least images[]. [main] */
	rnf_status (*open)(const struct rnf_host *host, const void *conf,
			   const struct rnf_blob *blobs, void **self,
			   struct rnf_dataset_info *info);
	/* Read pixels[h][w][c], 0..255, and the label, below classes; pixels NULL: the
	 * label alone, which must be cheap. A failure ends the run after the step that asked, with
	 * its message. Called concurrently. [worker] */
	rnf_status (*read)(const void *self, int split, int64_t i, uint8_t *pixels,
			   int32_t *label);
	/* If each image is a file: its path; the core decodes it, read() gets pixels NULL, and
	 * open() need not tell h, w and c. Or NULL. [worker] */
	const char *(*path)(const void *self, int split, int64_t i);
	/* If images differ in size: that of one; info's are the largest, and the first
	 * augmentations must be frames. Or NULL. [worker] */
	void (*size)(const void *self, int split, int64_t i, int64_t *h, int64_t *w);
};

/* planes[c][n] to pixels[n][c] */
static inline void rnf_interleave(const uint8_t *planes, int64_t c, int64_t n, uint8_t *pixels)
{
	for (int64_t i = 0; i < n; i++)
		for (int64_t k = 0; k < c; k++)
			pixels[i * c + k] = planes[k * n + i];
}

/* One image on its way to the batch: pixels[h][w][c], 0..255 until something
 * normalises them. A plugin may change h and w within the capacity. */
struct rnf_image {
	uint32_t size, reserved;
	int64_t h, w, c;
	int64_t out_h, out_w; /* what the model takes */
	size_t capacity;      /* floats that pixels and spare hold */
	float *pixels, *spare;/* a plugin may swap the two pointers */
	float *target;        /* one float a class, sums to 1 */
	int64_t classes;
	/* Get another training sample, drawn by the caller as an index below `peers`: its
	 * label and h * w * c floats, raw and of the data set's size. Only for an
	 * RNF_AUGMENT_MIXES, before which no augmentation may change an image's size or
	 * normalise it; for all others peers is 0. */
	int64_t peers;
	void (*peer)(const struct rnf_image *, int64_t i, float *pixels,
		     int32_t *label);
	const void *context; /* of peer */
};

enum {
	RNF_AUGMENT_ALWAYS = 1, /* in evaluation too (normalisation) */
	RNF_AUGMENT_MIXES = 2,  /* asks for peers */
	RNF_AUGMENT_DRAWS = 4,  /* frame() draws numbers: other windows in each epoch */
};

/* A window of an image, and the size that it is brought to, in pixels. */
struct rnf_frame {
	uint32_t size, reserved;
	int64_t from_h, from_w; /* the image */
	int64_t out_h, out_w;   /* what the model takes; 0: not known yet, take the image's */
	/* The window. It may lie partly outside of the image, which is black there, if it is
	 * as large as the result. */
	int64_t top, left, height, width;
	int64_t h, w; /* the result, which must not depend on what is drawn */
};

struct rnf_augment_impl {
	uint32_t flags;
	/* Rows and columns that it may add to an image, for the capacity: 0 or more. */
	int64_t (*grows)(const void *self);
	/* One of these two; the other is NULL. [worker] */
	void (*apply)(const void *self, struct rnf_random *random,
		      struct rnf_image *image);
	/* Images of any size become images of one: choose a window and a size; both come as
	 * the whole image. The core computes the pixels, from bytes to bytes: so these stand
	 * before all others, and run in evaluation too, with random NULL. */
	void (*frame)(const void *self, struct rnf_random *random, struct rnf_frame *frame);
	rnf_check *check; /* or NULL */
	/* Optional, where it maps each pixel alone: what apply does to one of channel i is
	 * x * scale[i] + shift[i], for c channels. Files of models hold it. [main] */
	void (*affine)(const void *self, int64_t c, float *scale, float *shift);
};

/* A key `size` of a frame: none, one or two numbers. [main] */
static inline rnf_status rnf_frame_size_fits(const struct rnf_host *host,
					     const struct rnf_ints *size)
{
	if (size->n <= 2) return RNF_OK;
	/* in brackets, since Check has a macro of that name */
	return (host->fail)(RNF_EINVAL, "size has %zu numbers, must have none, one or two",
			    size->n);
}

struct rnf_archive_file {
	const char *name; /* with its folders */
	const void *bytes;
	size_t n;
};

/* Reads files out of a packed one, and packs them. [main] */
struct rnf_archive_impl {
	/* 1 when this plugin can read a file that starts with these bytes. */
	int (*probe)(const uint8_t *head, size_t n);
	/* Call found(context, name, size) for each regular file inside, with the name
	 * without its folders ("" for a packed single file). Fill the buffer that it
	 * returns, or skip the file on NULL. size is -1 when the format does not know it;
	 * then keep all bytes and ask found again with the true size. */
	rnf_status (*read)(const struct rnf_host *host, const char *path,
			   void *(*found)(void *context, const char *name,
					  int64_t size),
			   void *context);
	/* Endings of archives that write() makes, NULL-terminated; NULL: it only reads. */
	const char *const *endings;
	/* Write an archive of these files, in their order, to `fd`, of the kind of that ending.
	 * The same files give the same bytes: no names of users, no times but a fixed one. */
	rnf_status (*write)(const struct rnf_host *host, int fd, const char *ending,
			    const struct rnf_archive_file *files, size_t n);
};

/* Downloads a file from a URL. [main] */
struct rnf_transport_impl {
	/* Download to `path`, continuing a file that is there already; take no more than
	 * the published size and check the digest at the end. `progress` may be NULL;
	 * total is 0 when unknown. */
	rnf_status (*fetch)(const struct rnf_host *host,
			    const struct rnf_download *what, const char *path,
			    void (*progress)(int64_t done, int64_t total));
};

#endif
