/* For tests: folders of small images. */
#ifndef TEST_PHOTOS_H
#define TEST_PHOTOS_H

/* Write DIR/CLASS/00.png ... : n images of h x w for each of the classes, whose names are
 * separated by commas; the folder is made. The k-th class is bright in channel k, so that a
 * model learns them in a few steps. `sizes` 1: they differ in size. */
void test_photos(const char *dir, const char *classes, int n, int h, int w, int sizes);

#endif
