#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "etc.h"
#include "files.h"
#include "proc.h"
#include "protocol.h"
#include "tree.h"
#include "workspace.h"

#define TEMPORARY "/.temporary"
#define ROOT_BYTES (64ll << 20)
#define ROOT_INODES 20000
#define TEMPORARY_INODES 400000

static void enter_empty_root(void)
{
	if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		refuse_errno("keep its mounts to itself", "");

	/* Any folder that every Linux has; the host is only seen from here on. */
	mount_temporary("/tmp", ROOT_BYTES, ROOT_INODES, 0755);

	if (mkdir("/tmp" HOST, 0700) < 0 || syscall(SYS_pivot_root, "/tmp", "/tmp" HOST) < 0 || chdir("/") < 0)
		refuse_errno("change its root", "");
}

/* What is a link on the host stays one; a real folder (on systems that keep /bin apart) is shown. */
static void show_system(void)
{
	static const char *const folders[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

	bind_new("/usr", "/usr", BIND_READ_ONLY);

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		char host[32];
		char target[256];
		ssize_t length;

		(void)snprintf(host, sizeof(host), HOST "%s", folders[i]);
		length = readlink(host, target, sizeof(target) - 1);

		if (length > 0) {
			target[length] = 0;
			make_link(target, folders[i]);
		} else {
			bind_new(folders[i], folders[i], BIND_READ_ONLY | BIND_OPTIONAL);
		}
	}
}

static void make_devices(void)
{
	static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty" };

	make_folder("/dev", 0755);

	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		bind_new(devices[i], devices[i], BIND_WRITABLE | BIND_DEVICES | BIND_NO_EXECUTE);

	make_folder("/dev/pts", 0755);
	mount_plain("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
	make_link("pts/ptmx", "/dev/ptmx");
	make_link("/proc/self/fd", "/dev/fd");
	make_link("/proc/self/fd/0", "/dev/stdin");
	make_link("/proc/self/fd/1", "/dev/stdout");
	make_link("/proc/self/fd/2", "/dev/stderr");
}

static void share_temporary(const char *part, const char *target, unsigned int mode)
{
	char source[64];

	(void)snprintf(source, sizeof(source), TEMPORARY "/%s", part);
	make_folder(source, mode);
	bind_new(source, target, BIND_WRITABLE | BIND_INSIDE);
}

static int measure(const char *path)
{
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* One file system for all of them, so that one size limits their sum. */
static void make_temporary(const struct spec *spec, struct measured *measured)
{
	/* Its pages count against the memory limit: it must not be able to use that up alone. */
	long long bytes = spec->temporary < spec->memory / 2 ? spec->temporary : spec->memory / 2;

	make_folder(TEMPORARY, 0755);
	mount_temporary(TEMPORARY, bytes, TEMPORARY_INODES, 0755);
	share_temporary("tmp", "/tmp", 01777);
	share_temporary("var-tmp", "/var/tmp", 01777);
	share_temporary("shm", "/dev/shm", 01777);
	share_temporary("home", "/home/agent", 0755);

	if (!spec->lower)
		share_temporary("workspace", "/workspace", 0755);

	measured->temporary = measure(TEMPORARY);
	detach(TEMPORARY);
	(void)rmdir(TEMPORARY);
	message_isolation("temporary", "full", "home and temporary folders: tmpfs of %lld bytes, gone with the sandbox", bytes);
}

static void show_requested(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct mount_request *request = &spec->mounts[i];

		bind_new(request->source, request->target, request->writable ? BIND_WRITABLE : BIND_READ_ONLY);
	}
}

void mounts_build(const struct spec *spec, struct measured *measured)
{
	enter_empty_root();
	show_system();
	etc_build(spec);
	make_devices();
	make_temporary(spec, measured);
	make_folder(STAGE, 0700);
	mount_temporary(STAGE, ROOT_BYTES, ROOT_INODES, 0700);
	proc_build();
	measured->processes = measure("/proc");

	if (spec->lower)
		measured->upper = workspace_build(spec);

	show_requested(spec);
	files_place(spec);
	message_isolation("file system", "full", "own root on tmpfs, /usr read-only without set-id and devices, minimal /dev, synthetic /etc");
}

void mounts_seal(void)
{
	static const char *const scaffold[] = { HOST, STAGE };

	for (size_t i = 0; i < sizeof(scaffold) / sizeof(*scaffold); i++) {
		detach(scaffold[i]);

		if (rmdir(scaffold[i]) < 0)
			refuse_errno("let go of", scaffold[i]);
	}

	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
		refuse_errno("make its root", "read-only");
}
