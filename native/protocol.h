/* What we say to the supervisor: frames of a letter and fields, and descriptors beside them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern int control_socket;

void control_connect(const char *path);

void message_begin(char kind);
void message_number(int64_t value);
void message_bytes(const void *bytes, size_t length);
void message_text(const char *text);
void message_end(void);

/* Sends what is buffered; waits for the supervisor. Returns -1 when the supervisor is gone. */
int message_flush(void);

/* All that is buffered tells of commands that ended: the start of the next, which cannot wait, may take it along. */
bool message_can_wait(void);

/* Sends one frame that names the descriptor, with the descriptor. */
void message_descriptor(const char *name, int descriptor);

void message_isolation(const char *name, const char *level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Says why the sandbox cannot be built, and ends this process. */
_Noreturn void refuse(const char *code, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The common case: a system call that failed, with errno. */
_Noreturn void refuse_errno(const char *what, const char *object);

/* Socket pairs between our own processes. */
int descriptor_send(int socket, char tag, int value, int descriptor);
int descriptor_receive(int socket, char *tag, int *value, int *descriptor);
