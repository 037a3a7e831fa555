#!/usr/bin/env bash
# Measures many runs of a scripted agent at once on one `ringfence serve` (SQLite): bench/runs.sh [RUNS]. Prints rows of a Markdown table.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-50}
folder=$(mktemp -d /tmp/rfruns.XXXXXX)
server= model=
stop() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
	[ -z "$model" ] || { kill "$model" 2>/dev/null || true; wait "$model" 2>/dev/null || true; }
	rm -rf "$folder"
}
trap stop EXIT
dotnet build bench/Ringfence.Bench.Serve -c Release -v q -nologo -clp:NoSummary >/dev/null
sed 's/cat greeting.txt/&; sleep 20/' tests/Ringfence.Acceptance/many-runs.yaml >"$folder/script.yaml"
mkfifo "$folder/hold"
dotnet artifacts/model/ringfence-model.dll --script "$folder/script.yaml" <"$folder/hold" >"$folder/model" &
model=$!
exec 9>"$folder/hold"
until grep -q address "$folder/model"; do kill -0 "$model"; sleep 0.1; done
mkdir -p "$folder/code/app" "$folder/home"
git -C "$folder/code/app" init -q -b main
echo "# A project" >"$folder/code/app/README.md"
git -C "$folder/code/app" add -A
git -C "$folder/code/app" -c user.name=bench -c user.email=bench@example.invalid commit -q -m start
export RINGFENCE_HOME=$folder/home ANTHROPIC_API_KEY=simulated ANTHROPIC_BASE_URL
ANTHROPIC_BASE_URL=$(sed -n 's/.*"address": *"\([^"]*\)".*/\1/p' "$folder/model")
dotnet artifacts/ringfence/ringfence.dll serve --listen 127.0.0.1:0 --repo-root "$folder/code" --max-runs "$runs" --max-runs-per-repo "$runs" --rate-limit 10000000 >"$folder/out" 2>"$folder/err" &
server=$!
until grep -q Serving "$folder/out"; do kill -0 "$server"; sleep 0.1; done
echo "| load before | $(cut -d' ' -f1-3 /proc/loadavg) |"
dotnet bench/Ringfence.Bench.Serve/bin/Release/net10.0/ringfence-bench-serve.dll runs \
	"$(sed -n 's/^Serving on //p' "$folder/out")" "$(grep -o 'rf_live_[0-9a-f]*' "$folder/out")" "$runs" "$folder/code/app" "$server"
dotnet artifacts/ringfence/ringfence.dll audit verify
