/* Convolution in plain C: the readable oracle, and what runs where a backend
 * has no kernel (convs in groups, of OpenBLAS). */
#ifndef RNF_KERNEL_CONV_H
#define RNF_KERNEL_CONV_H

#include <rnframe/backend.h>

/* Fill a kernel for any window, stride and groups. [main] */
rnf_status rnf_conv_plain(const struct rnf_conv_shape *shape,
			  struct rnf_kernel *kernel);

#endif
