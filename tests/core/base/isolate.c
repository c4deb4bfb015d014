/* Functions run in a child: the result of each way to end. */
#include "base/isolate.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "lib/plugin.h"

static int changed;

static rnf_status succeed(const void *context)
{
	changed = *(const int *)context;
	return RNF_OK;
}

static rnf_status refuse(const void *context)
{
	return rnf_fail(RNF_EUNSUP, "number %d", *(const int *)context);
}

static rnf_status refuse_twice(const void *context)
{
	rnf_fail_aside(refuse(context));
	rnf_fail_aside(rnf_fail(RNF_EINVAL, "another"));
	return rnf_fail_all();
}

static rnf_status end(const void *context)
{
	exit(*(const int *)context);
}

static rnf_status die(const void *context)
{
	raise(*(const int *)context);
	return RNF_OK;
}

static rnf_status hang(const void *context)
{
	sleep((unsigned)*(const int *)context);
	return RNF_OK;
}

/* Sends a good answer through any pipe that takes it, and dies. */
static rnf_status pretend(const void *context)
{
	static const char zeros[2048];
	int answers = 0;
	for (int fd = 3; fd < 64; fd++) {
		struct stat at;
		const int writes = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
		if (fstat(fd, &at) != 0 || !S_ISFIFO(at.st_mode) || !writes) continue;
		answers += write(fd, zeros, sizeof zeros) == sizeof zeros;
	}
	return answers ? die(context) : RNF_OK;
}

static const struct {
	rnf_status (*body)(const void *);
	int context;
	rnf_status status;
	const char *words;
} rows[] = {
	{ succeed, 7, RNF_OK, NULL },
	{ refuse, 7, RNF_EUNSUP, "number 7" },
	{ refuse_twice, 7, RNF_EUNSUP, "number 7\nanother" },
	{ end, 7, RNF_EPLUGIN, "ends the program with status 7" },
	{ die, SIGKILL, RNF_EPLUGIN, "dies of signal 9 (Killed)" },
	{ pretend, SIGKILL, RNF_EPLUGIN, "dies of signal 9 (Killed)" },
	{ hang, 60, RNF_EPLUGIN, "did not finish within 1 s" },
};

START_TEST(ends)
{
	const rnf_status status = rnf_isolate(rows[_i].body, &rows[_i].context, 1);
	ck_assert_int_eq(status, rows[_i].status);
	if (rows[_i].words) ck_assert_str_eq(rnf_fail_words(), rows[_i].words);
	ck_assert_int_eq(changed, 0); /* the child's memory is its own */
}
END_TEST

int main(void)
{
	const struct test_case cases[] = { { ends, TEST_ROWS(rows) }, { NULL, 0 } };
	return test_run_cases("base/isolate", cases);
}
