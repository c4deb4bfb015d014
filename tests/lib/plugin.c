#include "lib/plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *test_build(void)
{
	const char *build = getenv("RNF_BUILD");
	return build ? build : "build";
}

const struct rnf_feature *test_feature(const char *kind, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/plugins/%s/%s.so", test_build(), kind, name);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	ck_assert_msg(library != NULL, "%s", dlerror());
	const struct rnf_plugin *(*entry)(void);
	*(void **)&entry = dlsym(library, "rnf_plugin_entry");
	ck_assert_msg(entry != NULL, "%s has no entry", path);
	const struct rnf_plugin *plugin = entry();
	ck_assert_uint_eq(plugin->magic, RNF_PLUGIN_MAGIC);
	ck_assert_str_eq(plugin->features[0].kind, kind);
	ck_assert_str_eq(plugin->features[0].name, name);
	return &plugin->features[0];
}

int test_run(const char *name, const TTest *const *tests)
{
	Suite *suite = suite_create(name);
	TCase *cases = tcase_create(name);
	tcase_set_timeout(cases, 600);
	for (; *tests; tests++)
		tcase_add_test(cases, *tests);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
