#include "lib/photos.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <rnframe/random.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/png.h"
#include "base/status.h"

static void write_one(const char *path, int channel, uint64_t key, int h, int w)
{
	struct rnf_random random = { .key = key };
	uint8_t *rgb = rnf_alloc((size_t)(h * w * 3));
	for (int i = 0; i < h * w * 3; i++)
		rgb[i] = (uint8_t)(rnf_random_below(&random, 90) + (i % 3 == channel % 3 ? 150 : 20));
	ck_assert_msg(rnf_png_write(path, rgb, h, w) == RNF_OK, "%s", rnf_fail_words());
}

void test_photos(const char *dir, const char *classes, int n, int h, int w, int sizes)
{
	for (int k = 0; *classes; k++) {
		const size_t length = strcspn(classes, ",");
		const char *folder = rnf_format("%s/%.*s", dir, (int)length, classes);
		ck_assert_msg(rnf_folder_make(folder) == RNF_OK, "%s", rnf_fail_words());
		for (int i = 0; i < n; i++)
			write_one(rnf_format("%s/%02d.png", folder, i), k,
				  rnf_random_key((uint64_t)k, (uint64_t)i),
				  h + (sizes ? i % 5 : 0), w + (sizes ? i % 3 : 0));
		classes += length + (classes[length] == ',');
	}
}

const char *test_photos_conf(const char *dir, const char *augment)
{
	const char *path = rnf_format("%s/photos.cfg", dir);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "name = \"photos\";\n@include \"train/run.cfg\"\n@include \"model/tiny.cfg\"\n"
		"data = { type = \"image_folder\"; path = \"%s/data\"; augment = ( %s ); };\n"
		"@include \"train/short.cfg\"\n", dir, augment);
	fclose(f);
	return path;
}
