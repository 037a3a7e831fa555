#!/bin/sh
# Sets up what is missing to run Ringfence from a checkout: packages, the native part, the published programs. One line a step, quick when
# there is nothing to do, safe when several start at once. Everything it makes is in artifacts/.
#
#   eng/setup.sh          what ./ringfence and ./ringfence-agent need
#   eng/setup.sh --test   also what ./test needs
#
# RINGFENCE_NO_PACKAGES=1 never installs packages: it only says what is missing.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
artifacts=$root/artifacts
log=$artifacts/setup.log
for_tests=${1:-}

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 MSBUILDDISABLENODEREUSE=1
[ -n "${HOME:-}" ] || export DOTNET_CLI_HOME="$artifacts/home" NUGET_PACKAGES="$artifacts/packages"

say() { printf '%s\n' "ringfence set-up: $*" >&2; }
fail() { say "$1"; [ -z "${2:-}" ] || say "  $2"; exit 78; } # EX_CONFIG: the environment lacks something

# step "what is done" command…: one line with its time; the whole output goes to the log, and is shown when it failed.
step() {
	what=$1
	shift
	began=$(date +%s%N)
	printf 'ringfence set-up: %s … ' "$what" >&2
	{ printf '\n== %s\n$ %s\n' "$what" "$*"; } >>"$log"
	lines=$(wc -l <"$log")
	if "$@" >>"$log" 2>&1 </dev/null; then
		printf '%s s\n' "$(( ($(date +%s%N) - began) / 100000000 ))" | sed -E 's/([0-9]) s$/.\1 s/; s/^\./0./' >&2
	else
		printf 'failed\n' >&2
		tail -n "+$((lines + 1))" "$log" | grep -E 'error|Error|E: ' | sort -u | head -20 >&2 || true
		fail "$what failed." "The whole output is in $log"
	fi
}

# ---- packages: asked for by what they provide, so that any distribution with the same tools will do

missing() {
	command -v git >/dev/null || echo git
	command -v gcc >/dev/null || echo gcc
	[ -e /usr/include/stdio.h ] || echo libc6-dev
	[ -e /usr/include/linux/seccomp.h ] || echo linux-libc-dev
	[ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
	[ -n "$(find /lib /lib64 /usr/lib /usr/lib64 -maxdepth 2 -name libsqlite3.so.0 -print -quit 2>/dev/null)" ] || echo libsqlite3-0
	[ "$for_tests" = --test ] || return 0
	command -v cppcheck >/dev/null || echo cppcheck
	command -v clang-tidy >/dev/null || echo clang-tidy
	command -v curl >/dev/null || echo curl
	command -v python3 >/dev/null || echo python3
	[ -x /usr/sbin/nft ] || echo nftables
	command -v ip >/dev/null || [ -x /usr/sbin/ip ] || echo iproute2
	command -v gnutls-cli >/dev/null || echo gnutls-bin
	command -v go >/dev/null || echo golang-go
}

install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ||
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }
}

packages() {
	wanted=$(missing | paste -sd " ")
	[ -n "$wanted" ] || return 0
	if ! command -v apt-get >/dev/null; then
		fail "these are missing: $wanted" "Install them (Debian's names) and start again."
	elif [ "$(id -u)" != 0 ] || [ -n "${RINGFENCE_NO_PACKAGES:-}" ]; then
		fail "these packages are missing: $wanted" "Run: sudo apt-get install -y --no-install-recommends $wanted"
	fi
	# shellcheck disable=SC2086 # one word a package
	step "installing $wanted" install $wanted
	wanted=$(missing | paste -sd " ")
	[ -z "$wanted" ] || fail "still missing after the installation: $wanted" "See $log"
}

dotnet_sdk() {
	command -v dotnet >/dev/null ||
		fail "the .NET 10 SDK is missing." "Install it from https://dotnet.microsoft.com/download/dotnet/10.0 and put dotnet on the PATH."
	dotnet --version >>"$log" 2>&1 ||
		fail "the .NET SDK that global.json asks for is not there (10.0.100 or a later 10.0)." "Installed: $(dotnet --list-sdks | tr '\n' ' ')"
}

# ---- programs: published beside the old ones and then put in their place, because a program that runs must keep its files

publish() {
	rm -rf "$artifacts/new/$2"
	dotnet publish "$1" -c Release -r "$runtime" --self-contained false -p:PublishReadyToRun=true -p:UseSharedCompilation=false \
		-o "$artifacts/new/$2" -v minimal
}

swap() {
	rm -rf "$artifacts/old/$1"
	[ ! -e "$artifacts/$1" ] || mv "$artifacts/$1" "$artifacts/old/$1"
	mv "$artifacts/new/$1" "$artifacts/$1"
}

native() {
	native/build.sh "$artifacts/native/rf-sandbox"
}

build() {
	case $(uname -m) in
	x86_64) runtime=linux-x64 ;;
	aarch64) runtime=linux-arm64 ;;
	*) fail "Ringfence has no build for $(uname -m)." ;;
	esac

	# The stamp is as old as the start of the build: what changes meanwhile is newer. The folders that building makes exist before it,
	# because a folder that gets a new entry is newer too.
	mkdir -p "$artifacts/new" "$artifacts/old"
	for project in src/* tests/Ringfence.Model; do mkdir -p "$project/bin" "$project/obj"; done
	touch "$artifacts/stamp.new"

	step "building the native part" native
	step "building ringfence" publish src/Ringfence.App ringfence
	step "building ringfence-agent" publish src/Ringfence.Agent agent
	step "building ringfence-model (simulated model)" publish tests/Ringfence.Model model
	for program in ringfence agent model; do swap "$program"; done
	mv "$artifacts/stamp.new" "$artifacts/stamp"
}

# The official clients that drive the agent in its tests. Without npm those tests are skipped, and say so.
clients() {
	clients=tests/Ringfence.Agent.Tests/npm
	[ "$clients/node_modules" -nt "$clients/package-lock.json" ] || ! command -v npm >/dev/null ||
		step "installing the official SDKs for tests" sh -c "cd $clients && npm ci --ignore-scripts && touch node_modules"
}

# The agents that acceptance tests drive, as their makers ship them: a gigabyte, fetched once. What cannot be fetched is said, and its tests are skipped
# with that reason.
agents() {
	[ -z "${RINGFENCE_NO_AGENTS:-}" ] || return 0
	cache=$artifacts/agents-cache
	for agent in claude-code codex gemini-cli opencode qwen-code; do
		[ ! -e "$cache/agents/$agent/current" ] || continue
		mkdir -p "$cache/agents"
		began=$(date +%s)
		if RINGFENCE_HOME=$cache timeout 300 dotnet "$artifacts/ringfence/ringfence.dll" agents install "$agent" >>"$log" 2>"$cache/agents/$agent.failed" </dev/null; then
			rm -f "$cache/agents/$agent.failed"
			say "fetched $agent for tests ($(($(date +%s) - began)) s)"
		else
			say "$agent could not be fetched: $(tail -n 2 "$cache/agents/$agent.failed" | head -n 1)"
		fi
	done
}

mkdir -p "$artifacts"
exec 9>"$artifacts/setup.lock"
flock -n 9 || { say "waiting for another set-up of this checkout"; flock 9; }
: >"$log"

packages
# shellcheck source=eng/stale.sh
. "$root/eng/stale.sh"
if stale "$root"; then
	dotnet_sdk
	build
fi
if [ "$for_tests" = --test ]; then
	clients
	agents
fi
