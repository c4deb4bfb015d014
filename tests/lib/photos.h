/* For tests: folders of small images. */
#ifndef TEST_PHOTOS_H
#define TEST_PHOTOS_H

/* Write DIR/CLASS/00.png ... : n images of h x w for each of the classes, whose names are
 * separated by commas; the folder is made. The k-th class is bright in channel k, so that a
 * model learns them in a few steps. `sizes` 1: they differ in size. */
void test_photos(const char *dir, const char *classes, int n, int h, int w, int sizes);

/* Write DIR/photos.cfg, a small model of the images in DIR/data with this list of
 * augmentations; its path. */
const char *test_photos_conf(const char *dir, const char *augment);
/* What the images of 12 x 12 need besides. */
#define TEST_PHOTOS_SETS "model.input=[12,12,3] train.metrics=accuracy train.pictures=false " \
			 "train.callbacks=checkpoint"

#endif
