#include "exec/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static const struct { int signal; const char *name; } fatal[] = {
	{ SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGFPE, "SIGFPE" },
	{ SIGILL, "SIGILL" }, { SIGABRT, "SIGABRT" },
};

static const char *volatile doing;
static _Thread_local const struct rnf_worker *volatile current;

static void put(const char *words)
{
	if (write(STDERR_FILENO, words, strlen(words)) < 0) return; /* no one to tell */
}

static void put_op(const struct rnf_worker *w)
{
	const struct rnf_program *p = w->exec->plan->program;
	const int backward = p->loss >= 0 && w->op->out > p->loss;
	put(w->op->label ? w->op->label : "the model");
	put(" (");
	put(rnf_op_info[w->op->kind].words);
	put(backward ? ", backward)" : ", forward)");
}

/* Calls only what a handler may; the signal comes again when it returns. Threads
 * that crash at the same time wait for the first one's words. */
static void tell(int number)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	while (atomic_flag_test_and_set(&told))
		pause();
	put("rnframe: ");
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		if (fatal[i].signal == number) put(fatal[i].name);
	put(" in ");
	if (current && current->op) put_op(current);
	else put(doing ? doing : "rnframe or a plugin, outside of a step");
	put("\n");
	signal(number, SIG_DFL);
	raise(number);
}

void rnf_crash_watch(void)
{
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
		struct sigaction now, wanted = { .sa_handler = tell };
		if (sigaction(fatal[i].signal, NULL, &now) == 0 &&
		    now.sa_handler == SIG_DFL)
			sigaction(fatal[i].signal, &wanted, NULL);
	}
}

void rnf_crash_doing(const char *what)
{
	doing = what;
}

void rnf_crash_worker(const struct rnf_worker *worker)
{
	current = worker;
}
