#include "monitor.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "executable.h"
#include "init.h"
#include "limits.h"
#include "protocol.h"
#include "record.h"
#include "sample.h"
#include "workspace.h"

#define SAMPLE_MILLISECONDS 250

/* How long the end of a command waits for company: each message on its own wakes the supervisor, which costs more than it says. */
#define END_WAITS_MILLISECONDS 5
#define END_WAITS_ROUNDS 16

enum source {
	FROM_CONTROL = 1,
	FROM_INIT,
	FROM_CHILDREN,
	FROM_COMMANDS,
	FROM_CLOCK,
};

struct monitor {
	const struct spec *spec;
	pid_t init;
	int init_descriptor;
	int init_socket;
	int user_namespace;
	int poller;
	int children;
	int listener;
	int rounds;
	pid_t disk_watcher;
	int processes;
	int temporary;
	int upper;
	long long peak_memory;
	bool ready;
	bool supervisor_gone;
	bool init_gone;
	bool command_ended;
	int command_status;
	const char *limit;
	char limit_detail[128];
	bool killed;
	int64_t ending_since;
	struct rusage used;
};

static int64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void follow(const struct monitor *monitor, int descriptor, enum source source)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.u64 = source };

	if (epoll_ctl(monitor->poller, EPOLL_CTL_ADD, descriptor, &event) < 0)
		refuse_errno("follow what happens", "");
}

static void forget(const struct monitor *monitor, int descriptor)
{
	(void)epoll_ctl(monitor->poller, EPOLL_CTL_DEL, descriptor, NULL);
}

/* The kernel ends every process of the namespace with its first. */
static void end_everything(struct monitor *monitor)
{
	if (!monitor->ending_since)
		monitor->ending_since = now();

	(void)syscall(SYS_pidfd_send_signal, monitor->init_descriptor, SIGKILL, NULL, 0);
}

static void reach_limit(struct monitor *monitor, const char *limit, long long value)
{
	if (!monitor->limit && !monitor->killed) {
		monitor->limit = limit;
		(void)snprintf(monitor->limit_detail, sizeof(monitor->limit_detail), "%lld", value);
		end_everything(monitor);
	}
}

static void start_sampling(struct monitor *monitor)
{
	struct itimerspec interval = { .it_interval = { .tv_nsec = SAMPLE_MILLISECONDS * 1000000l },
				       .it_value = { .tv_nsec = SAMPLE_MILLISECONDS * 1000000l } };
	int clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (clock < 0 || timerfd_settime(clock, 0, &interval, NULL) < 0)
		refuse_errno("measure its memory", "");

	follow(monitor, clock, FROM_CLOCK);
}

static void no_command(const struct monitor *monitor, int error)
{
	message_begin('E');
	message_text(error == ENOENT ? "sandbox_command_missing" : "sandbox_command");
	{
		char detail[512];

		(void)snprintf(detail, sizeof(detail), "The command %.200s cannot be executed inside the sandbox: %s.", monitor->spec->command[0],
			       strerror(error));
		message_text(detail);
	}
	message_text(error == ENOENT ? "Name a program that is in /usr, in a mount or in the workspace." : "");
	message_end();
}

static void from_init(struct monitor *monitor)
{
	char tag;
	int value;
	int descriptor;

	if (descriptor_receive(monitor->init_socket, &tag, &value, &descriptor) < 0) {
		forget(monitor, monitor->init_socket);
		return;
	}

	switch (tag) {
	case INIT_ALIVE:
		(void)descriptor_send(monitor->init_socket, INIT_ALIVE, 0, -1);
		break;
	case INIT_PROCESSES:
		monitor->processes = descriptor;
		break;
	case INIT_TEMPORARY:
		monitor->temporary = descriptor;
		break;
	case INIT_UPPER:
		if (monitor->spec->upper_parent || monitor->spec->copy)
			monitor->disk_watcher = disk_watch(monitor->spec, descriptor, monitor->user_namespace);
		else
			monitor->upper = descriptor;
		break;
	case INIT_LISTENER:
		record_begin(descriptor, monitor->poller);
		monitor->listener = descriptor;
		follow(monitor, descriptor, FROM_COMMANDS);
		break;
	case INIT_NO_COMMAND:
		no_command(monitor, value);
		end_everything(monitor);
		break;
	case INIT_ENDED:
		monitor->command_ended = true;
		monitor->command_status = value;

		if (!monitor->ending_since)
			monitor->ending_since = now();

		break;
	default:
		break;
	}
}

