/* The sandbox's own view of processes, without what tells of or steers the host. */
#pragma once

void proc_build(void);
