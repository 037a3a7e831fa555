#!/usr/bin/env bash
# Measures `ringfence serve` on a PostgreSQL cluster of its own: bench/serve.sh [SECONDS [RUNS]]. Prints rows of a Markdown table.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20} runs=${2:-1000000}
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
folder=$(mktemp -d /tmp/rfserve.XXXXXX)
owner=()
[ "$(id -u)" != 0 ] || { chown nobody "$folder"; chmod 755 "$folder"; owner=(setpriv --reuid=nobody --regid=nogroup --clear-groups); }
server=
stop() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
	(cd /tmp && "${owner[@]}" pg_ctl -D "$folder/data" -m immediate -w stop >/dev/null 2>&1) || true
	rm -rf "$folder"
}
trap stop EXIT
(cd /tmp && "${owner[@]}" initdb -D "$folder/data" -U ringfence -A trust -E UTF8 --locale=C >/dev/null &&
	"${owner[@]}" pg_ctl -D "$folder/data" -w -l "$folder/log" -o "-c listen_addresses='' -c unix_socket_directories=$folder" start >/dev/null)
createdb -h "$folder" -U ringfence ringfence
url="postgres://ringfence@/ringfence?host=$folder"
program=artifacts/ringfence/ringfence.dll
bench() { dotnet "bench/Ringfence.Bench.Serve/bin/Release/net10.0/ringfence-bench-serve.dll" "$@"; }
dotnet build bench/Ringfence.Bench.Serve -c Release -v q -nologo -clp:NoSummary >/dev/null
export RINGFENCE_HOME=$folder/home
mkdir -p "$RINGFENCE_HOME"
serve() {
	ANTHROPIC_API_KEY=none dotnet "$program" serve --listen 127.0.0.1:0 --database "$url" --max-runs 1 --max-runs-per-repo 1 --rate-limit 10000000 --drain-time 1s >"$folder/out" 2>"$folder/err" &
	server=$!
	until grep -q Serving "$folder/out"; do kill -0 "$server"; sleep 0.1; done
	address=$(sed -n 's/^Serving on //p' "$folder/out")
}
echo "| load before | $(cut -d' ' -f1-3 /proc/loadavg) |"
serve
key=$(grep -o 'rf_live_[0-9a-f]*' "$folder/out")
# Processor time in milliseconds: of the server, and of the database with its children.
used() { awk '{print ($14+$15)*10}' "/proc/$server/stat"; }
stored() { { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v parent="$(head -1 "$folder/data/postmaster.pid")" '$1 == parent || $4 == parent {sum += ($14+$15)*10} END {print sum}'; }
bench accepts "$address" "$key" 1 32 >/dev/null
before=$(used) database=$(stored)
bench accepts "$address" "$key" "$seconds" 32
echo "| processor time for both: server, database | $(($(used) - before)) ms, $(($(stored) - database)) ms |"
again() {
	kill "$server"
	wait "$server" || true
	psql -q -h "$folder" -U ringfence ringfence -c 'truncate runs, run_words'
}
again
serve
bench streams "$address" "$key" 1000 "$server"
again
bench fill "$runs" "$url"
serve
bench lists "$address" "$key" 40
