#include "record.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "digest.h"
#include "executable.h"
#include "protocol.h"
#include "table.h"

#define KEPT_ARGUMENTS 4096
#define DEEPEST_FAMILY 64

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1ul
#endif

/* As the kernel has it since 6.15; headers may be older. */
struct process_info {
	uint64_t mask;
	uint64_t group;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define PROCESS_INFO _IOWR(0xff, 11, struct process_info)
#define INFO_PID 1ull
#define INFO_EXIT 8ull

struct command {
	struct entry entry;
	int descriptor;
	long long number;
	long long parent;
	int64_t started;
	int64_t ended;
	int64_t wall_started;
	int64_t wall_ended;
};

static struct report *reports;
static size_t reports_size;
static size_t reports_kept;
static size_t reports_taken;

static struct table commands;
static struct table seized;
static int listener = -1;
static int poller = -1;
static long long count;

static int64_t read_clock(clockid_t clock)
{
	struct timespec time;

	(void)clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void record_begin(int listener_descriptor, int poll_descriptor)
{
	listener = listener_descriptor;
	poller = poll_descriptor;

	/* We and the task that waits for us on one processor: a third faster. Kernels before 6.6 do not know it. */
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

long long record_count(void)
{
	return count;
}

/* Runs between a system call of ours and its restart, never beside other code: the signal is blocked everywhere else. */
static void keep_reports(int signal)
{
	int error = errno;

	(void)signal;

	while (reports_kept < reports_size) {
		struct report *report = &reports[reports_kept];

		report->child = wait4(-1, &report->status, __WALL | WNOHANG, &report->used);

		if (report->child <= 0)
			break;

		reports_kept++;
	}

	errno = error;
}

void record_prepare(size_t most_children)
{
	struct sigaction action = { .sa_handler = keep_reports, .sa_flags = SA_RESTART };

	reports_size = most_children;
	reports = calloc(reports_size, sizeof(*reports));

	if (!reports || sigaction(SIGCHLD, &action, NULL) < 0)
		refuse_errno("follow its processes", "");
}

bool record_take(struct report *report)
{
	if (reports_taken < reports_kept) {
		*report = reports[reports_taken++];
		return true;
	}

	reports_taken = reports_kept = 0;
	report->child = wait4(-1, &report->status, __WALL | WNOHANG, &report->used);
	return report->child > 0;
}

/*
 * A thread that executes holds a lock until its sibling threads are reaped; seizing one of them waits for that lock, and if another was seized
 * before, it is we who must reap it. So reports are taken while we wait: the signal interrupts the wait, and the kernel starts it anew.
 */
static long seize_while_reaping(pid_t task)
{
	sigset_t children;
	long result;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	(void)sigprocmask(SIG_UNBLOCK, &children, NULL);
	result = ptrace(PTRACE_SEIZE, task, NULL, PTRACE_O_TRACEEXEC);
	(void)sigprocmask(SIG_BLOCK, &children, NULL);
	return result;
}

static bool seize(pid_t task)
{
	struct entry *entry;

	/* An earlier execve of this task failed (a search along PATH); it is still ours. */
	if (table_find(&seized, task))
		return true;

	if (seize_while_reaping(task) < 0)
		return false;

	entry = calloc(1, sizeof(*entry));

	if (!entry)
		abort();

	table_add(&seized, task, entry);
	return true;
}

void record_notification(void)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return;

	response.id = request.id;

	/* Seized before it goes on. What cannot be recorded does not happen. */
	if (seize((pid_t)request.pid))
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		response.error = -EPERM;

	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void release(pid_t task)
{
	free(table_remove(&seized, task));
}

static ssize_t read_link(pid_t process, const char *name, char *target, size_t size)
{
	char path[64];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)process, name);
	length = readlink(path, target, size);
	return length < 0 ? 0 : length;
}

/* The parent as the kernel has it; 0 when the process is gone. */
static pid_t parent_of(pid_t process)
{
	char path[64];
	char text[512];
	const char *position;
	ssize_t length;
	int file;
	int parent = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)process);
	file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return 0;

	length = read(file, text, sizeof(text) - 1);
	close(file);

	if (length <= 0)
		return 0;

	text[length] = 0;
	position = strrchr(text, ')');

	if (position && sscanf(position + 1, " %*c %d", &parent) != 1)
		parent = 0;

	return parent;
}

