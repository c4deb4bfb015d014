/* Shows the progress of long work on stderr: nothing in the first second; then on a terminal one
 * line, which is redrawn, elsewhere one line at once and another each minute. [main] */
#ifndef RNF_BASE_METER_H
#define RNF_BASE_METER_H

#include <stdint.h>

struct rnf_meter {
	const char *what; /* "decoding images" */
	int64_t total;    /* steps */
	double start, next;
	int drawn; /* something was printed */
};

void rnf_meter_begin(struct rnf_meter *meter, const char *what, int64_t total);
/* Show that `done` steps are done. It costs a look at the clock: call it after each step. */
void rnf_meter_tell(struct rnf_meter *meter, int64_t done);
/* If something was printed, replace the line by the time that `done` steps took. */
void rnf_meter_end(struct rnf_meter *meter, int64_t done);

/* 1 if stderr is a terminal, where a line can be redrawn. */
int rnf_meter_terminal(void);
/* Clear the line, if stderr is a terminal. */
void rnf_meter_clear(void);
/* "1:02", "2:03:04"; "?" for a number that is not finite. */
const char *rnf_meter_time(char text[32], double seconds);

#endif
