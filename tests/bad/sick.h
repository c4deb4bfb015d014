/* What the bad plugins do wrong on request. */
#ifndef TEST_BAD_SICK_H
#define TEST_BAD_SICK_H

#include <math.h>
#include <pthread.h>
#include <rnframe/rnframe.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

enum sick { SICK_NO, SICK_NAN, SICK_INFINITE, SICK_HUGE, SICK_MODE, SICK_CRASH, SICK_HANG,
	    SICK_EXIT, SICK_THREAD, SICK_OVERFLOW };
static const char *const sick_words[] = { "no", "nan", "infinite", "huge", "mode",
					  "crash", "hang", "exit", "thread", "overflow", NULL };

/* Calls itself until the stack is full. */
__attribute__((noinline)) static int sick_overflow(volatile char *from)
{
	volatile char room[4096];
	room[0] = from[0];
	return from[0] ? sick_overflow(room) + room[1] : 0;
}

/* What a value becomes; SICK_MODE: the thread rounds towards zero from here on. */
static inline float sick(int32_t what, float value)
{
	switch (what) {
	case SICK_NAN: return NAN;
	case SICK_INFINITE: return -INFINITY;
	case SICK_HUGE: return 1e30f;
#ifdef __SSE__
	case SICK_MODE: _mm_setcsr(_mm_getcsr() | 0x6000); return value;
#endif
	case SICK_CRASH: *(volatile char *)16 = 0; return value;
	case SICK_HANG: while (1) pause();
	case SICK_EXIT: exit(0);
	case SICK_THREAD: pthread_exit(NULL);
	case SICK_OVERFLOW: return (float)sick_overflow((char[]){ 1 });
	default: return value;
	}
}

#endif