static pid_t direct_parent(int descriptor, pid_t process)
{
	struct process_info info = { .mask = INFO_PID };

	if (ioctl(descriptor, PROCESS_INFO, &info) == 0 && (info.mask & INFO_PID))
		return (pid_t)info.ppid;

	return parent_of(process);
}

/* The command of the nearest ancestor that executed one: a subshell forks without an execve. */
static long long parent_command(int descriptor, pid_t process)
{
	pid_t ancestor = direct_parent(descriptor, process);

	for (int depth = 0; ancestor > 1 && depth < DEEPEST_FAMILY; depth++) {
		const struct command *command = table_find(&commands, ancestor);

		if (command)
			return command->number;

		ancestor = parent_of(ancestor);
	}

	return 0;
}

static unsigned long stack_pointer(pid_t process)
{
	struct user_regs_struct registers;
	struct iovec place = { .iov_base = &registers, .iov_len = sizeof(registers) };

	if (ptrace(PTRACE_GETREGSET, process, (void *)NT_PRSTATUS, &place) < 0)
		return 0;

#if defined(__x86_64__)
	return registers.rsp;
#else
	return registers.sp;
#endif
}

/*
 * How many arguments the program was given: the first word on its stack. The area of the arguments alone does not tell: a text that another
 * thread shortened while the kernel copied it leaves a piece behind that looks like one argument more.
 */
static unsigned long argument_count(pid_t process)
{
	unsigned long pointer = stack_pointer(process);
	long number;

	errno = 0;
	number = pointer ? ptrace(PTRACE_PEEKDATA, process, (void *)pointer, NULL) : -1;
	return errno || number < 0 ? ULONG_MAX : (unsigned long)number;
}

/* Cuts off what lies behind the last argument; returns the length that is left. */
static size_t within_arguments(const char *piece, size_t length, unsigned long *left)
{
	for (size_t i = 0; i < length; i++) {
		if (*left == 0)
			return i;

		if (piece[i] == 0)
			(*left)--;
	}

	return length;
}

static void write_arguments(pid_t process)
{
	static char piece[64 * 1024];
	char kept[KEPT_ARGUMENTS];
	unsigned char result[DIGEST_LENGTH];
	struct digest digest;
	unsigned long left = argument_count(process);
	size_t total = 0;
	size_t shown = 0;
	char path[64];
	int file;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)process);
	file = open(path, O_RDONLY | O_CLOEXEC);
	digest_begin(&digest);

	for (;;) {
		ssize_t got = file < 0 ? 0 : read(file, piece, sizeof(piece));
		size_t length;

		if (got < 0 && errno == EINTR)
			continue;

		length = got <= 0 ? 0 : within_arguments(piece, (size_t)got, &left);

		if (length == 0)
			break;

		if (shown < sizeof(kept)) {
			size_t part = sizeof(kept) - shown < length ? sizeof(kept) - shown : length;

			memcpy(kept + shown, piece, part);
			shown += part;
		}

		digest_add(&digest, piece, length);
		total += length;

		/* The last argument has ended: there is no need to read on to the end. */
		if (left == 0)
			break;
	}

	if (file >= 0)
		close(file);

	digest_end(&digest, result);
	message_bytes(kept, shown);
	message_number(total > shown);
	message_bytes(result, sizeof(result));
}

static void report_started(const struct command *command)
{
	char path[PATH_MAX];
	unsigned char digest[DIGEST_LENGTH];
	pid_t process = command->entry.key;

	/* Before the message begins: it may tell of a new digest by a message of its own. */
	size_t digest_length = executable_digest(process, digest);

	message_begin('S');
	message_number(command->number);
	message_number(process);
	message_number(command->parent);
	message_bytes(path, (size_t)read_link(process, "exe", path, sizeof(path)));
	message_bytes(digest, digest_length);
	write_arguments(process);
	message_bytes(path, (size_t)read_link(process, "cwd", path, sizeof(path)));
	message_number(command->wall_started);
	message_end();
}

