#include "lib/ppm.h"

#include <check.h>
#include <stdio.h>

#include "base/arena.h"

struct test_ppm test_ppm(const char *name)
{
	struct test_ppm p = { 0, 0, NULL };
	FILE *f = fopen(rnf_format("tests/golden/images/%s.ppm", name), "rb");
	ck_assert_msg(f && fscanf(f, "P6 %d %d 255", &p.w, &p.h) == 2 && fgetc(f) == '\n',
		      "%s.ppm cannot be read", name);
	const size_t n = (size_t)p.h * (size_t)p.w * 3;
	p.rgb = rnf_alloc(n);
	ck_assert_uint_eq(fread(p.rgb, 1, n, f), n);
	fclose(f);
	return p;
}
