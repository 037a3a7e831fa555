/*
 * The exact record of every execve. A seccomp notification alone can be forged: the arguments are in memory that another thread may change
 * after we read it. So on the notification that one task is seized, goes on, and is read when the kernel reports that the new program is in
 * place: then the arguments are the kernel's own copy, and nobody else shares the memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Event data of process descriptors in the monitor's poll: this bit and the process number. */
#define RECORD_PROCESS (1ull << 32)

void record_begin(int listener, int poll);

/* Children may report at any time, also while we wait to seize a task; they are kept until they are taken. To be called before the first. */
void record_prepare(size_t most_children);

/* A task wants to execute something. */
void record_notification(void);

/* What a child or a traced task reported. */
struct report {
	pid_t child;
	int status;
	struct rusage used;
};

/* The next report; false when there is none. */
bool record_take(struct report *report);

/* A task that we trace stopped or ended. */
void record_stopped(pid_t task, int status);

/* A process of the record ended, or was reaped. */
void record_process(pid_t process);

/* The sandbox is gone: reports what has not been reported. */
void record_finish(void);

/* How many commands were executed. */
long long record_count(void);
