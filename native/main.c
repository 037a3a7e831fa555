/*
 * rf-sandbox CONTROL-SOCKET
 *
 * Builds one sandbox: reads what is asked for from the control socket, makes the walls, starts the command, records what is executed, keeps the
 * limits, and ends when nothing of it is left. Started by Ringfence's supervisor with an empty environment; descriptors 0 to 2 are the command's.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executable.h"
#include "init.h"
#include "limits.h"
#include "monitor.h"
#include "protocol.h"

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

static void keep_only_standard_streams(void)
{
	if (syscall(SYS_close_range, 3u, ~0u, 0u) < 0)
		_exit(124);

	for (int i = 0; i < 3; i++) {
		if (fcntl(i, F_GETFD) < 0 && open("/dev/null", O_RDWR) != i)
			_exit(124);
	}
}

/* Children are waited for through a descriptor; a signal from outside ends us by its default, and the sandbox with us. */
static void block_child_signals(void)
{
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	(void)sigprocmask(SIG_SETMASK, &children, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
}

static void raise_open_files(void)
{
	struct rlimit limit;

	/* One descriptor for each process inside. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static pid_t start_init(int *descriptor)
{
	struct clone_args arguments = { .flags = NAMESPACES | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)descriptor, .exit_signal = SIGCHLD };
	pid_t init = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (init < 0)
		refuse("sandbox_unavailable",
		       "Allow unprivileged user namespaces: on Ubuntu install the shipped AppArmor profile, elsewhere set user.max_user_namespaces above 0; in a "
		       "container allow clone with CLONE_NEWUSER.",
		       "The sandbox cannot have namespaces of its own: %s.", strerror(errno));

	return init;
}

static int open_user_namespace(pid_t init)
{
	char path[64];
	int descriptor;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)init);
	descriptor = open(path, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		refuse_errno("open", path);

	return descriptor;
}

static void leave_standard_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		(void)dup2(null, i);

	if (null > 2)
		close(null);
}

int main(int count, char **arguments)
{
	static struct spec spec;
	unsigned int user = geteuid();
	unsigned int group = getegid();
	int sockets[2];
	int descriptor = -1;
	int user_namespace;
	pid_t init;

	if (count != 2)
		return 124;

	keep_only_standard_streams();
	block_child_signals();
	control_connect(arguments[1]);
	spec_read(&spec);
	raise_open_files();
	executable_know(&spec);

	/* Groups of the launcher's user would open files of the host inside; only root can leave them. */
	if (user == 0 && setgroups(0, NULL) < 0)
		refuse_errno("leave its groups", "");

	limits_prepare(&spec);

	if (message_flush() < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		refuse_errno("talk to its first process", "");

	init = start_init(&descriptor);

	if (init == 0) {
		close(sockets[0]);
		init_run(&spec, sockets[1], user, group);
	}

	close(sockets[1]);
	leave_standard_streams();
	user_namespace = open_user_namespace(init);
	limits_enter(init);
	message_descriptor("init", descriptor);

	if (descriptor_send(sockets[0], INIT_ALIVE, 0, -1) < 0)
		refuse_errno("start its first process", "");

	monitor_run(&spec, init, descriptor, sockets[0], user_namespace);
	return 0;
}
