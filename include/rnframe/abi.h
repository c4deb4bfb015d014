/* Versions, statuses and visibility: the base of every other header.
 *
 * While the major version is 0, a plugin and the program must agree on both numbers
 * exactly; the loader names both when they differ. */
#ifndef RNFRAME_ABI_H
#define RNFRAME_ABI_H

#include <stddef.h>
#include <stdint.h>

#define RNF_VERSION "0.1.0"
#define RNF_ABI_MAJOR 0
#define RNF_ABI_MINOR 12
#define RNF_PLUGIN_MAGIC 0x31464e52u /* "RNF1" */

#ifdef __cplusplus
#define RNF_EXTERN_C extern "C"
#else
#define RNF_EXTERN_C
#endif
#define RNF_EXPORT RNF_EXTERN_C __attribute__((visibility("default")))

/* 0 is good, negative is bad. The host keeps the message of a bad status (see host.h),
 * and the program prints it once. */
typedef int32_t rnf_status;

enum {
	RNF_OK = 0,
	RNF_EINVAL = -1,  /* a conf, an option or a file is wrong: the user acts */
	RNF_ENOMEM = -2,
	RNF_ENOENT = -3,  /* something named does not exist */
	RNF_EIO = -4,     /* the storage or the network failed */
	RNF_EUNSUP = -5,  /* this plugin cannot do that here; another may */
	RNF_EINTERNAL = -6,
	RNF_ENUMBER = -7, /* the numbers went wrong: NaN, infinity */
	RNF_EPLUGIN = -8, /* a plugin broke its contract */
	RNF_ESTOPPED = -9,/* a signal asked for the end; the run can be resumed */
};

/* Return early with the status of a set-up call that failed. */
#define RNF_TRY(call)                              \
	do {                                       \
		rnf_status rnf_try_ = (call);      \
		if (rnf_try_ < 0) return rnf_try_; \
	} while (0)

#endif
