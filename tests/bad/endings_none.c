/* A decoder of no files. */
#define NAME "endings_none"
#define ENDINGS NULL
#include "endings.h"
