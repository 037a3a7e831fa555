/* The system calls that the sandbox may not make, and the one that it may not make unseen. */
#pragma once

/* Installs the filter for this process and its children; returns the descriptor on which every execve is announced. */
int seccomp_install(void);
