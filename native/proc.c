#include "proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol.h"
#include "tree.h"

#define EMPTY STAGE "/empty"
#define EMPTY_FILE STAGE "/empty-file"

/*
 * Where the launcher runs as root, files here that belong to root would be writable for the sandbox's user, whom the kernel takes for the
 * same person: /proc/sys/kernel/core_pattern is a known way out. Reading some of the others helps an exploit.
 */
static const char *const hidden[] = {
	"/proc/acpi",	     "/proc/asound",	   "/proc/bus",	       "/proc/cmdline",	    "/proc/config.gz",	   "/proc/driver",
	"/proc/dynamic_debug", "/proc/execdomains", "/proc/fs",	       "/proc/interrupts",  "/proc/iomem",	   "/proc/ioports",
	"/proc/irq",	     "/proc/kallsyms",	   "/proc/kcore",      "/proc/key-users",   "/proc/keys",	   "/proc/kmsg",
	"/proc/kpagecgroup", "/proc/kpagecount",   "/proc/kpageflags", "/proc/latency_stats", "/proc/modules",	   "/proc/mtrr",
	"/proc/pagetypeinfo", "/proc/partitions",  "/proc/sched_debug", "/proc/schedstat",  "/proc/scsi",	   "/proc/slabinfo",
	"/proc/softirqs",    "/proc/sys",	   "/proc/sysrq-trigger", "/proc/timer_list", "/proc/timer_stats", "/proc/tty",
	"/proc/vmallocinfo", "/proc/zoneinfo",
};

void proc_build(void)
{
	struct stat status;

	make_folder("/proc", 0555);

	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		refuse("sandbox_unavailable",
		       "Inside a container, run it with an unmasked /proc (Docker: --security-opt systempaths=unconfined; Kubernetes: procMount: Unmasked).",
		       "The sandbox cannot mount a /proc of its own: %s.", strerror(errno));

	make_folder(EMPTY, 0555);
	make_file(EMPTY_FILE, "", 0, 0444);

	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		if (lstat(hidden[i], &status) < 0)
			continue;

		if (S_ISDIR(status.st_mode))
			bind_over(EMPTY, hidden[i], BIND_READ_ONLY | BIND_INSIDE | BIND_NO_EXECUTE);
		else
			bind_over(EMPTY_FILE, hidden[i], BIND_READ_ONLY | BIND_INSIDE | BIND_NO_EXECUTE);
	}
}
