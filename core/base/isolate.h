/* A function that may end the process, tried in a child. [main] */
#ifndef RNF_BASE_ISOLATE_H
#define RNF_BASE_ISOLATE_H

#include <rnframe/abi.h>

/* The status of body(context), run in a child process, with its words kept here.
 * A child that dies, ends by itself or is not done after `seconds` fails with
 * RNF_EPLUGIN and what it did, as "dies of signal 11 (Segmentation fault)". */
rnf_status rnf_isolate(rnf_status (*body)(const void *context), const void *context,
			 int seconds);

#endif
