# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# Reads what an emulated machine says, as it says it, and judges it. Sourced by `run`, whose options it uses.
#
# An event is a line of the console ("C ..."), a line of the kernel's log ("K ..."), or the end of Bochs ("E"). The
# machine's init speaks in between by lines that hold "@machine".

. "$machine_dir/tap.sh"

commands=() expected=() expected_log=() allowed=() expected_end=poweroff tap=0
problems=() phase=boot current='' leaking=0 panicked=0 ended=''
declare -A met=()

# What a healthy kernel never says. "Call Trace" catches what has a name that nobody thought of.
bad_log='WARNING:|BUG:|Oops|general protection fault|invalid opcode|kernel BUG|double fault|Kernel panic|unable to handle'
bad_log+='|possible recursive locking|possible circular locking|INFO: possible|suspicious RCU usage'
bad_log+='|inconsistent lock state|[Ii]nvalid wait context|sleeping function called|scheduling while atomic'
bad_log+='|INFO: task .* blocked|rcu.* stall|soft lockup|hard LOCKUP|[Bb]ad page|ODEBUG|refcount_t|corruption'
bad_log+='|KASAN|UBSAN|unchecked MSR access|Call Trace'

# A leak is the module's when a function of its own is in the backtrace, or an address that has lost its name
# because the module is gone.
bad_leak='\[vhm\]|\] 0xffffffff[ac]'

problem()
{
	problems+=("$*")
	say "$name: $*"
}

command_line()
{
	printf '%s' "${commands[10#$1 - 1]}"
}

# What was running when something happened: the command, and its test where it names them.
where()
{
	if [ "$phase" = boot ]; then
		printf 'while the kernel booted'
	elif [ "$leaking" = 1 ]; then
		printf 'during the scan for leaks'
	elif [ -n "$current" ]; then
		printf "in '%s'" "$(command_line "$current")"
		[ -z "$running" ] || printf ", test '%s'" "$running"
	else
		printf 'between the commands'
	fi
}

show()
{
	printf '%s\n' "$1" >>"$transcript"
	[ "$quiet" = 1 ] || printf '%s\n' "$1"
}

is_allowed()
{
	local pattern

	for pattern in ${allowed[@]+"${allowed[@]}"}; do
		[[ $1 =~ $pattern ]] && return
	done
	return 1
}

# Notes which of the patterns given as the further arguments the line matches; KIND keeps log and console apart.
note_expected()
{
	local kind=$1 line=$2 pattern
	shift 2

	for pattern; do
		[[ ! $line =~ $pattern ]] || met[$kind $pattern]=1
	done
}

log_line()
{
	local line=$1

	# In a terminal that talks to the machine it would only be in the way.
	if [ "$interactive" = 0 ]; then show "| $line"; else echo "| $line" >>"$transcript"; fi
	note_expected log "$line" ${expected_log[@]+"${expected_log[@]}"}
	[[ $line != *'Kernel panic'* ]] || panicked=1
	if [[ $line == *'machine: init'* ]]; then
		[ $phase = boot ] || { ended=reset; return; }
		phase=init
		boot_seconds=$((SECONDS - started))
	elif [[ $line == *'end Kernel panic'* ]]; then
		ended=panic
	elif [ $phase != boot ] && [[ $line =~ $bad_log ]] && ! is_allowed "$line"; then
		problem "kernel log, $(where): $line"
	fi
}

begin_command()
{
	current=$1
	tap_begin
	show "> $(command_line "$current")"
}

# Loading and unloading a module is no test and has no plan.
is_test()
{
	[ "$tap" = 1 ] && [[ ! $(command_line "$1") =~ ^(insmod|rmmod)\  ]]
}

end_command()
{
	local status=$2

	if is_test "$1"; then
		tap_end "$status"
	elif [ "$status" != 0 ]; then
		problem "$(where): ended with status $status"
	elif [ "$tap" = 0 ]; then
		passed=$((passed + 1))
	fi
	current='' running=''
}

console_line()
{
	local line=$1

	if [[ $line =~ @machine\ begin\ ([0-9]+)$ ]]; then
		begin_command "${BASH_REMATCH[1]}"
	elif [[ $line =~ (.*)@machine\ end\ ([0-9]+)\ ([0-9]+)$ ]]; then
		[ -z "${BASH_REMATCH[1]}" ] || show "${BASH_REMATCH[1]}"
		end_command "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
	elif [[ $line =~ @machine\ leaks\ (.*)$ ]]; then
		[ "${BASH_REMATCH[1]}" = done ] && leaking=0 || leaking=1
	elif [[ $line == *'@machine off' ]]; then
		ended=poweroff
	else
		show "$line"
		note_expected console "$line" ${expected[@]+"${expected[@]}"}
		if [ $leaking = 1 ]; then
			[[ ! $line =~ $bad_leak ]] || problem "memory leak: $line"
		elif [ "$tap" = 1 ] && [ -n "$current" ]; then
			tap_line "$line"
		fi
	fi
}

