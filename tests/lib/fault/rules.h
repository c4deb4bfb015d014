/* Parses $RNF_FAULT and its companions, and decides about each call. */
#ifndef TEST_FAULT_RULES_H
#define TEST_FAULT_RULES_H

enum kind {
	OPEN, WRITE, READ, CLOSE, FSYNC, RENAME, UNLINK, MKDIR, ALLOCATE, LOCK, STATVFS,
	MMAP, MALLOC, N_KINDS, ANY = N_KINDS,
};

enum what { SHORT = -1, KILL = -2, CUT = -3 }; /* above 0: an errno */

/* The fate of this call: 0 none, else an errno or SHORT or CUT. */
int judge(enum kind kind, const char *path, long long size);
/* Does a file of this name, from the root on, count? */
int is_under(const char *path);
/* Do only the files of one folder count? */
int is_narrow(void);
/* 0 in a process that the program has forked off. */
int is_counted(void);
int has_rules(void);

extern int journal_fd;      /* -1: none is asked for */
extern const void *program; /* where it is loaded */

#endif
