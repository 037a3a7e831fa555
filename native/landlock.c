#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privileges.h"
#include "protocol.h"

/* Our own names: a kernel's headers may be older than the kernel. */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define QUERY_VERSION 1u
#define PATH_BENEATH 1

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)
#define FS_FIRST_ABI ((1ull << 13) - 1)
#define FS_MAKE_CHAR (1ull << 6)
#define FS_MAKE_BLOCK (1ull << 11)

#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)

struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static void allow(int ruleset, const char *path, uint64_t rights, uint64_t handled)
{
	struct path_rule rule = { .allowed = rights & handled, .parent = open(path, O_PATH | O_CLOEXEC) };
	struct stat status;

	if (rule.parent < 0 || fstat(rule.parent, &status) < 0)
		refuse_errno("set path rules for", path);

	if (!S_ISDIR(status.st_mode))
		rule.allowed &= FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV;

	if (syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0) < 0)
		refuse_errno("set path rules for", path);

	close(rule.parent);
}

void landlock_restrict(const struct spec *spec)
{
	static const char *const writable[] = { "/workspace", "/home/agent", "/tmp", "/var/tmp", "/dev/shm" };
	long version = syscall(CREATE_RULESET, NULL, 0, QUERY_VERSION);
	uint64_t all = FS_FIRST_ABI | (version >= 2 ? FS_REFER : 0) | (version >= 3 ? FS_TRUNCATE : 0) | (version >= 5 ? FS_IOCTL_DEV : 0);
	uint64_t reading = FS_EXECUTE | FS_READ_FILE | FS_READ_DIR;
	uint64_t devices = reading | FS_WRITE_FILE | FS_IOCTL_DEV | FS_TRUNCATE;
	uint64_t writing = all & ~(FS_MAKE_CHAR | FS_MAKE_BLOCK);
	struct ruleset attributes = { .handled_fs = all, .scoped = version >= 6 ? SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL : 0 };
	size_t size = version >= 6 ? sizeof(attributes) : version >= 4 ? 16 : 8;
	int ruleset;

	/* The second wall of the file system; the first is the mounts, which hold without it. */
	if (version < 1) {
		message_isolation("landlock", "missing", "this kernel offers none; read-only mounts hold without it");
		return;
	}

	ruleset = (int)syscall(CREATE_RULESET, &attributes, size, 0);

	if (ruleset < 0)
		refuse_errno("set path rules", "");

	allow(ruleset, "/", reading, all);
	allow(ruleset, "/dev", devices, all);
	allow(ruleset, "/proc", devices, all);

	for (size_t i = 0; i < sizeof(writable) / sizeof(*writable); i++)
		allow(ruleset, writable[i], writing, all);

	for (size_t i = 0; i < spec->mount_count; i++) {
		if (spec->mounts[i].writable)
			allow(ruleset, spec->mounts[i].target, writing, all);
	}

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(RESTRICT_SELF, ruleset, 0) < 0)
		refuse_errno("enter its path rules", "");

	close(ruleset);
	message_isolation("landlock", version >= 6 ? "full" : "weaker", "version %ld of the kernel's rules", version);
}