# How many seconds of a processor the machine has used. Silence and limits are measured by them, so that a machine
# that shares its processor with others is not taken for a hung one: a machine that hangs, spinning or idle, keeps
# Bochs as busy as one that works.
machine_seconds()
{
	local stat pid

	if { read -r pid <"$directory/pid" && read -r stat <"/proc/$pid/stat"; } 2>/dev/null; then
		# shellcheck disable=SC2086 # fields of /proc/PID/stat behind the name: user and system time are the 12th and 13th
		set -- ${stat##*) }
		used=$(((${12} + ${13}) / 100))
	fi
}

# How long the machine may be silent.
patience()
{
	if [ $phase = boot ]; then
		printf '%s' "$boot_silence"
	elif [ $leaking = 1 ]; then
		# One scan is one long system call.
		printf '%s' $((3 * silence))
	else
		printf '%s' "$silence"
	fi
}

# Looks at the clocks after every few seconds; true when the machine has to be given up. ANEW is 1 when it has said
# something since the last look. Should Bochs itself be stuck, it uses no processor: then ten times as long by the clock.
given_up()
{
	local anew=$1 longest

	longest=$(patience)
	machine_seconds
	[ "$anew" = 0 ] || quiet_since=$used heard=$SECONDS
	if [ "$used" -ge "$limit" ] || [ $((SECONDS - started)) -ge $((10 * limit)) ]; then
		problem "not at its end after $limit s, $(where)"
	elif [ "$longest" = 0 ]; then
		return 1
	elif [ $((used - quiet_since)) -ge "$longest" ] || [ $((SECONDS - heard)) -ge $((10 * longest)) ]; then
		problem "silent for $longest s, $(where): hung?"
	else
		return 1
	fi
}

watch_machine()
{
	local event anew=0 looked=$SECONDS

	started=$SECONDS boot_seconds='' used=0 quiet_since=0 heard=$SECONDS
	while [ -z "$ended" ] || [ "$ended" = poweroff ]; do
		if IFS= read -r -t 2 -u 7 event; then
			anew=1
			case $event in
			'C '*) console_line "${event#C }" ;;
			'K '*) log_line "${event#K }" ;;
			E) break ;;
			esac
		fi
		[ $((SECONDS - looked)) -ge 2 ] || continue
		looked=$SECONDS
		! given_up $anew || return
		anew=0
	done
	# A triple fault is how a kernel resets the machine that knows no better way; Bochs ends there.
	if [ -z "$ended" ] && grep -qs '3rd ([0-9]*) exception with no resolution' "$directory/bochs.log"; then
		ended=reset
	fi
	[ $panicked = 0 ] || ended=panic
}

check_end()
{
	[ "$ended" != "$expected_end" ] || return
	case $ended in
	panic) problem "the kernel panicked" ;;
	reset) problem "the machine was reset, $(where)" ;;
	poweroff) problem "the machine was switched off, but --expect-end $expected_end was given" ;;
	'') [ "$interactive" = 0 ] || return ;;&
	*)
		# Hung is said already; else Bochs itself gave up, and its log says why.
		[ ${#problems[@]} -gt 0 ] || problem "Bochs ended, $(where): $(grep -aE 'PANIC|FATAL|ERROR' "$directory/bochs.log" \
			"$directory/bochs.out" | tail -n 1)"
		;;
	esac
}

check_expected()
{
	local pattern

	for pattern in ${expected[@]+"${expected[@]}"}; do
		[ -n "${met[console $pattern]-}" ] || problem "the console never showed what matches '$pattern'"
	done
	for pattern in ${expected_log[@]+"${expected_log[@]}"}; do
		[ -n "${met[log $pattern]-}" ] || problem "the kernel's log never showed what matches '$pattern'"
	done
}

give_verdict()
{
	local text other

	check_end
	[ "$interactive" = 1 ] || check_expected
	other=$((${#problems[@]} - failed))
	[ -z "$results" ] || printf '%d %d %d %s\n' $passed $((failed + other)) $skipped "$name" >>"$results"
	text="$passed passed, $((failed + other)) failed, $skipped skipped; booted in ${boot_seconds:-?} s, $((SECONDS - started)) s in all, $used s of a processor"
	if [ ${#problems[@]} = 0 ] && [ "$interactive" = 1 ]; then
		say "machine $name is off"
		return 0
	elif [ ${#problems[@]} = 0 ]; then
		say "machine $name: PASS: $text"
		return 0
	fi
	[ "$quiet" = 0 ] || tail -n 60 "$transcript"
	say "machine $name: FAIL: $text"
	for other in "${problems[@]}"; do
		say "  $other"
	done
	return 1
}
