# shellcheck shell=sh
# stale ROOT: true when something that the programs in artifacts/ are built from is newer than they are. One `find`, a few milliseconds,
# because it stands in front of every start.
stale() {
	[ -e "$1/artifacts/stamp" ] || return 0
	[ -n "$(find "$1/src" "$1/native" "$1/tests/Ringfence.Model" "$1/eng/setup.sh" "$1/Directory.Build.props" "$1/Directory.Packages.props" "$1/global.json" \
		\( -name bin -o -name obj \) -prune -o -newer "$1/artifacts/stamp" -print -quit 2>/dev/null)" ]
}
