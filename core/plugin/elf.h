/* Checks a shared object before the system loads it. [main] */
#ifndef RNF_PLUGIN_ELF_H
#define RNF_PLUGIN_ELF_H

#include <rnframe/abi.h>

/* Require a regular file that is a complete ELF shared object for this processor:
 * everything its headers refer to lies inside. dlopen() maps what they say whatever the
 * file's size, and touching a missing page ends the program by SIGBUS. */
rnf_status rnf_elf_check(const char *file);

#endif
