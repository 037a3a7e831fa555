#include "workspace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "protocol.h"
#include "tree.h"

#define WORKSPACE "/workspace"
#define IN_MEMORY "/.changes"
#define DEEPEST 64

static int remove_below(int folder, int depth);

static int remove_folder(int parent, const char *name, int depth)
{
	int folder;
	int result;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;

	/* The overlay's own folders have no permissions at all. */
	if (fchmodat(parent, name, 0700, 0) < 0)
		return -1;

	folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder < 0)
		return -1;

	result = remove_below(folder, depth + 1);
	close(folder);
	return result < 0 ? -1 : unlinkat(parent, name, AT_REMOVEDIR);
}

static int remove_below(int folder, int depth)
{
	DIR *entries = depth > DEEPEST ? NULL : fdopendir(dup(folder));
	int result = 0;

	if (!entries)
		return -1;

	for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;

		if (unlinkat(folder, entry->d_name, 0) < 0 && remove_folder(folder, entry->d_name, depth) < 0)
			result = -1;
	}

	closedir(entries);
	return result;
}

/* Follows no links; unreadable folders are made readable first. 0 when nothing is left. */
static int remove_tree(int parent, const char *name)
{
	struct stat status;

	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;

	if (!S_ISDIR(status.st_mode))
		return unlinkat(parent, name, 0);

	return remove_folder(parent, name, 0);
}

/* Colons and backslashes separate and escape in the overlay's options. */
static void append_escaped(char *option, size_t size, const char *path)
{
	size_t length = strlen(option);

	for (; *path; path++) {
		if (length + 3 > size) {
			errno = ENAMETOOLONG;
			refuse_errno("mount the workspace", path);
		}

		if (*path == ':' || *path == '\\')
			option[length++] = '\\';

		option[length++] = *path;
		option[length] = 0;
	}
}

/* As it is: these take a single path, in which nothing separates. */
static void set_path(int context, const char *key, const char *path)
{
	if (fsconfig(context, FSCONFIG_SET_STRING, key, path, 0) < 0)
		refuse_errno("use for the workspace", path);
}

/* With a code of its own: whoever asked can have a copy of the base instead. */
static _Noreturn void no_overlay(const char *path)
{
	refuse("sandbox_overlay", "Put RINGFENCE_HOME on ext4, xfs, btrfs or tmpfs; in a container that is a volume, not the container's own file system.",
	       "The sandbox cannot have an overlay with %s: %s.", path, strerror(errno));
}

static void set_option(int context, const char *key, const char *path)
{
	char value[PATH_MAX * 2] = "";

	append_escaped(value, sizeof(value), path);

	if (fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) < 0)
		no_overlay(path + strlen(HOST));
}

static void set_flag(int context, const char *key, const char *value)
{
	if (fsconfig(context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0) < 0)
		no_overlay(key);
}

static void on_host(char *path, size_t size, const char *folder)
{
	if ((size_t)snprintf(path, size, HOST "%s", folder) >= size) {
		errno = ENAMETOOLONG;
		refuse_errno("mount the workspace", folder);
	}
}

/*
 * `userxattr`: marks that an unprivileged mount may keep. `volatile`: an unmount does not sync the host's whole file system; after a power
 * loss the last seconds of changes may be torn, and the supervisor builds the change set from what is there.
 */
