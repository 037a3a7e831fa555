/* What the sandbox's memory comes to, where no control group counts it. */
#pragma once

/* Sums the private memory of every process and the pages of the temporary file systems; -1 when there is nothing to read. */
long long sample_memory(int processes, int temporary, int upper);
