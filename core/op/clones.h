/* RNF_MULTIARCH for a function that other files call: clang would hide its name from them,
 * so there it has one version. */
#ifndef RNF_OP_CLONES_H
#define RNF_OP_CLONES_H

#include <rnframe/vmath.h>

#ifdef __clang__
#define RNF_CLONES
#else
#define RNF_CLONES RNF_MULTIARCH
#endif

#endif
