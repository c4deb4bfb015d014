/* Where a test program runs. */
#ifndef CROSS_MACHINE_H
#define CROSS_MACHINE_H

#include <stdint.h>

void put(const char *text); /* to its output */

#endif
