#include "exec/crash.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/running.h"
#include "base/text.h"

enum { STATUS_PLUGIN = 5, STACK = 1 << 16 };

static const struct { int signal; const char *name; } fatal[] = {
	{ SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGFPE, "SIGFPE" },
	{ SIGILL, "SIGILL" }, { SIGABRT, "SIGABRT" },
};

static _Thread_local const struct rnf_worker *volatile current;
static volatile unsigned expected; /* seconds to the next step */
static int has_alarm; /* SIGALRM is ours */
static _Thread_local char stack[STACK]; /* for handlers: the other may be full */
static pthread_key_t alive; /* set until the thread ends as planned */
static pid_t watched; /* the process; 0: none */

static void put(const char *words)
{
	if (write(STDERR_FILENO, words, strlen(words)) < 0) return; /* no one to tell */
}

/* The name of a layer or plugin. */
static void put_name(const char *name)
{
	char line[256];
	rnf_text_line(line, sizeof line, name, strlen(name));
	put(line);
}

static void put_op(const struct rnf_worker *w)
{
	const struct rnf_program *p = w->exec->plan->program;
	const int backward = p->loss >= 0 && w->op->out > p->loss;
	put_name(w->op->label ? w->op->label : "the model");
	put(" (");
	put(w->op->row->words);
	put(backward ? ", backward)" : ", forward)");
}

static void put_number(unsigned n)
{
	if (n >= 10) put_number(n / 10);
	put((const char[]){ (char)('0' + n % 10), 0 });
}

static void put_feature(const struct rnf_feature *f)
{
	put(f->kind);
	put(".");
	put(f->name);
}

static void put_place(const struct rnf_worker *w)
{
	const struct rnf_feature *whose = rnf_running_feature();
	const char *what = rnf_running_what();
	if (w && w->op) put_op(w);
	else if (whose) put_feature(whose);
	else put_name(what ? what : "rnframe or a plugin, outside of a step");
}

/* Threads that crash or end at the same time wait until the first has written its line. */
static void take_turn(void)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	while (atomic_flag_test_and_set(&told))
		pause();
	put("rnframe: ");
}

/* Calls async-signal-safe functions only. The signal is raised again when it returns. */
static void tell(int number)
{
	take_turn();
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		if (fatal[i].signal == number) put(fatal[i].name);
	put(" in ");
	put_place(current);
	put("\n");
	signal(number, SIG_DFL);
	raise(number);
}

/* The main thread waits for a thread that hangs: report the op that each thread began last. */
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

static void tell_end(const char *how)
{
	take_turn();
	put(how);
	put(" in ");
	put_place(current);
	put(": a plugin must not end the program\n");
	fflush(stdout);
	_exit(STATUS_PLUGIN);
}

/* A child process of a trial may end as it likes. */
static void tell_exit(void)
{
	if (!rnf_running_ended() && getpid() == watched) tell_end("exit()");
}

static void tell_thread(void *value)
{
	(void)value;
	if (getpid() == watched) tell_end("pthread_exit()");
}

/* Returns 0 if the signal has a handler already. */
static int handle(int number, void (*handler)(int))
{
	struct sigaction now;
	const struct sigaction wanted = { .sa_handler = handler,
					  .sa_flags = SA_RESTART | SA_ONSTACK };
	if (sigaction(number, NULL, &now) != 0 || now.sa_handler != SIG_DFL) return 0;
	return sigaction(number, &wanted, NULL) == 0;
}

/* exit() calls each registered function once, and a second thread that exits meanwhile
 * would skip it and end the program: so one function is registered for each thread. */
static void watch_exit(void)
{
	atexit(tell_exit);
	at_quick_exit(tell_exit);
}

void rnf_crash_watch(void)
{
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		handle(fatal[i].signal, tell);
	has_alarm = handle(SIGALRM, tell_late);
	if (watched || pthread_key_create(&alive, tell_thread) != 0) return;
	watched = getpid();
	rnf_crash_thread_begin();
}

void rnf_crash_thread_begin(void)
{
	stack_t now;
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
	if (!watched) return;
	if (sigaltstack(NULL, &now) == 0 && now.ss_flags & SS_DISABLE) sigaltstack(&own, NULL);
	pthread_setspecific(alive, stack);
	watch_exit();
}

void rnf_crash_thread_end(void)
{
	if (watched) pthread_setspecific(alive, NULL);
}

void rnf_crash_expect(unsigned seconds)
{
	if (!has_alarm) return;
	expected = seconds;
	alarm(seconds);
}

void rnf_crash_worker(const struct rnf_worker *worker)
{
	current = worker;
}
