#!/bin/bash
# Runs a lab in a User-Mode Linux guest, for kernel IPVS on a machine without it.
#
#	uml.sh [--timeout SECONDS] [--mem SIZE] SCRIPT ARGS...
#
# The guest is one host process with a kernel of its own; its root is the host's file system, read-only, with
# private /run, /tmp and /dev/shm; only BUILD (default build/) can be written. What the script prints appears
# here as it comes, and its exit status becomes ours; 124 when it took too long, 125 when the guest broke down.
# Variables LAB_*, DIARCH_*, *SAN_OPTIONS, TERM, COLUMNS, CC, BUILD are handed on.
#
# LAB_UML_CONSOLE=1 gives the guest a second console on a host terminal, its name in BUILD/uml.console.
set -u
self=$(realpath "$0")
TOP=${self%/test/lab/*}

# --- inside the guest: this script is process 1 ---

keep_visible() { # DIR...: keeps our folders where they are when /tmp or /run are mounted over
	local dir
	for dir; do
		case $dir in
		/tmp/* | /run/*)
			mkdir -p "/dev/keep$dir" && mount --bind "$dir" "/dev/keep$dir" ;;
		esac
	done
}

show_again() {
	local dir
	for dir; do
		if [ -d "/dev/keep$dir" ]; then
			mkdir -p "$dir" && mount --bind "/dev/keep$dir" "$dir"
		fi
	done
}

guest_mounts() {
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mkdir -p /dev/shm /dev/pts
	mount -t devpts devpts /dev/pts
	ln -s /proc/self/fd /dev/fd
	mount -t tmpfs tmpfs /dev/shm
	keep_visible "$TOP" "$BUILD"
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /tmp
	show_again "$TOP" "$BUILD"
	mount -t hostfs -o "$BUILD" none "$BUILD"
}

# The guest's modules are not where modprobe looks, and the host may not even have that folder.
guest_modules() {
	mkdir -p /run/modules/lib /run/bin
	ln -s /usr/lib/uml/modules /run/modules/lib/modules
	printf '#!/bin/sh\nexec /sbin/modprobe -d /run/modules "$@"\n' >/run/bin/modprobe
	chmod +x /run/bin/modprobe
	echo /run/bin/modprobe >/proc/sys/kernel/modprobe
	PATH=/run/bin:$PATH
}

guest_console() {
	exec 8<>/dev/tty1
	dmesg | sed -n "s|.*onsole 1 assigned device '\(.*\)'.*|\1|p" >"$BUILD/uml.console"
	while :; do
		setsid -w bash -c 'PS1="guest# " exec bash --norc -i <>/dev/tty1 >&0 2>&0'
	done &
	exec 8>&-
}

guest() { # WORK
	local work=$1
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
	. "$work/env"
	guest_mounts
	exec >>"$work/out" 2>&1 </dev/null
	guest_modules
	hostname guest
	ip link set lo up
	cd "$(cat "$work/cwd")" || cd /
	[ -z "${LAB_UML_CONSOLE:-}" ] || guest_console
	bash "$work/command" &
	wait $!
	echo $? >"$work/status.new" && mv "$work/status.new" "$work/status"
	busybox poweroff -f
}

if [ "${1:-}" = --guest ]; then
	guest "$2"
	exit
fi

# --- on the host ---

timeout_s=600
mem=1G
while :; do
	case ${1:-} in
	--timeout) timeout_s=$2; shift 2 ;;
	--mem) mem=$2; shift 2 ;;
	*) break ;;
	esac
done
if [ $# -eq 0 ]; then
	sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
	exit 2
fi
if ! command -v linux.uml >/dev/null; then
	echo "uml.sh: linux.uml is missing (Debian package user-mode-linux)" >&2
	exit 125
fi

BUILD=${BUILD:-$TOP/build}
mkdir -p "$BUILD" || exit 125
BUILD=$(realpath "$BUILD")
work=$(mktemp -d "$BUILD/uml.XXXXXX") || exit 125
guest_pid=

stop_guest() {
	if [ -n "$guest_pid" ]; then
		kill -KILL "$guest_pid" "-$guest_pid" 2>/dev/null
		wait "$guest_pid" 2>/dev/null
	fi
	guest_pid=
	rm -rf "$work"
}
trap stop_guest EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

printf '#!/bin/bash\nexec /bin/bash %q --guest %q\n' "$self" "$work" >"$work/init"
chmod +x "$work/init"
pwd >"$work/cwd"
printf '%q ' "$@" >"$work/command"
{
	echo "export LAB_UML=1"
	for name in $(compgen -e); do
		case $name in
		LAB_* | DIARCH_* | ?SAN_OPTIONS | UBSAN_OPTIONS | TERM | COLUMNS | CC | BUILD)
			[ "$name" = LAB_UML ] || echo "export $name=${!name@Q}" ;;
		esac
	done
	echo "export BUILD=${BUILD@Q}"
} >"$work/env"
: >"$work/out"

console=con1=null
[ -z "${LAB_UML_CONSOLE:-}" ] || console=con1=pts
# The guest leads a session of its own; the kernel ends it when this script is killed outright.
setpriv --pdeathsig TERM linux.uml "mem=$mem" rootfstype=hostfs rootflags=/ ro "init=$work/init" \
	con=null con0=null,null "$console" quiet umid=guest "uml_dir=$work" \
	</dev/null >"$work/kernel" 2>&1 &
guest_pid=$!
timeout "$timeout_s" tail -n +1 -f -s 0.1 --pid=$guest_pid "$work/out" &
wait $!
status=$?
if [ -f "$work/status" ]; then
	status=$(cat "$work/status")
elif [ $status -eq 124 ]; then
	echo "uml.sh: guest stopped after $timeout_s s" >&2
	status=124
else
	echo "uml.sh: guest broke down" >&2
	tail -20 "$work/kernel" >&2
	status=125
fi
exit "$status"
