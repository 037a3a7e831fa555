#include "sample.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

static long long process_memory(int processes, const char *name)
{
	char path[64];
	char text[128];
	long long resident;
	long long shared;
	ssize_t length;
	int file;

	(void)snprintf(path, sizeof(path), "%.20s/statm", name);
	file = openat(processes, path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return 0;

	length = read(file, text, sizeof(text) - 1);
	close(file);

	if (length <= 0)
		return 0;

	text[length] = 0;

	if (sscanf(text, "%*s %lld %lld", &resident, &shared) != 2)
		return 0;

	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

static long long file_system_memory(int folder)
{
	struct statvfs status;

	if (folder < 0 || fstatvfs(folder, &status) < 0)
		return 0;

	return (long long)(status.f_blocks - status.f_bfree) * (long long)status.f_frsize;
}

long long sample_memory(int processes, int temporary, int upper)
{
	long long sum = file_system_memory(temporary) + file_system_memory(upper);
	int again = processes < 0 ? -1 : openat(processes, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = again < 0 ? NULL : fdopendir(again);

	if (!entries)
		return -1;

	for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
		if (isdigit((unsigned char)entry->d_name[0]))
			sum += process_memory(processes, entry->d_name);
	}

	closedir(entries);
	return sum;
}
