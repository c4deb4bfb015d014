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
static volatile unsigned expected; /* seconds to the next step */
static int has_alarm; /* SIGALRM is ours */

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

static void put_number(unsigned n)
{
	if (n >= 10) put_number(n / 10);
	put((const char[]){ (char)('0' + n % 10), 0 });
}

static void put_place(const struct rnf_worker *w)
{
	if (w && w->op) put_op(w);
	else put(doing ? doing : "rnframe or a plugin, outside of a step");
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
	put_place(current);
	put("\n");
	signal(number, SIG_DFL);
	raise(number);
}

/* The main thread waits for those that hang: all threads are told, with the op that
 * each began last. */
static void tell_late(int number)
{
	const struct rnf_worker *w = current;
	(void)number;
	if (expected == 0) return;
	put("rnframe: a step takes more than ");
	put_number(expected);
	put(" s: in ");
	put_place(w);
	for (int i = 1; w && i < w->exec->n_workers; i++) {
		put(", thread ");
		put_number((unsigned)i + 1);
		put(" in ");
		put_place(&w->exec->workers[i]);
	}
	put("\n");
	alarm(expected);
}

/* 0: there is a handler already. */
static int handle(int number, void (*handler)(int))
{
	struct sigaction now;
	const struct sigaction wanted = { .sa_handler = handler, .sa_flags = SA_RESTART };
	if (sigaction(number, NULL, &now) != 0 || now.sa_handler != SIG_DFL) return 0;
	return sigaction(number, &wanted, NULL) == 0;
}

void rnf_crash_watch(void)
{
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		handle(fatal[i].signal, tell);
	has_alarm = handle(SIGALRM, tell_late);
}

void rnf_crash_expect(unsigned seconds)
{
	if (!has_alarm) return;
	expected = seconds;
	alarm(seconds);
}

void rnf_crash_doing(const char *what)
{
	doing = what;
}

void rnf_crash_worker(const struct rnf_worker *worker)
{
	current = worker;
}
