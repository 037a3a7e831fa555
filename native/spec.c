#include "spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"

#define LONGEST_FRAME (64u << 20)

struct words {
	char **text;
	size_t *length;
	size_t count;
};

static _Noreturn void malformed(void)
{
	refuse("sandbox_protocol", "Launcher and supervisor are of different versions: install them together.",
	       "The sandbox launcher does not understand its specification.");
}

static void read_exactly(void *into, size_t length)
{
	char *position = into;

	while (length > 0) {
		ssize_t received = recv(control_socket, position, length, 0);

		if (received < 0 && errno == EINTR)
			continue;

		/* Whoever started us is gone. */
		if (received <= 0)
			_exit(124);

		position += received;
		length -= (size_t)received;
	}
}

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		refuse_errno("hold its specification", "");

	return memory;
}

static uint32_t take_number(const char **position, const char *end)
{
	uint32_t value;

	if ((size_t)(end - *position) < sizeof(value))
		malformed();

	memcpy(&value, *position, sizeof(value));
	*position += sizeof(value);
	return value;
}

/* Words are copied so that each ends with a NUL, whatever it holds. */
static struct words take_words(const char **position, const char *end)
{
	struct words words = { .count = take_number(position, end) };

	if (words.count == 0 || words.count > (size_t)(end - *position))
		malformed();

	words.text = zeroed(words.count + 1, sizeof(char *));
	words.length = zeroed(words.count, sizeof(size_t));

	for (size_t i = 0; i < words.count; i++) {
		uint32_t length = take_number(position, end);

		if (length > (size_t)(end - *position))
			malformed();

		words.text[i] = zeroed((size_t)length + 1, 1);
		memcpy(words.text[i], *position, length);
		words.length[i] = length;
		*position += length;
	}

	return words;
}

static int64_t number(const char *text, int base)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, base);

	if (errno || *end || end == text || value < 0)
		malformed();

	return value;
}

static void take_limit(struct spec *spec, const struct words *words)
{
	static const struct {
		const char *name;
		size_t offset;
	} known[] = {
		{ "memory", offsetof(struct spec, memory) },	   { "processes", offsetof(struct spec, processes) },
		{ "millicores", offsetof(struct spec, millicores) }, { "disk", offsetof(struct spec, disk) },
		{ "inodes", offsetof(struct spec, inodes) },	   { "temporary", offsetof(struct spec, temporary) },
		{ "open-files", offsetof(struct spec, open_files) }, { "disk-rate", offsetof(struct spec, disk_rate) },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(words->text[1], known[i].name) == 0) {
			int64_t value = number(words->text[2], 10);

			memcpy((char *)spec + known[i].offset, &value, sizeof(value));
			return;
		}
	}

	/* A limit that we do not know is a limit that we would not keep. */
	malformed();
}

static void take_door(struct spec *spec, const char *door)
{
	if (strcmp(door, "gateway") == 0)
		spec->gateway = true;
	else if (strcmp(door, "egress") == 0)
		spec->egress = true;
	else
		malformed();
}

static void *grown(void *array, size_t count, size_t size)
{
	void *memory = reallocarray(array, count + 1, size);

	if (!memory)
		refuse_errno("hold its specification", "");

	return memory;
}

static void take(struct spec *spec, const struct words *words)
{
	const char *what = words->text[0];
	size_t values = words->count - 1;

	if (strcmp(what, "name") == 0 && values == 1) {
		spec->name = words->text[1];
	} else if (strcmp(what, "exec") == 0 && values >= 1) {
		spec->command = words->text + 1;
	} else if (strcmp(what, "directory") == 0 && values == 1) {
		spec->directory = words->text[1];
	} else if (strcmp(what, "environment") == 0 && values == 1) {
		spec->environment = grown(spec->environment, spec->environment_count + 1, sizeof(char *));
		spec->environment[spec->environment_count++] = words->text[1];
		spec->environment[spec->environment_count] = NULL;
	} else if (strcmp(what, "workspace") == 0 && (values == 1 || values == 3)) {
		spec->lower = words->text[1];
		spec->upper_parent = values == 3 ? words->text[2] : NULL;
		spec->upper_name = values == 3 ? words->text[3] : NULL;
	} else if (strcmp(what, "copy") == 0 && values == 2) {
		spec->lower = words->text[1];
		spec->copy = words->text[2];
	} else if (strcmp(what, "layer") == 0 && values == 1) {
		spec->layers = grown(spec->layers, spec->layer_count, sizeof(char *));
		spec->layers[spec->layer_count++] = words->text[1];
	} else if (strcmp(what, "mount") == 0 && values == 3) {
		spec->mounts = grown(spec->mounts, spec->mount_count, sizeof(*spec->mounts));
		spec->mounts[spec->mount_count++] = (struct mount_request){
			.source = words->text[1], .target = words->text[2], .writable = strcmp(words->text[3], "writable") == 0
		};
	} else if (strcmp(what, "file") == 0 && values == 3) {
		spec->files = grown(spec->files, spec->file_count, sizeof(*spec->files));
		spec->files[spec->file_count++] = (struct file_request){ .target = words->text[1],
									 .mode = (unsigned int)number(words->text[2], 8) & 0777,
									 .content = words->text[3],
									 .length = words->length[3] };
	} else if (strcmp(what, "digest") == 0 && values == 2) {
		spec->digests = grown(spec->digests, spec->digest_count, sizeof(*spec->digests));
		spec->digests[spec->digest_count++] = (struct known_digest){ .file = words->text[1], .digest = words->text[2] };
	} else if (strcmp(what, "limit") == 0 && values == 2) {
		take_limit(spec, words);
	} else if (strcmp(what, "door") == 0 && values == 1) {
		take_door(spec, words->text[1]);
	} else if (strcmp(what, "terminal") == 0 && values == 2) {
		spec->terminal = true;
		spec->rows = (unsigned short)number(words->text[1], 10);
		spec->columns = (unsigned short)number(words->text[2], 10);
	} else {
		malformed();
	}
}

void spec_read(struct spec *spec)
{
	uint32_t length;
	char *frame;
	const char *position;

	read_exactly(&length, sizeof(length));

	if (length == 0 || length > LONGEST_FRAME)
		malformed();

	frame = zeroed(length, 1);
	read_exactly(frame, length);
	position = frame;
	spec->environment = zeroed(1, sizeof(char *));

	while (position < frame + length) {
		struct words words = take_words(&position, frame + length);

		take(spec, &words);
	}

	explicit_bzero(frame, length);
	free(frame);

	if (!spec->command || !spec->directory || !spec->name || spec->memory == 0 || spec->processes == 0 || spec->open_files == 0 ||
	    spec->temporary == 0 || spec->disk == 0 || spec->inodes == 0)
		malformed();
}
