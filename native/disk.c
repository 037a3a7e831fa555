#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

#define SHORTEST_PAUSE 500

/* One descriptor and a few hundred bytes of stack for each level. What lies deeper, or cannot be opened for want of descriptors, is not measured,
 * so it counts as more than any limit. */
#define DEEPEST 4096
#define UNMEASURED (INT64_MAX / 4)

struct sum {
	int64_t bytes;
	int64_t files;
};

static void add_folder(int folder, struct sum *sum, int depth)
{
	DIR *entries = depth > DEEPEST ? NULL : fdopendir(folder);

	if (!entries) {
		sum->bytes = UNMEASURED;
		close(folder);
		return;
	}

	for (const struct dirent *entry = readdir(entries); entry && sum->bytes < UNMEASURED; entry = readdir(entries)) {
		struct stat status;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;

		sum->files++;
		sum->bytes += (int64_t)status.st_blocks * 512;

		if (S_ISDIR(status.st_mode)) {
			int next = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (next >= 0)
				add_folder(next, sum, depth + 1);
			else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
				sum->bytes = UNMEASURED;
		}
	}

	closedir(entries);
}

static int64_t milliseconds(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static struct sum measure(int upper, const char *path)
{
	struct sum sum = { 0 };
	int folder = openat(upper, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder >= 0)
		add_folder(folder, &sum, 0);

	return sum;
}

static _Noreturn void watch(const struct spec *spec, int upper)
{
	/* A copy holds the base, too, which is nobody's change. */
	const struct sum base = spec->copy ? measure(AT_FDCWD, spec->lower) : (struct sum){ 0 };

	for (;;) {
		int64_t begun = milliseconds();
		int64_t pause;
		struct timespec duration;
		struct sum sum = measure(upper, ".");

		if (sum.bytes - base.bytes > spec->disk || sum.files - base.files > spec->inodes)
			_exit(DISK_FULL);

		/* A tenth of a processor at most. */
		pause = (milliseconds() - begun) * 9;

		if (pause < SHORTEST_PAUSE)
			pause = SHORTEST_PAUSE;

		duration = (struct timespec){ .tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000 };
		(void)nanosleep(&duration, NULL);
	}
}

pid_t disk_watch(const struct spec *spec, int upper, int user_namespace)
{
	pid_t parent = getpid();
	pid_t watcher = fork();

	if (watcher == 0) {
		sigset_t none;

		sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		close(control_socket);

		/* There it may look into folders that the agent made unreadable. */
		if (setns(user_namespace, CLONE_NEWUSER) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
			_exit(1);

		watch(spec, upper);
	}

	close(upper);
	message_isolation("disk", "weaker", "%lld bytes and %lld files on disk, measured every half second or slower: a fast writer passes the limit for moments",
			  (long long)spec->disk, (long long)spec->inodes);
	return watcher;
}
