/* What signals ask for, and how a second INT ends the process. Each test is a process of its own. */
#include "base/signal.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status.h"
#include "lib/plugin.h"

/* Whoever started the test may ignore them. */
static void catch_all(void (*before)(int))
{
	signal(SIGINT, before);
	signal(SIGHUP, before);
	rnf_signals_catch();
}

START_TEST(a_signal_asks_for_the_end)
{
	catch_all(SIG_DFL);
	ck_assert_ptr_null(rnf_signal_stop());
	raise(SIGTERM);
	ck_assert_str_eq(rnf_signal_stop(), "SIGTERM");
	ck_assert_int_eq(rnf_signal_check("while it was tested"), RNF_ESTOPPED);
	raise(SIGINT);
	ck_assert_str_eq(rnf_signal_stop(), "SIGINT");
	raise(SIGTERM); /* INT came once */
	ck_assert_str_eq(rnf_signal_stop(), "SIGTERM");
}
END_TEST

static const int saves[] = { SIGUSR1, SIGHUP };

START_TEST(a_signal_asks_for_a_checkpoint)
{
	catch_all(SIG_DFL);
	raise(saves[_i]);
	ck_assert(rnf_signal_save());
	ck_assert(!rnf_signal_save());
	ck_assert_ptr_null(rnf_signal_stop());
}
END_TEST

START_TEST(a_second_int_ends_the_process)
{
	const pid_t child = fork();
	int status;
	if (child == 0) {
		catch_all(SIG_DFL);
		raise(SIGINT);
		raise(SIGINT);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}
END_TEST

/* As nohup does it. */
START_TEST(ignored_signals_stay_ignored)
{
	catch_all(SIG_IGN);
	raise(SIGINT);
	raise(SIGHUP);
	ck_assert_ptr_null(rnf_signal_stop());
	ck_assert(!rnf_signal_save());
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_signal_asks_for_the_end, 0 },
		{ a_signal_asks_for_a_checkpoint, TEST_ROWS(saves) },
		{ a_second_int_ends_the_process, 0 },
		{ ignored_signals_stay_ignored, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("signal", cases);
}
