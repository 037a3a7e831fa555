#!/bin/sh
# Builds rf-sandbox, static: it must run on any Linux, and nothing of the host's libraries may decide what it does.
# usage: native/build.sh [OUTPUT]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/../artifacts/native/rf-sandbox}
mkdir -p "$(dirname "$output")"

warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align -Wformat=2 -Wundef -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wredundant-decls -Wnull-dereference -Wdouble-promotion -Wswitch-enum -Wwrite-strings -Wvla"
hardening="-static-pie -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2
  -ftrivial-auto-var-init=zero -fno-strict-overflow -Wl,-z,relro,-z,now,-z,noexecstack"

# shellcheck disable=SC2086 # flags are words
"${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O2 $warnings -Werror $hardening -o "$output.new" "$here"/*.c
strip "$output.new"
mv "$output.new" "$output"
