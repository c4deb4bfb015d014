/* AVX-512, without its bf16. */
/* x86 flags: -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma */
/* x86 flags: -mprefer-vector-width=512 -mtune=skylake-avx512 */
#ifdef __x86_64__
#include "avx512.h"

#define ISA native_avx512
#define ISA_NAME "avx512"
#include "kernels.h"
#endif