static void mount_overlay(const struct spec *spec, const char *lower, const char *upper, const char *work)
{
	int context = fsopen("overlay", FSOPEN_CLOEXEC);
	int mounted;

	if (context < 0)
		no_overlay(lower + strlen(HOST));

	/* One by one, because a list would have to fit into 256 characters; kernels before 6.7 take no two, and refuse. */
	for (size_t i = 0; i < spec->layer_count; i++) {
		char layer[PATH_MAX];

		on_host(layer, sizeof(layer), spec->layers[i]);
		set_path(context, "lowerdir+", layer);
	}

	if (spec->layer_count > 0)
		set_path(context, "lowerdir+", lower);
	else
		set_option(context, "lowerdir", lower);

	set_option(context, "upperdir", upper);
	set_option(context, "workdir", work);
	set_flag(context, "userxattr", NULL);
	set_flag(context, "volatile", NULL);

	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		no_overlay(lower + strlen(HOST));

	mounted = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	make_folder(WORKSPACE, 0755);

	if (mounted < 0 || move_mount(mounted, "", AT_FDCWD, WORKSPACE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		refuse_errno("mount", WORKSPACE);

	close(mounted);
	close(context);
}

static int open_folder(const char *path)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		refuse_errno("open", path);

	return folder;
}

/* Without attributes the overlay mounts, and then fails at the first folder that is made where another was. */
static int require_attributes(const char *upper, const char *lower)
{
	int folder = open_folder(upper);

	if (fsetxattr(folder, "user.overlay.trial", "y", 1, 0) < 0 || fremovexattr(folder, "user.overlay.trial") < 0)
		no_overlay(lower + strlen(HOST));

	return folder;
}

static int changes_on_disk(const struct spec *spec, const char *lower)
{
	char parent[PATH_MAX];
	char upper[PATH_MAX + 256];
	char work[PATH_MAX + 256];
	char work_name[NAME_MAX + 1];
	int folder;

	if ((size_t)snprintf(parent, sizeof(parent), HOST "%s", spec->upper_parent) >= sizeof(parent) ||
	    (size_t)snprintf(work_name, sizeof(work_name), "%s.work", spec->upper_name) >= sizeof(work_name) ||
	    (size_t)snprintf(upper, sizeof(upper), "%s/%s", parent, spec->upper_name) >= sizeof(upper) ||
	    (size_t)snprintf(work, sizeof(work), "%s/%s", parent, work_name) >= sizeof(work)) {
		errno = ENAMETOOLONG;
		refuse_errno("mount the workspace", spec->upper_parent);
	}

	/* What an earlier mount left, its mark of an unclean end above all, would forbid this one. */
	folder = open_folder(parent);

	if (remove_tree(folder, work_name) < 0 || mkdirat(folder, work_name, 0700) < 0)
		refuse_errno("make anew", work);

	close(folder);
	mount_overlay(spec, lower, upper, work);
	message_isolation("workspace", "full", "overlay: the base is never written, changes go to a folder on disk");
	return require_attributes(upper, lower);
}

static int changes_in_copy(const struct spec *spec)
{
	char path[PATH_MAX];

	on_host(path, sizeof(path), spec->copy);
	bind_new(spec->copy, WORKSPACE, BIND_WRITABLE);
	message_isolation("workspace", "weaker", "a copy of the base, on disk: its file system cannot hold an overlay's changes");
	return open_folder(path);
}

static int changes_in_memory(const struct spec *spec, const char *lower)
{
	long long bytes = spec->disk < spec->memory / 2 ? spec->disk : spec->memory / 2;
	int measured;

	make_folder(IN_MEMORY, 0700);
	mount_temporary(IN_MEMORY, bytes, spec->inodes, 0700);
	make_folder(IN_MEMORY "/upper", 0755);
	make_folder(IN_MEMORY "/work", 0700);
	mount_overlay(spec, lower, IN_MEMORY "/upper", IN_MEMORY "/work");
	measured = open(IN_MEMORY, O_PATH | O_DIRECTORY | O_CLOEXEC);
	detach(IN_MEMORY);
	(void)rmdir(IN_MEMORY);
	message_isolation("workspace", "full", "overlay: the base is never written, changes stay in memory");
	message_isolation("disk", "full", "tmpfs of %lld bytes and %lld files", bytes, (long long)spec->inodes);
	return measured;
}

int workspace_build(const struct spec *spec)
{
	char lower[PATH_MAX];

	if (spec->copy)
		return changes_in_copy(spec);

	on_host(lower, sizeof(lower), spec->lower);
	return spec->upper_parent ? changes_on_disk(spec, lower) : changes_in_memory(spec, lower);
}

void workspace_clean(const struct spec *spec)
{
	char name[NAME_MAX + 1];
	int folder;

	if (!spec->upper_parent || (size_t)snprintf(name, sizeof(name), "%s.work", spec->upper_name) >= sizeof(name))
		return;

	folder = open(spec->upper_parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* What stays is cleared by the next mount, or with the run's folder. */
	if (folder >= 0 && remove_tree(folder, name) < 0)
		errno = 0;

	if (folder >= 0)
		close(folder);
}
