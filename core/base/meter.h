/* Tells on stderr how far long work is: nothing in its first second; then on a terminal one
 * line that is redrawn, elsewhere a line at once and one a minute. [main] */
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
/* So many are done. Cheap: call it after each. */
void rnf_meter_tell(struct rnf_meter *meter, int64_t done);
/* Remove the line; if something was printed, say how long it took: `done` are done. */
void rnf_meter_end(struct rnf_meter *meter, int64_t done);

/* Is stderr a terminal? Then a line may be redrawn. */
int rnf_meter_terminal(void);
/* Clears the line on a terminal. */
void rnf_meter_clear(void);
/* "1:02", "2:03:04"; "?" for what is not finite. */
const char *rnf_meter_time(char text[32], double seconds);

#endif
