#include "protocol.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)
#define FLUSH_ABOVE (64 * 1024)
#define MESSAGE_OF_AN_END 'X'

int control_socket = -1;

static unsigned char buffer[BUFFER_SIZE];
static size_t used;
static size_t frame_start;
static bool urgent;

void control_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);

	if (length >= sizeof(address.sun_path))
		_exit(124);

	memcpy(address.sun_path, path, length + 1);
	control_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (control_socket < 0 || connect(control_socket, (struct sockaddr *)&address, sizeof(address)) < 0)
		_exit(124);
}

/* A frame never outgrows the buffer: its fields are cut to fixed sizes by those who fill them. */
static void put(const void *bytes, size_t length)
{
	if (used + length > BUFFER_SIZE)
		abort();

	memcpy(buffer + used, bytes, length);
	used += length;
}

void message_begin(char kind)
{
	uint32_t length = 0;

	if (used > FLUSH_ABOVE)
		(void)message_flush();

	urgent |= kind != MESSAGE_OF_AN_END;
	frame_start = used;
	put(&length, sizeof(length));
	put(&kind, 1);
}

void message_number(int64_t value)
{
	put(&value, sizeof(value));
}

void message_bytes(const void *bytes, size_t length)
{
	uint32_t short_length = (uint32_t)length;

	put(&short_length, sizeof(short_length));
	put(bytes, length);
}

void message_text(const char *text)
{
	message_bytes(text, strlen(text));
}

void message_end(void)
{
	uint32_t length = (uint32_t)(used - frame_start - sizeof(uint32_t));

	memcpy(buffer + frame_start, &length, sizeof(length));
}

bool message_can_wait(void)
{
	return used > 0 && !urgent;
}

int message_flush(void)
{
	size_t sent = 0;

	urgent = false;

	while (sent < used) {
		ssize_t written = send(control_socket, buffer + sent, used - sent, MSG_NOSIGNAL);

		if (written < 0 && errno == EINTR)
			continue;

		if (written < 0) {
			used = 0;
			return -1;
		}

		sent += (size_t)written;
	}

	used = 0;
	return 0;
}

void message_descriptor(const char *name, int descriptor)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = { 0 };
	struct msghdr message = { .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	struct iovec piece;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (message_flush() < 0)
		_exit(125);

	message_begin('F');
	message_text(name);
	message_end();

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
	piece.iov_base = buffer;
	piece.iov_len = used;
	message.msg_iov = &piece;
	message.msg_iovlen = 1;

	if (sendmsg(control_socket, &message, MSG_NOSIGNAL) != (ssize_t)used)
		_exit(125);

	used = 0;
}

void message_isolation(const char *name, const char *level, const char *format, ...)
{
	char detail[512];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);

	message_begin('I');
	message_text(name);
	message_text(level);
	message_text(detail);
	message_end();
}

void refuse(const char *code, const char *hint, const char *format, ...)
{
	char detail[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);

	message_begin('E');
	message_text(code);
	message_text(detail);
	message_text(hint);
	message_end();
	(void)message_flush();
	_exit(125);
}

void refuse_errno(const char *what, const char *object)
{
	int error = errno;

	refuse("sandbox_unavailable", "Run `ringfence doctor` to see what this machine allows.", "The sandbox cannot %s%s%s: %s.", what,
	       object[0] ? " " : "", object, strerror(error));
}

int descriptor_send(int socket, char tag, int value, int descriptor)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = { 0 };
	char payload[1 + sizeof(int)];
	struct iovec piece = { .iov_base = payload, .iov_len = sizeof(payload) };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };

	payload[0] = tag;
	memcpy(payload + 1, &value, sizeof(int));

	if (descriptor >= 0) {
		struct cmsghdr *header;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
	}

	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int descriptor_receive(int socket, char *tag, int *value, int *descriptor)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = { 0 };
	char payload[1 + sizeof(int)];
	struct iovec piece = { .iov_base = payload, .iov_len = sizeof(payload) };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)
	};
	struct cmsghdr *header;
	ssize_t received;

	do {
		received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (received < 0 && errno == EINTR);

	if (received != (ssize_t)sizeof(payload))
		return -1;

	*tag = payload[0];
	memcpy(value, payload + 1, sizeof(int));
	*descriptor = -1;
	header = CMSG_FIRSTHDR(&message);

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(descriptor, CMSG_DATA(header), sizeof(int));

	return 0;
}
