/* What the supervisor asks for, as it came over the control socket. All strings point into the frame, which lives as long as the process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_request {
	const char *source;
	const char *target;
	bool writable;
};

struct file_request {
	const char *target;
	unsigned int mode;
	const char *content;
	size_t length;
};

struct known_digest {
	const char *file;
	const char *digest;
};

struct spec {
	const char *name;
	char **command;
	char **environment;
	size_t environment_count;
	const char *directory;

	const char *lower;
	const char **layers;
	size_t layer_count;
	/* A whole copy of the base, to be changed itself, where no overlay can be had. */
	const char *copy;
	const char *upper_parent;
	const char *upper_name;

	struct mount_request *mounts;
	size_t mount_count;
	struct file_request *files;
	size_t file_count;
	struct known_digest *digests;
	size_t digest_count;

	int64_t memory;
	int64_t processes;
	int64_t millicores;
	int64_t disk;
	int64_t inodes;
	int64_t temporary;
	int64_t open_files;
	int64_t disk_rate;

	bool gateway;
	bool egress;
	bool terminal;
	unsigned short rows;
	unsigned short columns;
};

/* Reads one frame from the control socket; refuses and does not return when it is malformed. */
void spec_read(struct spec *spec);
