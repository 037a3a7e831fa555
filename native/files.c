#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol.h"
#include "tree.h"

/* The nearest folder that exists tells whether the place can be written. */
static bool on_read_only_mount(const char *target)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	int place = (int)syscall(SYS_openat2, AT_FDCWD, target, &how, sizeof(how));
	struct statvfs status;
	bool read_only;

	if (place < 0)
		return false;

	read_only = fstatvfs(place, &status) == 0 && (status.f_flag & ST_RDONLY);
	close(place);
	return read_only;
}

/* A file of the host cannot be rewritten, but another can be shown in its place: so a run's own certificates replace the system's. */
static void show_instead(const struct file_request *file, size_t number)
{
	char staged[48];

	(void)snprintf(staged, sizeof(staged), STAGE "/%zu", number);
	make_file(staged, file->content, file->length, file->mode);
	bind_over(staged, file->target, BIND_READ_ONLY | BIND_INSIDE);
}

void files_place(const struct spec *spec)
{
	for (size_t i = 0; i < spec->file_count; i++) {
		const struct file_request *file = &spec->files[i];

		if (on_read_only_mount(file->target))
			show_instead(file, i);
		else
			make_file(file->target, file->content, file->length, file->mode);
	}
}
