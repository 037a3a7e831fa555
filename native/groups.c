#include "groups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

/* Also known to the supervisor, which removes what is left of us: process and start time tell whether the owner still lives. */
#define PREFIX "ringfence"

bool group_write(const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	int file;
	bool written;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0)
		return false;

	written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
	close(file);
	return written;
}

bool group_read(const char *folder, const char *name, char *text, size_t size)
{
	char path[PATH_MAX + 64];
	ssize_t length;
	int file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return false;

	length = read(file, text, size - 1);
	close(file);

	if (length < 0)
		return false;

	text[length] = 0;
	return true;
}

static void own_name(char *name, size_t size)
{
	char stat[1024];
	const char *position;
	unsigned long long started = 0;

	/* The 22nd field; the second may hold spaces and ends with the last parenthesis. */
	if (group_read("/proc/self", "stat", stat, sizeof(stat)) && (position = strrchr(stat, ')'))) {
		for (int field = 2; field < 22 && position; field++)
			position = strchr(position + 1, ' ');

		if (position)
			started = strtoull(position, NULL, 10);
	}

	(void)snprintf(name, size, PREFIX ".%d.%llu", (int)getpid(), started);
}

static bool lists(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *found = strstr(list, word); found; found = strstr(found + 1, word)) {
		if ((found == list || found[-1] == ',') && (found[length] == 0 || found[length] == ','))
			return true;
	}

	return false;
}

/* Our own group in the hierarchy of a controller, as a path below its mount; version 2 is the empty controller. */
static bool own_group(const char *controller, char *path, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX + 256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		char *controllers = strchr(line, ':');
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!group)
			continue;

		*group++ = 0;
		group[strcspn(group, "\n")] = 0;
		found = controller[0] ? lists(controllers + 1, controller) : controllers[1] == 0;

		if (found)
			(void)snprintf(path, size, "%s", strcmp(group, "/") == 0 ? "" : group);
	}

	if (file)
		(void)fclose(file);

	return found;
}

/* Where a hierarchy is mounted, and which part of it that mount shows. */
static bool mounted_at(const char *type, const char *controller, char *point, char *root, size_t size)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[PATH_MAX * 2];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		char line_root[PATH_MAX];
		char line_point[PATH_MAX];
		char line_type[64];
		char options[512];
		const char *rest = strstr(line, " - ");

		if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", line_root, line_point) != 2 ||
		    sscanf(rest, " - %63s %*s %511s", line_type, options) != 2 || strcmp(line_type, type) != 0)
			continue;

		found = controller[0] == 0 || lists(options, controller);

		if (found) {
			(void)snprintf(point, size, "%s", line_point);
			(void)snprintf(root, size, "%s", strcmp(line_root, "/") == 0 ? "" : line_root);
		}
	}

	if (file)
		(void)fclose(file);

	return found;
}

static bool own_folder(const char *type, const char *controller, char *folder, size_t size)
{
	char group[PATH_MAX];
	char point[PATH_MAX];
	char root[PATH_MAX];
	const char *below = group;

	if (!own_group(controller, group, sizeof(group)) || !mounted_at(type, controller, point, root, sizeof(point)))
		return false;

	if (root[0] && strncmp(group, root, strlen(root)) == 0)
		below = group + strlen(root);

	return (size_t)snprintf(folder, size, "%s%s", point, below) < size;
}

static bool make_group(const char *parent, const char *name, char *folder, size_t size)
{
	return (size_t)snprintf(folder, size, "%s/%s", parent, name) < size && (mkdir(folder, 0755) == 0 || errno == EEXIST);
}

static bool exists(const char *folder, const char *name)
{
	char path[PATH_MAX + 64];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

/* A group with processes in it gives its children no controllers; the one above, when it is delegated to us, does. */
static bool find_version_2(struct groups *groups, const char *name, bool with_disk)
{
	static const char *const controllers[] = { "+memory", "+pids", "+cpu", "+io" };
	char parent[PATH_MAX];
	char folder[PATH_MAX];

	if (!own_folder("cgroup2", "", parent, sizeof(parent)))
		return false;

	for (int level = 0; level < 2; level++) {
		char *slash;

		/* One by one: where one was not delegated, the kernel takes none of a list. */
		for (size_t i = 0; i < (with_disk ? 4 : 3); i++)
			(void)group_write(parent, "cgroup.subtree_control", controllers[i]);

		if (make_group(parent, name, folder, sizeof(folder))) {
			if (exists(folder, "memory.max") && exists(folder, "pids.max")) {
				groups->version = 2;
				memcpy(groups->memory, folder, sizeof(folder));
				memcpy(groups->processes, folder, sizeof(folder));
				memcpy(groups->processor, folder, sizeof(folder));
				memcpy(groups->disk, folder, sizeof(folder));

				if (!exists(folder, "cpu.max"))
					groups->processor[0] = 0;

				if (!exists(folder, "io.max"))
					groups->disk[0] = 0;

				return true;
			}

			(void)rmdir(folder);
		}

		slash = strrchr(parent, '/');

		if (!slash || slash == parent)
			break;

		*slash = 0;

		/* Above the mount there are folders, but no groups: what we made there, nobody would look for. */
		if (!exists(parent, "cgroup.procs"))
			break;
	}

	return false;
}

static void find_version_1(const char *controller, const char *name, char *folder, size_t size)
{
	char parent[PATH_MAX];

	if (!own_folder("cgroup", controller, parent, sizeof(parent)) || !make_group(parent, name, folder, size))
		folder[0] = 0;
}

void groups_find(struct groups *groups, bool with_processor, bool with_disk)
{
	char name[64];

	memset(groups, 0, sizeof(*groups));
	own_name(name, sizeof(name));

	if (find_version_2(groups, name, with_disk))
		return;

	groups->version = 1;
	find_version_1("memory", name, groups->memory, sizeof(groups->memory));
	find_version_1("pids", name, groups->processes, sizeof(groups->processes));

	if (with_processor)
		find_version_1("cpu", name, groups->processor, sizeof(groups->processor));

	if (with_disk)
		find_version_1("blkio", name, groups->disk, sizeof(groups->disk));
}

void groups_enter(const struct groups *groups, pid_t process)
{
	const char *const folders[] = { groups->memory, groups->processes, groups->processor, groups->disk };
	char text[32];

	(void)snprintf(text, sizeof(text), "%d", (int)process);

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		/* In version 2 all of them are one. */
		bool same = i > 0 && strcmp(folders[i], folders[0]) == 0;

		if (folders[i][0] && !same && !group_write(folders[i], "cgroup.procs", text))
			refuse_errno("enter its control group", folders[i]);
	}
}

/* Busy for moments after the last process is gone. */
void group_remove(const char *folder)
{
	struct timespec pause = { .tv_nsec = 2000000 };

	for (int attempt = 0; folder[0] && rmdir(folder) < 0 && errno == EBUSY && attempt < 200; attempt++)
		(void)nanosleep(&pause, NULL);
}

void groups_remove(struct groups *groups)
{
	group_remove(groups->memory);
	group_remove(groups->processes);
	group_remove(groups->processor);
	group_remove(groups->disk);
	memset(groups, 0, sizeof(*groups));
}
