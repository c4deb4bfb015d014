/* A shared object like any other. */
#include <rnframe/abi.h>

RNF_EXPORT int somebody_elses(void);

int somebody_elses(void)
{
	return 1;
}
