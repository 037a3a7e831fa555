#!/bin/sh
# Writes the table of docs/agents.md anew, from `ringfence agents test` with every agent: real runs, some three minutes. Needs ./test to have fetched them.
set -eu
cd "$(dirname "$0")/.."
document=docs/agents.md
home=$(mktemp -d)
table=$home/table.md
trap 'rm -rf "$home"' EXIT
mkdir "$home/agents"
for folder in artifacts/agents-cache/agents/*/; do ln -s "$PWD/$folder" "$home/agents/"; done
# A host that one machine's package settings name is no fact about the agent.
RINGFENCE_HOME=$home ./ringfence agents test --markdown | sed -E 's/and so was registry[a-z.]*/and so was its package registry/' >"$table"
awk -v table="$table" '
	/^<!-- agents test -->$/ { print; print ""; while ((getline line < table) > 0) print line; print ""; inside = 1; next }
	/^<!-- end -->$/ { inside = 0 }
	!inside' "$document" >"$home/document.md"
cat "$home/document.md" >"$document"
