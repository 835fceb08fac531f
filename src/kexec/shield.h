/*
 * A crash load that may not take this program along. While the kernel loads a capture kernel it has
 * already let go of the earlier one, and what it reads can be more than it has memory for: then the
 * system call does not fail, the caller is killed. So the call is made by a child, which the
 * kernel picks first; this process lives on and can put the earlier image back.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

struct shield {
	bool raised;
	sigset_t before;  /* signals that were blocked before */
	char score[16];	  /* /proc/self/oom_score_adj before; empty: it could not be changed */
};

/* Keeps the signals of a terminal or a service manager waiting, and the memory killer away. */
void shield_raise(struct shield *s);
void shield_drop(struct shield *s);
/* call(arg), 0 or an errno, made by a child while `s` is raised, else here. ECHILD: the child was killed. */
int shield_call(const struct shield *s, int (*call)(const void *arg), const void *arg);
