#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mounts.h"
#include "network.h"
#include "privileges.h"
#include "protocol.h"
#include "seccomp.h"

#define INSIDE_ID 1000

static void write_map(const char *path, const char *content)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, content, strlen(content)) != (ssize_t)strlen(content))
		refuse("sandbox_unavailable",
		       "Allow unprivileged user namespaces: on Ubuntu install the shipped AppArmor profile, elsewhere set user.max_user_namespaces above 0.",
		       "The sandbox cannot become a user of its own (%s): %s.", path, strerror(errno));

	close(file);
}

static void become_inside_user(unsigned int outside_user, unsigned int outside_group)
{
	char map[64];

	write_map("/proc/self/setgroups", "deny");
	(void)snprintf(map, sizeof(map), "%d %u 1", INSIDE_ID, outside_user);
	write_map("/proc/self/uid_map", map);
	(void)snprintf(map, sizeof(map), "%d %u 1", INSIDE_ID, outside_group);
	write_map("/proc/self/gid_map", map);
}

static void limit(int resource, rlim_t value, const char *what)
{
	struct rlimit present;
	struct rlimit wanted = { .rlim_cur = value, .rlim_max = value };

	/* Ours may already be lower; it is never raised. */
	if (getrlimit((__rlimit_resource_t)resource, &present) == 0 && present.rlim_max < value)
		wanted.rlim_cur = wanted.rlim_max = present.rlim_max;

	if (setrlimit((__rlimit_resource_t)resource, &wanted) < 0)
		refuse_errno("limit", what);
}

static void set_limits(const struct spec *spec)
{
	limit(RLIMIT_CORE, 0, "core files");
	limit(RLIMIT_NOFILE, (rlim_t)spec->open_files, "open files");

	/* Pid 1 and the disk's watcher count, too. */
	limit(RLIMIT_NPROC, (rlim_t)spec->processes + 2, "processes");
	limit(RLIMIT_FSIZE, (rlim_t)spec->disk, "file sizes");
	limit(RLIMIT_MEMLOCK, 8u << 20, "locked memory");
	limit(RLIMIT_MSGQUEUE, 819200, "message queues");
	limit(RLIMIT_SIGPENDING, 4096, "pending signals");
	limit(RLIMIT_RTPRIO, 0, "priorities");
	limit(RLIMIT_NICE, 0, "priorities");
	message_isolation("open files", "full", "%lld for each process", (long long)spec->open_files);
}

static void hand_over(int monitor, char tag, int descriptor)
{
	if (descriptor < 0)
		return;

	if (descriptor_send(monitor, tag, 0, descriptor) < 0)
		_exit(125);

	close(descriptor);
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The master goes to the supervisor; no process inside has it, and the session is new, so nothing can push input into somebody's terminal. */
static void open_terminal(const struct spec *spec)
{
	struct winsize size = { .ws_row = spec->rows, .ws_col = spec->columns };
	char name[32];
	int number;
	int unlocked = 0;
	int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		refuse_errno("open a terminal", "");

	(void)snprintf(name, sizeof(name), "/dev/pts/%d", number);
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0 || dup2(slave, 0) < 0 || dup2(slave, 1) < 0 || dup2(slave, 2) < 0)
		refuse_errno("open a terminal", name);

	message_descriptor("terminal", master);
	close(master);
	close(slave);
}

static _Noreturn void run_command(const struct spec *spec, int monitor)
{
	int listener;
	int error;

	if (setsid() < 0 || (spec->terminal && ioctl(0, TIOCSCTTY, 0) < 0))
		refuse_errno("start a session", "");

	if (chdir(spec->directory) < 0)
		refuse("sandbox_command", "Create it in the workspace or choose another.", "The working directory %s does not exist inside the sandbox.",
		       spec->directory);

	(void)umask(022);
	reset_signals();
	(void)message_flush();
	close(control_socket);

	/* Its own memory, until the command replaces it, may be read by the monitor only: nobody else is inside yet. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	listener = seccomp_install();

	/* The report of a filter that failed cannot go by the control socket any more. */
	if (listener < 0 || descriptor_send(monitor, INIT_LISTENER, 0, listener) < 0) {
		(void)descriptor_send(monitor, INIT_NO_COMMAND, errno, -1);
		_exit(125);
	}

	close(listener);
	environ = spec->environment;
	(void)execvpe(spec->command[0], spec->command, spec->environment);
	error = errno;
	(void)descriptor_send(monitor, INIT_NO_COMMAND, error, -1);
	_exit(127);
}

static _Noreturn void reap(pid_t command, int monitor)
{
	for (;;) {
		int status;
		pid_t ended = wait(&status);

		if (ended < 0 && errno == EINTR)
			continue;

		if (ended == command) {
			(void)descriptor_send(monitor, INIT_ENDED, status, -1);

			/* Whatever the command left behind goes with us. */
			_exit(0);
		}

		if (ended < 0)
			_exit(0);
	}
}

static void close_standard_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		(void)dup2(null, i);

	if (null > 2)
		close(null);
}

static void die_with_monitor(int monitor)
{
	char tag;
	int value;
	int descriptor;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		refuse_errno("die with its monitor", "");

	/* It may have died before that was set; then nobody answers. */
	if (descriptor_send(monitor, INIT_ALIVE, 0, -1) < 0 || descriptor_receive(monitor, &tag, &value, &descriptor) < 0)
		_exit(125);
}

void init_run(const struct spec *spec, int monitor, unsigned int outside_user, unsigned int outside_group)
{
	struct measured measured = { -1, -1, -1 };
	char tag;
	int value;
	int unused;
	pid_t command;

	/* The monitor lets us go once we are inside the control groups. */
	if (descriptor_receive(monitor, &tag, &value, &unused) < 0)
		_exit(125);

	become_inside_user(outside_user, outside_group);

	if (sethostname("sandbox", 7) < 0)
		refuse_errno("name its host", "");

	network_build(spec);
	mounts_build(spec, &measured);
	hand_over(monitor, INIT_PROCESSES, measured.processes);
	hand_over(monitor, INIT_TEMPORARY, measured.temporary);
	hand_over(monitor, INIT_UPPER, measured.upper);

	if (spec->terminal)
		open_terminal(spec);

	mounts_seal();
	landlock_restrict(spec);
	set_limits(spec);
	privileges_drop();
	die_with_monitor(monitor);
	message_isolation("identity", "full", "user 1000 of its own namespaces: user, mount, pid, net, ipc, uts, cgroup; no capability, no new privileges");
	message_isolation("system calls", "full", "filtered: no namespaces, mounts, tracing, keyrings, io_uring, bpf, odd socket families or foreign calls");

	if (message_flush() < 0)
		_exit(125);

	command = fork();

	if (command < 0)
		refuse_errno("start a process", "");

	if (command == 0)
		run_command(spec, monitor);

	close(control_socket);
	close_standard_streams();
	reap(command, monitor);
}
