# shellcheck shell=bash disable=SC2034 # what is set here is for the labs
# lab.sh: the library of the labs. Source it first, from bash.
#
# A lab draws its topology, builds it from network namespaces, waits on conditions instead of sleeping, prints what it
# does, and ends each check in a line `ok NAME (details)`, `not ok NAME reason` or `skip NAME reason`. Namespaces
# carry the lab's pid in their name; leaving the lab kills the processes in them and only those.
#
# Read from the environment: BUILD (default build/), LAB_LOG_DIR (keep logs there), LAB_DIRECTOR=keepalived (run
# the lab with keepalived in diarch's place, to compare), LAB_COLOUR (as on a terminal).
set -u

TOP=$(realpath "${BASH_SOURCE[0]%/*}/../..")
export BUILD=${BUILD:-$TOP/build}
LAB_NAME=${0##*/}
LAB_NAME=${LAB_NAME%.sh}
LAB_DIRECTOR=${LAB_DIRECTOR:-diarch}
LAB_TAG=dl$$
DIARCH=${DIARCH:-$BUILD/diarch}
DIARCHCTL=${DIARCHCTL:-$BUILD/diarchctl}
LVSADM=${LVSADM:-$BUILD/lvsadm}
VIPPING=$BUILD/test/lab/vipping
HTTPCOUNT=$BUILD/test/lab/httpcount
UDPNAME=$BUILD/test/lab/udpname

LAB_PASSED=0
LAB_FAILED=0
LAB_SKIPPED=0

# --- results ---

colour() { # NUMBER TEXT: coloured on a terminal only
	if [ -t 1 ] || [ -n "${LAB_COLOUR:-}" ]; then printf '\e[%sm%s\e[0m' "$1" "$2"; else printf '%s' "$2"; fi
}
say() {
	check_stopped
	printf '\n%s\n' "$(colour 1 "== $*")"
}
note() { echo "   $*"; }

ok() { # NAME [DETAILS]
	LAB_PASSED=$((LAB_PASSED + 1))
	echo "$(colour 32 ok) $1${2:+ ($2)}"
}
not_ok() { # NAME REASON
	LAB_FAILED=$((LAB_FAILED + 1))
	echo "$(colour 31 'not ok') $1 ${2:-}"
}
skip() { # NAME REASON
	LAB_SKIPPED=$((LAB_SKIPPED + 1))
	echo "$(colour 33 skip) $1 ${2:-}"
}
expect() { # NAME CMD...: ok when the command succeeds
	local name=$1
	shift
	if "$@" >/dev/null; then ok "$name"; else not_ok "$name" "failed: $*"; fi
}
expect_eq() { # NAME WANTED SEEN
	if [ "$2" = "$3" ]; then ok "$1" "$3"; else not_ok "$1" "wanted $2, seen $3"; fi
}
expect_most() { # NAME LIMIT SEEN [UNIT]: numbers, decimals allowed
	if awk -v a="$3" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 <= b + 0) }'; then
		ok "$1" "$3${4:+ $4}, limit $2"
	else
		not_ok "$1" "$3${4:+ $4}, limit $2"
	fi
}
give_up() { # REASON: the lab cannot go on
	not_ok "$LAB_NAME" "$1"
	exit 1
}
skip_lab() { # REASON
	skip "$LAB_NAME" "$1"
	exit 0
}

# --- parts of a lab beside each other ---

