#!/bin/sh
# Static analysis of the native part: cppcheck and clang-tidy. Every finding is an error; what is left out below found only what is meant so.
set -eu
cd "$(dirname "$0")/../native"

# uninitvar: it takes a buffer that recvmsg fills through an iovec for one that nobody writes.
cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr --suppress=missingIncludeSystem \
	--suppress=uninitvar:protocol.c -D_GNU_SOURCE -D__linux__=1 "-D__$(uname -m)__=1" .

# Left out: findings about style (parameters that could be swapped, sscanf of the kernel's own files, widening, decimal suffixes), about vectors of
# pointers, about va_start (known false ones), and about what pid 1 of a sandbox allocates once and keeps.
checks='-*,bugprone-*,clang-analyzer-*,cert-*'
for left_out in bugprone-easily-swappable-parameters bugprone-reserved-identifier bugprone-implicit-widening-of-multiplication-result \
	bugprone-sizeof-expression cert-dcl16-c cert-dcl37-c cert-dcl51-cpp cert-err34-c clang-analyzer-valist.Uninitialized clang-analyzer-unix.Malloc \
	clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling; do
	checks=$checks,-$left_out
done
clang-tidy --quiet --warnings-as-errors='*' --checks="$checks" ./*.c -- -std=gnu17 -D_GNU_SOURCE
