/* A look at a shared object before the system loads it. [main] */
#ifndef RNF_PLUGIN_ELF_H
#define RNF_PLUGIN_ELF_H

#include <rnframe/abi.h>

/* A regular file, an ELF shared object for this kind of processor, and whole: all
 * that its headers speak of lies inside. dlopen() maps what they say whatever the
 * file's size, and touching what is not there ends the program by SIGBUS. */
rnf_status rnf_elf_check(const char *file);

#endif
