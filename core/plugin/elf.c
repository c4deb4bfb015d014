#include "plugin/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"

/* This program's own header, provided by the linker. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static const struct { unsigned number; const char *name; } machines[] = {
	{ EM_386, "i386" }, { EM_X86_64, "x86-64" }, { EM_ARM, "arm" },
	{ EM_AARCH64, "aarch64" }, { EM_RISCV, "riscv" }, { EM_PPC64, "ppc64" },
	{ EM_S390, "s390" },
};

static const char *machine_name(unsigned number)
{
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (machines[i].number == number) return machines[i].name;
	return rnf_format("machine %u", number);
}

/* The 32-bit and the 64-bit header are alike up to e_machine. */
static rnf_status check_kind(const char *file, const ElfW(Ehdr) *h)
{
	const ElfW(Ehdr) *own = &__ehdr_start;
	if (memcmp(h->e_ident, own->e_ident, SELFMAG) != 0)
		return rnf_fail(RNF_EINVAL, "%s cannot be loaded: it is not a shared object "
				"(not an ELF file)", file);
	const int other_data = h->e_ident[EI_DATA] != own->e_ident[EI_DATA];
	if (h->e_ident[EI_CLASS] != own->e_ident[EI_CLASS] || other_data ||
	    h->e_machine != own->e_machine)
		return rnf_fail(RNF_EINVAL, "%s cannot be loaded: it is built for %s (%s "
			"bits%s), this program for %s (%zu bits): rebuild the plugin", file,
			machine_name(h->e_machine),
			h->e_ident[EI_CLASS] == ELFCLASS64 ? "64" :
			h->e_ident[EI_CLASS] == ELFCLASS32 ? "32" : "no known number of",
			other_data ? ", other byte order" : "", machine_name(own->e_machine),
			8 * sizeof(void *));
	if (h->e_type != ET_DYN)
		return rnf_fail(RNF_EINVAL, "%s cannot be loaded: it is not a shared object "
				"(link it with -shared)", file);
	if (h->e_phentsize != sizeof(ElfW(Phdr)) || h->e_phnum == 0)
		return rnf_fail(RNF_EINVAL, "%s cannot be loaded: its headers are damaged",
				file);
	return RNF_OK;
}

/* Where n rows of a size end; the largest number on overflow. */
static uint64_t end_of(uint64_t at, uint64_t n, uint64_t size)
{
	uint64_t bytes, end;
	if (__builtin_mul_overflow(n, size, &bytes) || __builtin_add_overflow(at, bytes, &end))
		return UINT64_MAX;
	return end;
}

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* How long the file must be for its tables and segments. */
static uint64_t end_of_tables(const ElfW(Ehdr) *h)
{
	return larger(end_of(h->e_phoff, h->e_phnum, h->e_phentsize),
		      end_of(h->e_shoff, h->e_shnum, h->e_shentsize));
}

static rnf_status check_size(const char *file, int fd, const ElfW(Ehdr) *h, uint64_t size)
{
	uint64_t whole = end_of_tables(h);
	for (unsigned i = 0; whole <= size && i < h->e_phnum; i++) {
		ElfW(Phdr) p;
		const uint64_t at = h->e_phoff + i * sizeof p;
		if (pread(fd, &p, sizeof p, (off_t)at) != (ssize_t)sizeof p)
			return rnf_fail_input(file);
		whole = larger(whole, end_of(p.p_offset, p.p_filesz, 1));
	}
	if (whole <= size) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s cannot be loaded: file is truncated: %llu of %llu bytes",
			file, (unsigned long long)size, (unsigned long long)whole);
}

static rnf_status check_open(const char *file, int fd)
{
	struct stat at;
	ElfW(Ehdr) header = { 0 };
	if (fstat(fd, &at) != 0) return rnf_fail_input(file);
	if (!S_ISREG(at.st_mode))
		return rnf_fail(RNF_EINVAL, "%s cannot be loaded: it is %s, not a regular "
				"file", file, S_ISDIR(at.st_mode) ? "a folder" :
				S_ISFIFO(at.st_mode) ? "a FIFO" : "a device or socket");
	if (at.st_size == 0)
		return rnf_fail(RNF_EINVAL, "%s cannot be loaded: it is empty", file);
	const ssize_t n = pread(fd, &header, sizeof header, 0);
	if (n < 0) return rnf_fail_input(file);
	if (n < (ssize_t)sizeof header && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0)
		return rnf_fail(RNF_EINVAL, "%s cannot be loaded: file is truncated inside its "
				"header", file);
	RNF_TRY(check_kind(file, &header));
	return check_size(file, fd, &header, (uint64_t)at.st_size);
}

rnf_status rnf_elf_check(const char *file)
{
	/* non-blocking: opening a FIFO would wait forever */
	const int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return rnf_fail(RNF_EINVAL, "%s cannot be loaded: it is a link to a file "
				"that is not there", file);
	if (fd < 0) return rnf_fail_input(file);
	const rnf_status status = check_open(file, fd);
	close(fd);
	return status;
}
