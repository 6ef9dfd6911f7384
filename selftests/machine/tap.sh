# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# Reads TAP (kselftest's: a plan, "ok N - name", "not ok N - name", "# SKIP", nested results indented or behind "#")
# line by line and counts. The script that sources it has a function `problem`, which is told what is wrong, and
# `where`, which names what is running.

passed=0 failed=0 skipped=0
plan='' seen=0 running='' command_failed=0

# Forgets the plan of the program before, not the counts.
tap_begin()
{
	plan='' seen=0 running='' command_failed=0
}

tap_line()
{
	local line=$1

	if [[ $line =~ ^1\.\.([0-9]+) ]]; then
		plan=${BASH_REMATCH[1]}
		[ "$plan" != 0 ] || skipped=$((skipped + 1))
	elif [[ $line =~ ^(not )?ok\ +[0-9]+ ]]; then
		seen=$((seen + 1))
		if [[ $line =~ \#\ *SKIP ]]; then
			skipped=$((skipped + 1))
		elif [[ $line == not* ]]; then
			failed=$((failed + 1)) command_failed=$((command_failed + 1))
			problem "failed: $line ($(where))"
		else
			passed=$((passed + 1))
		fi
		running=''
	elif [[ $line =~ ^#\ +RUN\ +([^ ]+) ]]; then
		running=${BASH_REMATCH[1]}
	elif [[ $line == 'Bail out!'* ]]; then
		problem "$line ($(where))"
	fi
}

# At the end of a program's report: its plan against what it reported.
tap_close()
{
	if [ -z "$plan" ]; then
		problem "$(where): no TAP plan"
	elif [ "$seen" -lt "$plan" ]; then
		problem "$(where): only $seen of the $plan tests that the plan names were reported"
	elif [ "$seen" -gt "$plan" ]; then
		problem "$(where): $seen tests were reported, but the plan names $plan"
	fi
}

# At the end of a command: also its exit status against what it reported.
tap_end()
{
	local status=$1

	tap_close
	# 4 is kselftest's "skipped"; a test that failed was counted when it said so.
	[ "$status" = 0 ] || [ "$status" = 4 ] || [ "$command_failed" -gt 0 ] ||
		problem "$(where) ended with status $status though no test of it failed"
}
