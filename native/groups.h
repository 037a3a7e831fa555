/* Control groups that we may make, wherever this machine keeps them. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Folders of the sandbox's own group in each hierarchy; empty where we have none. In version 2 all are the same. */
struct groups {
	int version;
	char memory[PATH_MAX];
	char processes[PATH_MAX];
	char processor[PATH_MAX];
	char disk[PATH_MAX];
};

/* Each group costs a start some milliseconds where they are separate, so what is not asked for is not looked for. */
void groups_find(struct groups *groups, bool with_processor, bool with_disk);

void groups_enter(const struct groups *groups, pid_t process);
void groups_remove(struct groups *groups);

bool group_write(const char *folder, const char *name, const char *text);
bool group_read(const char *folder, const char *name, char *text, size_t size);
void group_remove(const char *folder);
