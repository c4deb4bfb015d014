/* A shared object without an entry. */
#include <rnframe/abi.h>

RNF_EXPORT int somebody_elses(void);

int somebody_elses(void)
{
	return 1;
}
