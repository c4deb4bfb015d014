/* What the system says about the processor and about this process. [main] */
#ifndef RNF_BASE_MACHINE_H
#define RNF_BASE_MACHINE_H

#include <stdint.h>

/* The processor's name; NULL when the system tells none. */
const char *rnf_machine_cpu(void);
/* Bytes of memory that this process may use: the machine's, or what a limit of its
 * control group or of itself leaves of them. */
int64_t rnf_machine_memory(void);
/* The most memory that this process has had resident, bytes. */
int64_t rnf_machine_peak_memory(void);
/* Seconds since this process was started, to a hundredth; NAN: not told. */
double rnf_machine_age(void);

#endif
