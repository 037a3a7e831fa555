/* Steps on the file system while the sandbox's root is put together: the host is at /old, the new root at /. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HOST "/old"

/* Holds what is shown in another's place. Let go of like the host: what is shown stays, and has no second name. */
#define STAGE "/.stage"

enum bind_flags {
	BIND_READ_ONLY = 1,
	BIND_WRITABLE = 2,

	/* Nothing happens when the host has no such file. */
	BIND_OPTIONAL = 4,

	/* Set for devices only. */
	BIND_DEVICES = 8,

	/* The source is named as seen inside. */
	BIND_INSIDE = 16,

	BIND_NO_EXECUTE = 32,
};

/* Shows a file or folder at a place that exists. */
bool bind_over(const char *source, const char *target, unsigned int flags);

/* The same, and makes the place first. */
bool bind_new(const char *source, const char *target, unsigned int flags);

/* Makes a folder and those above it; refuses to pass through a symbolic link. Those that exist stay as they are. */
void make_folders(const char *path, unsigned int mode);

/* Opens the folder that holds a path, making folders on the way, never through a symbolic link. The last name is returned. */
int open_parent(const char *path, const char **name);

void make_folder(const char *path, unsigned int mode);
void make_link(const char *target, const char *path);
void make_file(const char *path, const void *content, size_t length, unsigned int mode);
void make_text(const char *path, const char *content);

void mount_temporary(const char *target, long long bytes, long long inodes, unsigned int mode);
void mount_plain(const char *type, const char *target, unsigned long flags, const char *options);
void detach(const char *target);
