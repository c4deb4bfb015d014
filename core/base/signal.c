#include "base/signal.h"

#include <signal.h>

#include "base/status.h"

enum wish { STOP, SAVE };

static const struct {
	int number;
	enum wish wish;
	int may_be_ignored;
	const char *name;
} signals[] = {
	{ SIGTERM, STOP, 0, "SIGTERM" }, { SIGINT, STOP, 1, "SIGINT" },
	{ SIGXCPU, STOP, 0, "SIGXCPU" }, { SIGUSR1, SAVE, 0, "SIGUSR1" },
	{ SIGHUP, SAVE, 1, "SIGHUP" },
};
enum { N_SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t stop, save; /* the signal's number */

static void note(int number)
{
	if (number == SIGUSR1 || number == SIGHUP) {
		save = number;
		return;
	}
	if (stop == SIGINT && number == SIGINT) { /* the second one ends the process */
		signal(SIGINT, SIG_DFL);
		raise(SIGINT);
	}
	stop = number;
}

void rnf_signals_catch(void)
{
	const struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART };
	for (int i = 0; i < N_SIGNALS; i++) {
		struct sigaction before;
		sigaction(signals[i].number, NULL, &before);
		if (signals[i].may_be_ignored && before.sa_handler == SIG_IGN) continue;
		sigaction(signals[i].number, &action, NULL);
	}
}

void rnf_signals_release(void)
{
	for (int i = 0; i < N_SIGNALS; i++) {
		struct sigaction now;
		sigaction(signals[i].number, NULL, &now);
		if (now.sa_handler == note) signal(signals[i].number, SIG_DFL);
	}
	if (stop) raise(stop);
	if (save) raise(save);
}

const char *rnf_signal_stop(void)
{
	for (int i = 0; i < N_SIGNALS; i++)
		if (stop == signals[i].number) return signals[i].name;
	return NULL;
}

rnf_status rnf_signal_check(const char *where)
{
	const char *name = rnf_signal_stop();
	if (!name) return RNF_OK;
	return rnf_fail(RNF_ESTOPPED, "stopped by %s %s", name, where);
}

int rnf_signal_save(void)
{
	const int wanted = save != 0;
	save = 0;
	return wanted;
}
