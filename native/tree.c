#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol.h"

static int open_how(int parent, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC), .resolve = resolve };

	return (int)syscall(SYS_openat2, parent, path, &how, sizeof(how));
}

/* Symbolic links of the host are followed as the host would, never into the new root. */
static int open_source(const char *path, unsigned int flags)
{
	int root = open((flags & BIND_INSIDE) ? "/" : HOST, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int source = root < 0 ? -1 : open_how(root, path, O_PATH, RESOLVE_IN_ROOT);
	int error = errno;

	if (root >= 0)
		close(root);

	errno = error;
	return source;
}

static int open_target(const char *path)
{
	return open_how(AT_FDCWD, path, O_PATH, RESOLVE_NO_SYMLINKS);
}

static void attach(int source, const char *name, const char *target, unsigned int flags)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_NOSUID };
	int tree = open_tree(source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	int place;

	if (tree < 0)
		refuse_errno("show", name);

	if (flags & BIND_READ_ONLY)
		attributes.attr_set |= MOUNT_ATTR_RDONLY;
	if (!(flags & BIND_DEVICES))
		attributes.attr_set |= MOUNT_ATTR_NODEV;
	if (flags & BIND_NO_EXECUTE)
		attributes.attr_set |= MOUNT_ATTR_NOEXEC;

	/* Before it is attached: there is no moment at which it could be written. */
	if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
		refuse_errno("protect", name);

	place = open_target(target);

	if (place < 0 || move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		refuse_errno("mount at", target);

	close(place);
	close(tree);
}

static bool bind_to(const char *source, const char *target, unsigned int flags, bool make)
{
	struct stat status;
	int opened = open_source(source, flags);

	if (opened < 0 && (flags & BIND_OPTIONAL))
		return false;

	if (opened < 0 || fstat(opened, &status) < 0)
		refuse_errno("open", source);

	if (make) {
		if (S_ISDIR(status.st_mode)) {
			make_folders(target, 0755);
		} else {
			const char *name;
			int parent = open_parent(target, &name);
			int file = openat(parent, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

			if (file < 0)
				refuse_errno("make", target);

			close(file);
			close(parent);
		}
	}

	attach(opened, source, target, flags);
	close(opened);
	return true;
}

bool bind_over(const char *source, const char *target, unsigned int flags)
{
	return bind_to(source, target, flags, false);
}

bool bind_new(const char *source, const char *target, unsigned int flags)
{
	return bind_to(source, target, flags, true);
}

int open_parent(const char *path, const char **name)
{
	int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *part = path;

	if (folder < 0)
		refuse_errno("open", "/");

	while (*part == '/')
		part++;

	for (const char *slash = strchr(part, '/'); slash; slash = strchr(part, '/')) {
		char component[NAME_MAX + 1];
		size_t length = (size_t)(slash - part);
		int next;

		if (length == 0 || length > NAME_MAX) {
			errno = ENAMETOOLONG;
			refuse_errno("make", path);
		}

		memcpy(component, part, length);
		component[length] = 0;

		if (mkdirat(folder, component, 0755) < 0 && errno != EEXIST && errno != EROFS)
			refuse_errno("make the folder of", path);

		next = openat(folder, component, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0)
			refuse_errno("make the folder of", path);

		close(folder);
		folder = next;
		part = slash + 1;
	}

	*name = part;
	return folder;
}

void make_folders(const char *path, unsigned int mode)
{
	const char *name;
	int parent = open_parent(path, &name);

	if (*name && mkdirat(parent, name, mode) < 0 && errno != EEXIST)
		refuse_errno("make the folder", path);

	close(parent);
}

void make_folder(const char *path, unsigned int mode)
{
	if (mkdir(path, mode) < 0 || chmod(path, mode) < 0)
		refuse_errno("make the folder", path);
}

void make_link(const char *target, const char *path)
{
	if (symlink(target, path) < 0)
		refuse_errno("make the link", path);
}

static void write_all(int file, const char *content, size_t length, const char *path)
{
	while (length > 0) {
		ssize_t written = write(file, content, length);

		if (written < 0 && errno == EINTR)
			continue;

		if (written < 0)
			refuse_errno("write", path);

		content += written;
		length -= (size_t)written;
	}
}

void make_file(const char *path, const void *content, size_t length, unsigned int mode)
{
	const char *name;
	int parent = open_parent(path, &name);
	int file = openat(parent, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (file < 0)
		refuse_errno("make", path);

	write_all(file, content, length, path);

	if (fchmod(file, mode) < 0)
		refuse_errno("make", path);

	close(file);
	close(parent);
}

void make_text(const char *path, const char *content)
{
	make_file(path, content, strlen(content), 0644);
}

void mount_temporary(const char *target, long long bytes, long long inodes, unsigned int mode)
{
	char options[96];

	(void)snprintf(options, sizeof(options), "size=%lld,nr_inodes=%lld,mode=%o", bytes, inodes, mode);
	mount_plain("tmpfs", target, MS_NOSUID | MS_NODEV, options);
}

void mount_plain(const char *type, const char *target, unsigned long flags, const char *options)
{
	if (mount(type, target, type, flags, options) < 0)
		refuse_errno("mount", target);
}

void detach(const char *target)
{
	if (umount2(target, MNT_DETACH) < 0)
		refuse_errno("let go of", target);
}