static void child_changed(struct monitor *monitor, const struct report *report)
{
	int status = report->status;
	bool gone = WIFEXITED(status) || WIFSIGNALED(status);

	if (report->child == monitor->init && gone) {
		monitor->init_gone = true;
		monitor->used = report->used;
	} else if (report->child == monitor->disk_watcher && gone) {
		monitor->disk_watcher = 0;

		/* Without its watcher the limit would not hold. */
		if (WIFEXITED(status) && WEXITSTATUS(status) == DISK_FULL)
			reach_limit(monitor, "disk", monitor->spec->disk);
		else if (!monitor->ending_since)
			reach_limit(monitor, "disk", -1);
	} else {
		record_stopped(report->child, status);
	}
}

static void take_reports(struct monitor *monitor)
{
	struct report report;

	while (record_take(&report))
		child_changed(monitor, &report);
}

static void from_children(struct monitor *monitor)
{
	struct signalfd_siginfo information;

	(void)!read(monitor->children, &information, sizeof(information));
	take_reports(monitor);
}

static void from_control(struct monitor *monitor)
{
	char byte;

	if (recv(control_socket, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
		return;

	/* A request to end, or the end of whoever would make one. */
	forget(monitor, control_socket);
	monitor->killed = true;
	end_everything(monitor);
}

static void from_clock(struct monitor *monitor)
{
	long long memory = sample_memory(monitor->processes, monitor->temporary, monitor->upper);

	if (memory > monitor->peak_memory)
		monitor->peak_memory = memory;

	if (memory > monitor->spec->memory)
		reach_limit(monitor, "memory", monitor->spec->memory);
}

static void handle(struct monitor *monitor, const struct epoll_event *event)
{
	if (event->data.u64 & RECORD_PROCESS) {
		record_process((pid_t)(uint32_t)event->data.u64);
		return;
	}

	switch ((enum source)event->data.u64) {
	case FROM_CONTROL:
		from_control(monitor);
		break;
	case FROM_INIT:
		from_init(monitor);
		break;
	case FROM_CHILDREN:
		from_children(monitor);
		break;
	case FROM_COMMANDS:
		if (event->events & EPOLLIN) {
			record_notification();
			take_reports(monitor);
		} else {
			/* Nobody is left who could execute; the kernel would say so again and again until the last of them is cleared away. */
			forget(monitor, monitor->listener);
		}

		break;
	case FROM_CLOCK:
		from_clock(monitor);
		break;
	}
}

/* Returns -1 when the supervisor is gone. */
static int tell_supervisor(struct monitor *monitor, bool idle)
{
	if (message_can_wait() && !idle && ++monitor->rounds < END_WAITS_ROUNDS)
		return 0;

	monitor->rounds = 0;
	return message_flush();
}

static void say_ready(struct monitor *monitor)
{
	monitor->ready = true;
	message_isolation("commands", "full", "every execve: seccomp announces it, the kernel's own copy is recorded; not what an interpreter does in itself");
	message_begin('R');
	message_end();
}

static void report_end(struct monitor *monitor)
{
	struct usage usage = { -1, -1, -1 };
	const char *ending = "killed";
	const char *detail = "";
	int value = 0;

	limits_read(&usage);

	if (usage.cpu_microseconds < 0)
		usage.cpu_microseconds = (monitor->used.ru_utime.tv_sec + monitor->used.ru_stime.tv_sec) * 1000000ll + monitor->used.ru_utime.tv_usec +
					 monitor->used.ru_stime.tv_usec;

	if (usage.peak_memory < 0 && monitor->peak_memory > 0)
		usage.peak_memory = monitor->peak_memory;

	if (monitor->limit) {
		ending = monitor->limit;
		detail = monitor->limit_detail;
	} else if (monitor->command_ended && WIFEXITED(monitor->command_status)) {
		ending = "exited";
		value = WEXITSTATUS(monitor->command_status);
	} else if (!monitor->killed && limits_out_of_memory()) {
		ending = "memory";
		(void)snprintf(monitor->limit_detail, sizeof(monitor->limit_detail), "%lld", (long long)monitor->spec->memory);
		detail = monitor->limit_detail;
	} else if (monitor->command_ended) {
		ending = "signalled";
		value = WTERMSIG(monitor->command_status);
	} else if (!monitor->killed) {
		ending = "signalled";
		value = SIGKILL;
	}

	limits_remove();
	workspace_clean(monitor->spec);

	message_begin('U');
	message_text(ending);
	message_number(value);
	message_text(detail);
	message_number(usage.cpu_microseconds);
	message_number(usage.peak_memory);
	message_number(usage.peak_processes);
	message_number(monitor->ending_since ? now() - monitor->ending_since : -1);
	message_end();
	(void)message_flush();
}

static int follow_children(struct monitor *monitor)
{
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);

	/* Blocked by main before the first child was made, so that none is missed. */
	monitor->children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	return monitor->children;
}

static void end_watcher(struct monitor *monitor)
{
	if (monitor->disk_watcher > 0) {
		pid_t watcher = monitor->disk_watcher;

		(void)kill(watcher, SIGKILL);

		while (waitpid(watcher, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

void monitor_run(const struct spec *spec, pid_t init, int init_descriptor, int init_socket, int user_namespace)
{
	struct monitor monitor = { .spec = spec,
				   .init = init,
				   .init_descriptor = init_descriptor,
				   .init_socket = init_socket,
				   .user_namespace = user_namespace,
				   .processes = -1,
				   .temporary = -1,
				   .upper = -1 };

	monitor.poller = epoll_create1(EPOLL_CLOEXEC);

	if (monitor.poller < 0 || follow_children(&monitor) < 0)
		refuse_errno("follow what happens", "");

	/* Processes and threads inside, init and the disk's watcher. */
	record_prepare((size_t)spec->processes + 16);
	follow(&monitor, control_socket, FROM_CONTROL);
	follow(&monitor, init_socket, FROM_INIT);
	follow(&monitor, monitor.children, FROM_CHILDREN);

	if (limits_need_sampling())
		start_sampling(&monitor);

	while (!monitor.init_gone) {
		struct epoll_event events[64];
		int number = epoll_wait(monitor.poller, events, 64, message_can_wait() ? END_WAITS_MILLISECONDS : -1);

		for (int i = 0; i < number; i++)
			handle(&monitor, &events[i]);

		if (!monitor.ready && record_count() > 0)
			say_ready(&monitor);

		if (tell_supervisor(&monitor, number == 0) < 0 && !monitor.supervisor_gone) {
			monitor.supervisor_gone = true;
			monitor.killed = true;
			end_everything(&monitor);
		}
	}

	/* What init said last may not have been read. */
	while (!monitor.command_ended) {
		char tag;
		int value;
		int descriptor;

		if (descriptor_receive(init_socket, &tag, &value, &descriptor) < 0)
			break;

		if (tag == INIT_ENDED) {
			monitor.command_ended = true;
			monitor.command_status = value;
		}
	}

	end_watcher(&monitor);
	record_finish();
	report_end(&monitor);
}
