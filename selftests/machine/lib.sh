# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts of the emulated machine share: where things are, and how to speak.

machine_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this file
top_dir=$(cd "$machine_dir/../.." && pwd)
# Everything built goes below here; a second checkout shares nothing with the first but the cache.
# shellcheck disable=SC2034
build_dir=${VHM_BUILD:-$top_dir/build}
cache_dir=${XDG_CACHE_HOME:-$HOME/.cache}/vhm
me=$(basename "$0")

# Progress and results for people go to standard error: standard output is the answer of the script.
say()
{
	printf '%s: %s\n' "$me" "$*" >&2
}

die()
{
	say "$*"
	exit 1
}

# Runs a command as root, by sudo if need be.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		command -v sudo >/dev/null || die "needs root, and there is no sudo: $*"
		sudo "$@"
	fi
}

# One process at a time makes NAME in the cache; the others wait for it and find it made.
cache_lock()
{
	local name=$1

	mkdir -p "$cache_dir" || die "cannot make the cache directory $cache_dir: set XDG_CACHE_HOME to a writable directory"
	exec 9>"$cache_dir/.lock-$name"
	if ! flock -n 9; then
		say "waiting: another process is preparing $name"
		flock 9
	fi
}

# Shows how far a long command is: reads its output, and says every so often how many of TOTAL lines that
# match PATTERN it has seen. The whole output goes to LOG.
progress()
{
	local log=$1 what=$2 pattern=$3 total=$4

	tee "$log" | awk -v what="$what" -v pattern="$pattern" -v total="$total" -v me="$me" '
		BEGIN { start = last = systime() }
		$0 ~ pattern { seen++ }
		systime() - last >= 20 {
			last = systime()
			done = total ? int(100 * seen / total) : 0
			if (done > 99) done = 99
			printf "%s: %s: %d%% (%d s)\n", me, what, done, last - start > "/dev/stderr"
		}'
}

# The newest release of Debian's stock kernel that the package lists name, e.g. 6.1.0-56-amd64; where there are
# no lists (no network), the newest one that is in the cache or whose headers are installed. Asking apt takes a second
# and every script asks: the answer is good for half a day.
stock_release()
{
	local release='' answer=$cache_dir/stock-release

	if [ -n "$(find "$answer" -mmin -720 2>/dev/null)" ]; then
		cat "$answer"
		return
	fi
	release=$(apt-cache pkgnames linux-image-6.1.0- 2>/dev/null |
		sed -n 's/^linux-image-\(6\.1\.0-[0-9]*-amd64\)$/\1/p' | sort -V | tail -n 1)
	[ -n "$release" ] ||
		release=$(find "$cache_dir" /usr/src -maxdepth 1 -name '*6.1.0-*-amd64*' -printf '%f\n' 2>/dev/null |
			grep -o '6\.1\.0-[0-9]*-amd64' | sort -V | tail -n 1)
	[ -n "$release" ] || return 1
	mkdir -p "$cache_dir" && printf '%s\n' "$release" | tee "$answer"
}
