/* A Cortex-M without anything else: vectors, and semihosting to print and to end. */
#include "machine.h"

enum { WRITE0 = 0x04, EXIT = 0x18, APPLICATION_EXIT = 0x20026 };

int main(void);
void start(void);

static void call(uint32_t operation, uintptr_t argument)
{
	register uint32_t r0 __asm__("r0") = operation;
	register uintptr_t r1 __asm__("r1") = argument;
	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void put(const char *text)
{
	call(WRITE0, (uintptr_t)text);
}

void start(void)
{
#ifdef __ARM_FP
	*(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR: let all use the FPU */
	__asm__ volatile("dsb\n\tisb");
#endif
	main();
	call(EXIT, APPLICATION_EXIT);
}

static void fault(void)
{
	put("fault\n");
	call(EXIT, 0);
}

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
	(void (*)(void))0x20400000, start, fault, fault, fault, fault, fault,
};
