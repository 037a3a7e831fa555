#include "executable.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "protocol.h"

#define PIECES_BETWEEN_LOOKS 64
#define KNOWN 8192
#define MOST_MOUNTS 64

/* A sparse file of terabytes costs the agent nothing; reading it would keep us from our limits for minutes. */
#define LARGEST (1ull << 30)
#define KEY_FORMAT "%" PRIu64 ":%" PRIu64 ":%" PRIu64 ":%" PRIu64 ".%" PRIu64

struct identity {
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	uint64_t changed_seconds;
	uint64_t changed_nanoseconds;
};

struct known {
	struct identity identity;
	bool used;
	unsigned char digest[DIGEST_LENGTH];
};

/* Linear probing; when three quarters are used it starts anew. */
static struct known known[KNOWN];
static size_t known_count;

struct seen_mount {
	uint64_t number;
	bool read_only;
};

static struct seen_mount mounts[MOST_MOUNTS];
static size_t mount_count;

static struct known *place_of(const struct identity *identity)
{
	uint64_t hash = (identity->inode * 0x9e3779b97f4a7c15ull) ^ identity->device;
	size_t index = (size_t)(hash >> 32) % KNOWN;

	while (known[index].used && memcmp(&known[index].identity, identity, sizeof(*identity)) != 0)
		index = (index + 1) % KNOWN;

	return &known[index];
}

static void remember(const struct identity *identity, const unsigned char digest[DIGEST_LENGTH])
{
	struct known *place;

	if (known_count >= KNOWN / 4 * 3) {
		memset(known, 0, sizeof(known));
		known_count = 0;
	}

	place = place_of(identity);

	if (!place->used)
		known_count++;

	place->used = true;
	place->identity = *identity;
	memcpy(place->digest, digest, DIGEST_LENGTH);
}

static int hexadecimal(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';

	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool from_hexadecimal(const char *text, unsigned char result[DIGEST_LENGTH])
{
	if (strlen(text) != DIGEST_LENGTH * 2)
		return false;

	for (size_t i = 0; i < DIGEST_LENGTH; i++) {
		int high = hexadecimal(text[i * 2]);
		int low = hexadecimal(text[i * 2 + 1]);

		if (high < 0 || low < 0)
			return false;

		result[i] = (unsigned char)(high << 4 | low);
	}

	return true;
}

void executable_know(const struct spec *spec)
{
	for (size_t i = 0; i < spec->digest_count; i++) {
		struct identity identity = { 0 };
		unsigned char digest[DIGEST_LENGTH];

		if (sscanf(spec->digests[i].file, "%" SCNu64 ":%" SCNu64 ":%" SCNu64 ":%" SCNu64 ".%" SCNu64, &identity.device, &identity.inode,
			   &identity.size, &identity.changed_seconds, &identity.changed_nanoseconds) == 5 &&
		    from_hexadecimal(spec->digests[i].digest, digest))
			remember(&identity, digest);
	}
}

static void tell(const struct identity *identity, const unsigned char digest[DIGEST_LENGTH])
{
	char key[128];
	char text[DIGEST_LENGTH * 2 + 1];

	(void)snprintf(key, sizeof(key), KEY_FORMAT, identity->device, identity->inode, identity->size, identity->changed_seconds,
		       identity->changed_nanoseconds);

	for (size_t i = 0; i < DIGEST_LENGTH; i++)
		(void)snprintf(text + i * 2, 3, "%02x", digest[i]);

	message_begin('D');
	message_text(key);
	message_text(text);
	message_end();
}

static bool end_is_asked(void)
{
	struct pollfd control = { .fd = control_socket, .events = POLLIN | POLLRDHUP };

	return poll(&control, 1, 0) > 0;
}

static bool read_all(int file, unsigned char result[DIGEST_LENGTH])
{
	static unsigned char piece[256 * 1024];
	struct digest digest;

	digest_begin(&digest);

	for (unsigned int pieces = 1;; pieces++) {
		ssize_t length;

		/* A file of gigabytes must not keep a request to end waiting. */
		if (pieces % PIECES_BETWEEN_LOOKS == 0 && end_is_asked())
			return false;

		length = read(file, piece, sizeof(piece));

		if (length < 0 && errno == EINTR)
			continue;

		if (length < 0)
			return false;

		if (length == 0)
			break;

		digest_add(&digest, piece, (size_t)length);
	}

	digest_end(&digest, result);
	return true;
}

/* A mount stays what it is once the command runs: nobody inside can mount, or make a mount writable. */
static bool is_read_only(uint64_t mount, const char *path)
{
	struct statvfs system;
	bool read_only;

	for (size_t i = 0; i < mount_count; i++) {
		if (mounts[i].number == mount)
			return mounts[i].read_only;
	}

	read_only = statvfs(path, &system) == 0 && (system.f_flag & ST_RDONLY) != 0;

	if (mount_count < MOST_MOUNTS)
		mounts[mount_count++] = (struct seen_mount){ .number = mount, .read_only = read_only };

	return read_only;
}

static bool read_file(const char *path, unsigned char result[DIGEST_LENGTH])
{
	/* Not blocking: a lease of the agent must not hold us up. */
	int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool whole;

	if (file < 0)
		return false;

	whole = read_all(file, result);
	close(file);
	return whole;
}

/*
 * Only what lies on a read-only mount is remembered: elsewhere the agent could write to a file through a mapping without a change of its
 * times, and have one program recorded under the digest of another.
 */
size_t executable_digest(pid_t process, unsigned char result[DIGEST_LENGTH])
{
	struct identity identity;
	struct statx status;
	char path[64];
	bool cacheable;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)process);

	if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_MNT_ID, &status) < 0)
		return 0;

	identity = (struct identity){ .device = makedev(status.stx_dev_major, status.stx_dev_minor),
				      .inode = status.stx_ino,
				      .size = status.stx_size,
				      .changed_seconds = (uint64_t)status.stx_ctime.tv_sec,
				      .changed_nanoseconds = status.stx_ctime.tv_nsec };
	cacheable = (status.stx_mask & STATX_MNT_ID) && is_read_only(status.stx_mnt_id, path);

	if (cacheable) {
		const struct known *place = place_of(&identity);

		if (place->used) {
			memcpy(result, place->digest, DIGEST_LENGTH);
			return DIGEST_LENGTH;
		}
	}

	if (status.stx_size > LARGEST || !read_file(path, result))
		return 0;

	if (cacheable) {
		remember(&identity, result);
		tell(&identity, result);
	}

	return DIGEST_LENGTH;
}
