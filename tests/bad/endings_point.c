/* A decoder whose ending of files has no point. */
#include <stddef.h>

static const char *const endings[] = { ".a", "png", NULL };
#define NAME "endings_point"
#define ENDINGS endings
#include "endings.h"
