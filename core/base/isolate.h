/* Run a function that may end the process in a child. [main] */
#ifndef RNF_BASE_ISOLATE_H
#define RNF_BASE_ISOLATE_H

#include <rnframe/abi.h>

/* Run body(context) in a child process; return its status and keep its message here. A
 * child that dies, exits by itself or takes more than `seconds` gives RNF_EPLUGIN with a
 * message such as "dies of signal 11 (Segmentation fault)". */
rnf_status rnf_isolate(rnf_status (*body)(const void *context), const void *context,
			 int seconds);

#endif