LAB_PARTS=()
# part NAME CMD...: runs in the background; nodes it makes need names of their own
part() {
	local name=$1
	shift
	mkdir -p "$LAB_DIR/parts"
	("$@") >"$LAB_DIR/parts/$name" 2>&1 &
	LAB_PARTS+=("$! $name")
}
# Waits for all parts, shows what they said, in order, and counts their results.
join_parts() {
	local part name status
	for part in "${LAB_PARTS[@]}"; do
		name=${part#* }
		wait "${part% *}"
		status=$?
		check_stopped
		[ $status -eq 0 ] || echo "not ok part-$name ended with status $status" >>"$LAB_DIR/parts/$name"
		cat "$LAB_DIR/parts/$name"
		LAB_PASSED=$((LAB_PASSED + $(grep -c '^ok ' "$LAB_DIR/parts/$name")))
		LAB_FAILED=$((LAB_FAILED + $(grep -c '^not ok ' "$LAB_DIR/parts/$name")))
		LAB_SKIPPED=$((LAB_SKIPPED + $(grep -c '^skip ' "$LAB_DIR/parts/$name")))
	done
	LAB_PARTS=()
}

# --- time and waiting ---

# Without a process of its own each: in a guest a fork takes long. NOW_MS is the clock.
tell_time() { NOW_MS=$((${EPOCHREALTIME/[.,]/} / 1000)); }
in_s() { # MS: as seconds
	printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
}

# Pauses without a process of its own; only for polling.
exec {LAB_PAUSE_FD}<> <(:)
poll_pause() { # [SECONDS]
	read -r -t "${1:-0.03}" -u "$LAB_PAUSE_FD" || :
	check_stopped
}
# Signals only leave a note: bash 5.2 crashes when a trap exits from within `read -t`.
LAB_STOPPED=
check_stopped() { [ -z "$LAB_STOPPED" ] || exit "$LAB_STOPPED"; }

# wait_for DESCRIPTION SECONDS CMD...: polls CMD until it succeeds; WAITED_MS says how long it took.
wait_for() {
	poll_until "$@" && note "$(in_s $WAITED_MS) s: $1"
}
poll_until() { # the same, silent on success
	local description=$1 limit_ms=$(($2 * 1000)) start_ms
	shift 2
	tell_time
	start_ms=$NOW_MS
	while ! "$@" >/dev/null 2>&1; do
		tell_time
		WAITED_MS=$((NOW_MS - start_ms))
		if [ $WAITED_MS -gt $limit_ms ]; then
			note "waited $(in_s $WAITED_MS) s in vain: $description"
			return 1
		fi
		poll_pause
	done
	tell_time
	WAITED_MS=$((NOW_MS - start_ms))
}
# The same as a check of its own.
expect_soon() { # NAME SECONDS CMD...
	if poll_until "$@"; then
		ok "$1" "$(in_s "$WAITED_MS") s"
	else
		not_ok "$1" "not within $2 s"
		return 1
	fi
}
# expect_stays NAME SECONDS CMD...: watches that CMD succeeds all the time.
expect_stays() {
	local name=$1 limit_ms=$(($2 * 1000)) start_ms
	shift 2
	tell_time
	start_ms=$NOW_MS
	while [ $((NOW_MS - start_ms)) -lt $limit_ms ]; do
		if ! "$@" >/dev/null 2>&1; then
			not_ok "$name" "no longer after $(in_s $((NOW_MS - start_ms))) s"
			return
		fi
		poll_pause
		tell_time
	done
	ok "$name" "watched for $(in_s $limit_ms) s"
}

# --- namespaces ---

ns() { echo "$LAB_TAG-$1"; }
pretty() { # NODE CMD...: without the long names of the folders that everything is in
	local node=$1 words
	check_stopped
	shift
	words=$*
	words=${words//"$BUILD/test/lab/"/}
	words=${words//"$BUILD/"/}
	echo "   [$node] ${words//"$LAB_DIR/"/}"
}
in_ns() { # NODE CMD...: runs silently
	local node=$1
	shift
	ip netns exec "$LAB_TAG-$node" "$@"
}
on() { # NODE CMD...: says it and runs it
	pretty "$@"
	in_ns "$@"
}
ipn() { # NODE ARGS...: ip(8) inside, echoing
	local node=$1
	shift
	pretty "$node" ip "$*"
	ip -n "$LAB_TAG-$node" "$@"
}
node_dir() { echo "$LAB_DIR/$1"; }
node_pids() { ip netns pids "$LAB_TAG-$1" 2>/dev/null; }

make_ns() { # NODE
	mkdir -p "$LAB_DIR/$1"
	ip netns add "$LAB_TAG-$1" || give_up "no network namespace (root is needed)"
	ip -n "$LAB_TAG-$1" link set dev lo up
}
make_switch() { # NODE: a bridge br0 in a namespace of its own
	make_ns "$1"
	ip -n "$LAB_TAG-$1" link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
	ip -n "$LAB_TAG-$1" link set dev br0 up
}
plug_cable() { # NODE SWITCH [IF]: veth from NODE's IF (eth0) to the port NODE (or NODE.IF) of the switch
	local port=$1${3:+.$3}
	ip link add "${3:-eth0}" netns "$LAB_TAG-$1" type veth peer name "$port" netns "$LAB_TAG-$2"
	ip -n "$LAB_TAG-$2" link set dev "$port" master br0 up
	ip -n "$LAB_TAG-$1" link set dev "${3:-eth0}" up
}
add_addresses() { # NODE IF ADDRESS...
	local node=$1 interface=$2 address
	shift 2
	for address; do
		case $address in
		*:*) ip -n "$LAB_TAG-$node" addr add "$address" dev "$interface" nodad ;;
		*) ip -n "$LAB_TAG-$node" addr add "$address" dev "$interface" ;;
		esac
	done
}
make_node() { # NODE SWITCH ADDRESS...: a namespace with eth0 on the switch
	local node=$1 switch=$2
	shift 2
	make_ns "$node"
	in_ns "$node" sysctl -q net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	plug_cable "$node" "$switch"
	add_addresses "$node" eth0 "$@"
}
cut_cable() { # NODE SWITCH: silently, both carriers stay up
	ipn "$2" link set dev "$1" nomaster
}
mend_cable() { # NODE SWITCH
	ipn "$2" link set dev "$1" master br0
}
has_address() { # NODE ADDRESS
	[ -n "$(ip -n "$LAB_TAG-$1" -o addr show to "$2")" ]
}
lacks_address() { ! has_address "$@"; }
neighbour_mac() { # NODE ADDRESS: link address NODE has for ADDRESS
	ip -n "$LAB_TAG-$1" neigh show "$2" | sed -n 's/.*lladdr \([^ ]*\).*/\1/p'
}
mac_of() { # NODE [IF]
	in_ns "$1" cat "/sys/class/net/${2:-eth0}/address"
}
neighbour_is() { # NODE ADDRESS OTHER: NODE takes ADDRESS for OTHER
	[ "$(neighbour_mac "$1" "$2")" = "$(mac_of "$3")" ]
}

# --- programs ---

declare -A LAB_PID
start() { # NODE NAME CMD...: in the background; pid in LAB_PID[NAME], output in NODE's folder as NAME.log
	local node=$1 name=$2
	shift 2
	pretty "$node" "$*" "&"
	ip netns exec "$LAB_TAG-$node" "$@" >>"$LAB_DIR/$node/$name.log" 2>&1 </dev/null &
	LAB_PID[$name]=$!
}
# A process of ours that ended may wait to be collected: a guest was seen to lose the signal that tells bash.
is_over() { # PID
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
	[[ ${stat##*) } == Z* ]]
}
stop() { # NAME [SIGNAL]: and waits for its end; its exit status in STATUS
	local pid=${LAB_PID[$1]} i
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	for ((i = 0; i < 700; i++)); do
		is_over "$pid" && break
		poll_pause
	done
	if ! is_over "$pid" && kill -KILL "$pid" 2>/dev/null; then note "$1 did not end after SIG${2:-TERM}"; fi
	wait "$pid" 2>/dev/null
	STATUS=$?
}
is_gone() { ! kill -0 "$1" 2>/dev/null; }

# A director: diarch, or keepalived where LAB_DIRECTOR or the caller says so. Its folder holds keepalived.conf, the
# log, the pid files and the control socket. Its node's name is also its name for `stop`.
start_director() { # NODE [OPTIONS...]
	local node=$1 dir
	shift
	dir=$(node_dir "$node")
	if [ "$LAB_DIRECTOR" = keepalived ]; then
		start_keepalived "$node" "$@"
	else
		start "$node" "$node" "$DIARCH" -n -l -D -f "$dir/keepalived.conf" -p "$dir/parent.pid" \
			-r "$dir/vrrp.pid" -c "$dir/check.pid" "--control=$dir/control.sock" "$@"
	fi
}
start_keepalived() { # NODE [OPTIONS...]
	local node=$1 dir
	shift
	dir=$(node_dir "$node")
	start "$node" "$node" keepalived -n -l -D -f "$dir/keepalived.conf" -p "$dir/parent.pid" -r "$dir/vrrp.pid" \
		-c "$dir/check.pid" -b "$dir/bfd.pid" "$@"
}
# From diarch's status, else from the pid files.
role_pid() { # NODE parent|vrrp|check
	if [ "$2" != parent ] && [ -S "$LAB_DIR/$1/control.sock" ]; then
		status_of "$1" ".processes[] | select(.role == \"$2\" and .pid != 0) | .pid"
	else
		pid_in_file "$1" "$2"
	fi
}
pid_in_file() { # NODE ROLE
	cat "$LAB_DIR/$1/$2.pid" 2>/dev/null
}
director_pids() { # NODE: parent and children
	local parent
	parent=$(role_pid "$1" parent) && echo "$parent" "$(pgrep -P "$parent" | tr '\n' ' ')"
}
is_running_as() { # NODE ROLE
	local pid
	pid=$(role_pid "$1" "$2") && [ -n "$pid" ] && kill -0 "$pid"
}
is_respawned() { # NODE ROLE OLD: a child of this role other than OLD is there
	local pid
	pid=$(role_pid "$1" "$2") && [ -n "$pid" ] && [ "$pid" != "$3" ] && kill -0 "$pid"
}
kill_director() { # NODE: all its processes at once: stopped first, so that none sees the other die
	local pids
	pids=$(director_pids "$1")
	pretty "$1" kill -KILL "$pids"
	# shellcheck disable=SC2086 # a list of pids
	kill -STOP $pids && kill -KILL $pids
	wait "${LAB_PID[$1]}" 2>/dev/null
}
reload_director() { # NODE
	pretty "$1" kill -HUP "$(role_pid "$1" parent)"
	kill -HUP "$(role_pid "$1" parent)"
}
ctl() { # NODE ARGS...
	local node=$1
	shift
	in_ns "$node" "$DIARCHCTL" "--control=$LAB_DIR/$node/control.sock" "$@"
}
status_of() { # NODE JQ-FILTER: from the status in JSON
	ctl "$1" status --json 2>/dev/null | jq -r "$2" 2>/dev/null
}
log_lines() { # NODE REGEX: how many log lines match
	grep -cE -- "$2" "$LAB_DIR/$1/$1.log"
}
in_log() { # NODE REGEX
	grep -qE -- "$2" "$LAB_DIR/$1/$1.log"
}
mark_log() { # NODE: in_log_since looks behind this point
	wc -c <"$LAB_DIR/$1/$1.log" >"$LAB_DIR/$1/mark"
}
log_since() { # NODE
	tail -c "+$(($(cat "$LAB_DIR/$1/mark") + 1))" "$LAB_DIR/$1/$1.log"
}
in_log_since() { # NODE REGEX
	log_since "$1" | grep -qE -- "$2"
}
# make_scratch: a folder in LAB_SCRATCH that users other than root get at, and whose path is short enough for sockets; LAB_DIR
# may be below somebody's home. It is gone at the end.
make_scratch() {
	LAB_SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/diarch-lab.XXXXXX")
	chmod 755 "$LAB_SCRATCH"
}
write_conf() { # NODE: keepalived.conf from standard input
	cat >"$LAB_DIR/$1/keepalived.conf"
}

# Blackouts: a client probes the address all the time while something happens.
start_ping() { # NODE ADDRESS [OPTIONS...]
	local node=$1 address=$2
	shift 2
	start_client "$node" ping "$VIPPING" "$@" "$address"
}
start_client() { # NODE NAME CMD...: vipping or httpcount; returns when it has begun
	rm -f "$LAB_DIR/$1/$2.log"
	start "$@"
	wait_for "$2 begins" 10 grep -q '^begins' "$LAB_DIR/$1/$2.log"
}
stop_ping() { # NODE [NAME]: PING_SENT, PING_LOST, PING_GAP_MS
	local log=$LAB_DIR/$1/${2:-ping}.log
	stop "${2:-ping}"
	sed '/^begins/d; s/^/   vipping: /' "$log"
	PING_SENT=$(sed -n 's/^sent=\([0-9]*\).*/\1/p' "$log")
	PING_LOST=$(sed -n 's/^sent=.* lost=\([0-9]*\).*/\1/p' "$log")
	PING_GAP_MS=$(sed -n 's/^sent=.* gap_ms=\([0-9.]*\).*/\1/p' "$log")
}

# --- IPVS tables, read from /proc: an observer that is not part of diarch ---

# An anchor process in each namespace whose table is watched: reading /proc/PID/net needs no process of its own.
declare -A LAB_ANCHOR
watch_table() { # NODE
	ip netns exec "$LAB_TAG-$1" sleep infinity </dev/null >/dev/null 2>&1 &
	LAB_ANCHOR[$1]=$!
	wait_for "the table of $1 can be read" 5 grep -qx sleep "/proc/$!/comm"
}
# hex_of ADDRESS:PORT or [ADDRESS6]:PORT: as in /proc/net/ip_vs, in REPLY.
hex_of() {
	local address=${1%:*} port=${1##*:} head tail words i
	case $address in
	\[*)
		address=${address//[\[\]]/}
		IFS=: read -ra head <<<"${address%%::*}"
		tail=()
		[[ $address != *::* ]] || IFS=: read -ra tail <<<"${address##*::}"
		words=("${head[@]}")
		for ((i = ${#head[@]} + ${#tail[@]}; i < 8; i++)); do words+=(0); done
		words+=("${tail[@]}")
		printf -v REPLY '%04x:' "${words[@]/#/0x}"
		REPLY="[${REPLY%:}]"
		;;
	*)
		IFS=. read -ra words <<<"$address"
		printf -v REPLY '%02X' "${words[@]}"
		;;
	esac
	printf -v REPLY '%s:%04X' "$REPLY" "$port"
}
# find_dest NODE PROTO SERVICE SERVER: "METHOD WEIGHT" in REPLY, or "-" (no such server), or "no service".
# The file is read in one go: `read` seeks back, and finds half a line when the table changed meanwhile.
find_dest() {
	local service server words line lines is_inside=
	hex_of "$3"
	service="$2 $REPLY"
	hex_of "$4"
	server=$REPLY
	REPLY="no service"
	mapfile -t lines <"/proc/${LAB_ANCHOR[$1]}/net/ip_vs"
	for line in "${lines[@]}"; do
		read -ra words <<<"$line" || :
		if [ "${words[0]:-}" != "->" ]; then
			is_inside=
			[ "${words[0]:-} ${words[1]:-}" != "$service" ] || { is_inside=1 && REPLY=-; }
		elif [ -n "$is_inside" ] && [ "${words[1]:-}" = "$server" ]; then
			REPLY="${words[2]:-} ${words[3]:-}"
			return
		fi
	done
}
# dest_is NODE PROTO SERVICE SERVER WANTED: wanted as find_dest says
dest_is() {
	find_dest "$1" "$2" "$3" "$4"
	[ "$REPLY" = "$5" ]
}
# The table to compare: without connection counters, and sorted, for its order means nothing.
table_of() {
	awk 'NR > 3 { if ($1 != "->") { service = $1 " " $2; print service, $3, $4, $5 } else print service, $2, $3, $4 }' \
		"/proc/${LAB_ANCHOR[$1]}/net/ip_vs" | sort
}
table_is() { [ "$(table_of "$1")" = "$2" ]; }

# --- what a lab needs ---

need() { # PROGRAM...
	local program
	for program; do
		command -v "$program" >/dev/null || skip_lab "$program is missing (test/setup installs it)"
	done
}
need_built() { # FILE...
	local file
	for file; do
		[ -x "$file" ] || give_up "$file is not built (test/setup builds it)"
	done
}
need_director() {
	need ip pgrep awk
	need_built "$VIPPING" "$HTTPCOUNT" "$UDPNAME"
	if [ "$LAB_DIRECTOR" = keepalived ]; then
		need keepalived
	else
		need jq
		need_built "$DIARCH" "$DIARCHCTL"
	fi
}
has_ipvs() { modprobe -q ip_vs 2>/dev/null || :; [ -e /proc/net/ip_vs ]; }
# need_guest REASON "$@": starts the lab again in a guest, for what the kernel here lacks; goes on when it is in one.
need_guest() {
	local reason=$1
	shift
	[ -z "${LAB_UML:-}" ] || return 0
	command -v linux.uml >/dev/null ||
		skip_lab "$reason and no linux.uml (Debian package user-mode-linux)"
	case $BUILD in *asan*) skip_lab "$reason, and AddressSanitizer does not run in a guest" ;; esac
	trap - EXIT
	lab_remove_dir
	echo "   $reason: continuing in a User-Mode Linux guest"
	exec "$TOP/test/lab/uml.sh" --timeout "${LAB_TIMEOUT:-600}" "$0" "$@"
}
# need_ipvs "$@": goes on here when the kernel has IPVS, else starts the lab again in a guest that has it.
need_ipvs() {
	has_ipvs && return
	[ -z "${LAB_UML:-}" ] || give_up "the guest has no IPVS"
	need_guest "no IPVS in this kernel" "$@"
}

# --- start and end ---

lab_remove_dir() {
	if [ -n "${LAB_TMP:-}" ]; then rm -rf "$LAB_TMP"; fi
	if [ -n "${LAB_SCRATCH:-}" ]; then rm -rf "$LAB_SCRATCH"; fi
}
# By name, for parts of a lab that run beside it may have made some.
lab_namespaces() { ip netns list | sed -n "s/^\\($LAB_TAG-[^ ]*\\).*/\\1/p"; }
lab_kill_nodes() {
	local part namespace pids
	for part in "${LAB_PARTS[@]}"; do kill -KILL "${part% *}" 2>/dev/null; done
	for namespace in $(lab_namespaces); do
		pids=$(ip netns pids "$namespace")
		# shellcheck disable=SC2086 # a list of pids
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
	done
	wait 2>/dev/null
	for namespace in $(lab_namespaces); do
		ip netns del "$namespace" 2>/dev/null
	done
}
lab_show_logs() {
	local log
	for log in "$LAB_DIR"/*/*.log; do
		if [ -s "$log" ]; then
			echo "--- ${log#"$LAB_DIR/"}, last lines"
			tail -25 "$log"
		fi
	done
}
# Any report of a sanitizer fails the lab.
lab_check_reports() {
	local report found=0
	for report in "$LAB_DIR"/sanitizer.*; do
		[ -e "$report" ] || continue
		found=$((found + 1))
		echo "--- ${report##*/}"
		head -60 "$report"
	done
	[ $found -eq 0 ] || not_ok "$LAB_NAME-sanitizers" "$found reports"
}
lab_end() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	exec 2>/dev/null
	lab_kill_nodes
	lab_check_reports
	[ $((LAB_PASSED + LAB_FAILED + LAB_SKIPPED)) -gt 0 ] || not_ok "$LAB_NAME" "nothing was checked"
	[ $status -eq 0 ] || [ $LAB_FAILED -gt 0 ] || not_ok "$LAB_NAME" "ended with status $status"
	[ $LAB_FAILED -eq 0 ] || lab_show_logs
	lab_remove_dir
	echo "$LAB_NAME: $LAB_PASSED passed, $LAB_FAILED failed, $LAB_SKIPPED skipped"
	[ $LAB_FAILED -eq 0 ] || exit 1
	exit 0
}
trap lab_end EXIT
trap 'LAB_STOPPED=130' INT
trap 'LAB_STOPPED=143' TERM

if [ -n "${LAB_LOG_DIR:-}" ]; then
	LAB_DIR=$LAB_LOG_DIR
	mkdir -p "$LAB_DIR"
else
	LAB_TMP=$(mktemp -d "${TMPDIR:-/tmp}/diarch-lab.XXXXXX")
	LAB_DIR=$LAB_TMP
fi
chmod 755 "$LAB_DIR"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=1:log_path=$LAB_DIR/sanitizer.asan"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:print_stacktrace=1:log_path=$LAB_DIR/sanitizer.ubsan"