static void report_finished(const struct command *command, bool known, int status, long long replaced_by)
{
	bool signalled = known && WIFSIGNALED(status);
	int64_t ended = command->ended ? command->ended : now();

	message_begin('X');
	message_number(command->number);
	message_number(known);
	message_number(known && !signalled ? WEXITSTATUS(status) : -1);
	message_number(signalled ? WTERMSIG(status) : 0);
	message_number(ended - command->started);
	message_number(replaced_by);
	message_number(command->ended ? command->wall_ended : read_clock(CLOCK_REALTIME));
	message_end();
}

static void finish(struct command *command, bool known, int status)
{
	report_finished(command, known, status, 0);
	(void)table_remove(&commands, command->entry.key);
	close(command->descriptor);
	free(command);
}

static bool has_ended(const struct command *command)
{
	struct pollfd poll_descriptor = { .fd = command->descriptor, .events = POLLIN };

	return poll(&poll_descriptor, 1, 0) > 0;
}

/* Tells the exit status once the process was reaped; before 6.15 nobody but its parent learns it. */
static void check_ended(struct command *command, bool gone)
{
	struct process_info info = { .mask = INFO_EXIT };
	int result = ioctl(command->descriptor, PROCESS_INFO, &info);

	if (!command->ended) {
		command->ended = now();
		command->wall_ended = read_clock(CLOCK_REALTIME);
	}

	if (result == 0 && (info.mask & INFO_EXIT))
		finish(command, true, info.exit_code);
	else if (gone || (result < 0 && errno != ESRCH))
		finish(command, false, 0);
}

static void watch(struct command *command)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = RECORD_PROCESS | (uint32_t)command->entry.key };

	if (epoll_ctl(poller, EPOLL_CTL_ADD, command->descriptor, &event) < 0)
		abort();
}

static void executed(pid_t process)
{
	struct command *command = table_find(&commands, process);

	/* The number may be that of another process by now, whose end we have not seen yet. */
	if (command && has_ended(command)) {
		check_ended(command, true);
		command = table_find(&commands, process);
	}

	count++;

	if (command) {
		command->ended = 0;
		report_finished(command, false, 0, count);
	} else {
		command = calloc(1, sizeof(*command));

		if (!command)
			abort();

		command->descriptor = (int)syscall(SYS_pidfd_open, process, 0);

		if (command->descriptor < 0)
			abort();

		command->parent = parent_command(command->descriptor, process);
		table_add(&commands, process, &command->entry);
		watch(command);
	}

	/* The clock of a file's change time, which lags by up to a tick: so nothing that this program changes has a time before its start. */
	command->number = count;
	command->started = now();
	command->wall_started = read_clock(CLOCK_REALTIME_COARSE);
	report_started(command);
}

void record_stopped(pid_t task, int status)
{
	int event = status >> 16;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		release(task);
		return;
	}

	if (event == PTRACE_EVENT_EXEC) {
		unsigned long former = 0;

		/* A thread that executes becomes the leader: its own number is gone. */
		if (ptrace(PTRACE_GETEVENTMSG, task, NULL, &former) == 0 && (pid_t)former != task)
			release((pid_t)former);

		executed(task);
		release(task);
		(void)ptrace(PTRACE_DETACH, task, NULL, NULL);
	} else if (event == PTRACE_EVENT_STOP) {
		int stop = WSTOPSIG(status);

		/* A stop of the whole group (job control) goes on being one; everything else was our own doing. */
		if (stop == SIGSTOP || stop == SIGTSTP || stop == SIGTTIN || stop == SIGTTOU)
			(void)ptrace(PTRACE_LISTEN, task, NULL, NULL);
		else
			(void)ptrace(PTRACE_CONT, task, NULL, NULL);
	} else {
		(void)ptrace(PTRACE_CONT, task, NULL, (void *)(uintptr_t)(event ? 0 : WSTOPSIG(status)));
	}
}

void record_process(pid_t process)
{
	struct command *command = table_find(&commands, process);

	if (command && has_ended(command))
		check_ended(command, false);
}

static void finish_entry(struct entry *entry)
{
	check_ended((struct command *)entry, true);
}

void record_finish(void)
{
	table_each(&commands, finish_entry);
}
