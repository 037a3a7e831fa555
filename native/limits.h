/* Hard limits on the whole process tree, by whatever this machine has: control groups of version 2, of version 1, or sampling. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "spec.h"

struct usage {
	long long cpu_microseconds;
	long long peak_memory;
	long long peak_processes;
};

/* Makes the groups and says by isolation lines what holds; refuses when a limit cannot be had in any way. */
void limits_prepare(const struct spec *spec);

/* Puts the sandbox's first process into them, before it has children. */
void limits_enter(pid_t init);

/* Whether memory must be sampled because no group limits it. */
bool limits_need_sampling(void);

/* Whether the kernel killed something inside for want of memory. */
bool limits_out_of_memory(void);

/* What the groups tell stays as it is where they do not. */
void limits_read(struct usage *usage);

/* Removes the groups; nothing may run in them any more. */
void limits_remove(void);
