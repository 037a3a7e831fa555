#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "groups.h"
#include "protocol.h"

static struct groups groups;

static bool set(const char *folder, const char *name, long long value)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%lld", value);
	return group_write(folder, name, text);
}

static long long read_number(const char *folder, const char *name, const char *key)
{
	char text[4096];
	const char *position = text;

	if (!folder[0] || !group_read(folder, name, text, sizeof(text)))
		return -1;

	if (key) {
		position = strstr(text, key);

		if (!position)
			return -1;

		position += strlen(key);
	}

	return strtoll(position, NULL, 10);
}

static bool limit_memory(const struct spec *spec)
{
	if (!groups.memory[0])
		return false;

	if (groups.version == 2) {
		(void)set(groups.memory, "memory.swap.max", 0);
		return set(groups.memory, "memory.max", spec->memory);
	}

	if (!set(groups.memory, "memory.limit_in_bytes", spec->memory))
		return false;

	/* Memory and swap together: no swap. Kernels without swap accounting have no such file. */
	(void)set(groups.memory, "memory.memsw.limit_in_bytes", spec->memory);
	return true;
}

static bool limit_processor(const struct spec *spec)
{
	char text[64];

	if (!groups.processor[0])
		return false;

	if (groups.version == 2) {
		(void)snprintf(text, sizeof(text), "%lld 100000", (long long)spec->millicores * 100);
		return group_write(groups.processor, "cpu.max", text);
	}

	return set(groups.processor, "cpu.cfs_period_us", 100000) && set(groups.processor, "cpu.cfs_quota_us", spec->millicores * 100);
}

/* The whole disk: the kernel takes no parts of one. False for what is on none. */
static bool disk_of(const char *path, char *device, size_t size)
{
	char folder[64];
	struct stat status;

	if (stat(path, &status) < 0)
		return false;

	(void)snprintf(folder, sizeof(folder), "/sys/dev/block/%u:%u", major(status.st_dev), minor(status.st_dev));
	(void)snprintf(device, size, "%u:%u", major(status.st_dev), minor(status.st_dev));

	if (access(folder, F_OK) < 0)
		return false;

	if (!group_read(folder, "partition", device, size))
		return true;

	if (!group_read(folder, "../dev", device, size))
		return false;

	device[strcspn(device, "\n")] = 0;
	return true;
}

static bool limit_disk_rate(const struct spec *spec)
{
	const char *changed = spec->copy ? spec->copy : spec->upper_parent ? spec->upper_parent : "/usr";
	char device[32];
	char text[160];

	if (!groups.disk[0] || !disk_of(changed, device, sizeof(device)))
		return false;

	if (groups.version == 2) {
		(void)snprintf(text, sizeof(text), "%s rbps=%lld wbps=%lld", device, (long long)spec->disk_rate, (long long)spec->disk_rate);
		return group_write(groups.disk, "io.max", text);
	}

	(void)snprintf(text, sizeof(text), "%s %lld", device, (long long)spec->disk_rate);
	return group_write(groups.disk, "blkio.throttle.read_bps_device", text) && group_write(groups.disk, "blkio.throttle.write_bps_device", text);
}

static void require_disk_rate(const struct spec *spec)
{
	if (!limit_disk_rate(spec))
		refuse("sandbox_unavailable",
		       "Run `ringfence doctor`: delegate a control group with the io controller, put RINGFENCE_HOME on a disk, or leave the limit out.",
		       "The sandbox cannot limit how fast it reads and writes: no control group of ours here, or its changes are on no disk.");

	if (groups.version == 2)
		message_isolation("disk rate", "full", "%lld bytes a second each way, by control group version 2", (long long)spec->disk_rate);
	else
		message_isolation("disk rate", "weaker", "%lld bytes a second each way, by control group version 1, which lets through what is written to memory first",
				  (long long)spec->disk_rate);
}

static void report(const char *name, bool held, const char *otherwise, long long value)
{
	if (held)
		message_isolation(name, "full", "%lld, by control group version %d", value, groups.version);
	else
		message_isolation(name, "weaker", "%lld, %s", value, otherwise);
}

void limits_prepare(const struct spec *spec)
{
	groups_find(&groups, spec->millicores > 0, spec->disk_rate > 0);

	if (!limit_memory(spec)) {
		group_remove(groups.memory);
		groups.memory[0] = 0;
	}

	if (groups.processes[0] && !set(groups.processes, "pids.max", spec->processes + 1)) {
		group_remove(groups.processes);
		groups.processes[0] = 0;
	}

	report("memory", groups.memory[0] != 0, "sampled: no control group of ours here, and a fast hog passes the limit for moments", spec->memory);
	report("processes", groups.processes[0] != 0, "by the user's limit in the sandbox's own namespace", spec->processes);

	if (spec->millicores > 0 && !limit_processor(spec))
		refuse("sandbox_unavailable", "Run `ringfence doctor`: delegate a control group, or leave the processor limit out.",
		       "The sandbox cannot limit processor time: no control group of ours here.");

	if (spec->millicores > 0)
		message_isolation("processor", "full", "%lld thousandths of a core, by control group version %d", (long long)spec->millicores,
				  groups.version);

	if (spec->disk_rate > 0)
		require_disk_rate(spec);

	/* Root passes the user's limit by; without a group nothing would hold. */
	if (!groups.processes[0] && geteuid() == 0)
		refuse("sandbox_unavailable", "Run as an ordinary user, or give root a control group with the pids controller.",
		       "The sandbox cannot limit processes: it runs as root without control groups.");
}

void limits_enter(pid_t init)
{
	groups_enter(&groups, init);
}

bool limits_need_sampling(void)
{
	return !groups.memory[0];
}

bool limits_out_of_memory(void)
{
	const char *file = groups.version == 2 ? "memory.events" : "memory.oom_control";

	return read_number(groups.memory, file, "oom_kill ") > 0;
}

void limits_read(struct usage *usage)
{
	if (groups.version == 2) {
		usage->cpu_microseconds = read_number(groups.memory, "cpu.stat", "usage_usec ");
		usage->peak_memory = read_number(groups.memory, "memory.peak", NULL);
		usage->peak_processes = read_number(groups.processes, "pids.peak", NULL);
		return;
	}

	usage->peak_memory = read_number(groups.memory, "memory.max_usage_in_bytes", NULL);
	usage->peak_processes = read_number(groups.processes, "pids.peak", NULL);
}

void limits_remove(void)
{
	groups_remove(&groups);
}
