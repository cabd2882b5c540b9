#!/bin/bash
# calm
#
#	a .130, VIP .200: eth0 on a switch of its own
#
# Processes that a router depends on. A director that is started in the first network namespace and enters its own
# (net_namespace) is told by the kernel: the begin and the end of a process are noticed at once, where looking would come
# every half second, and every ten seconds once the kernel tells. Quorum and quorum_max, both delays, whole commands,
# the three ways to compare parameters; a child; a storm of processes that nobody reads of.
# Then a director that is started inside, where the kernel tells nothing: looking finds the same.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq
need_director

# One look in five would find a change within this time by chance.
AT_ONCE_MS=100
if nm -D "$DIARCH" 2>/dev/null | grep -q __asan_init; then AT_ONCE_MS=200; fi
ROUNDS=5
DIR=$LAB_DIR/a
TAG=$$ # names of processes are seen by labs beside this one

# The kernel's end of the connector is in the first network namespace only, and answers only the first process namespace.
FIRST_PIDS=$((0xEFFFFFFC))
has_connector() { awk '$2 == 11 && $3 == 0 { n++ } END { exit !n }' /proc/net/netlink; }
has_events() { grep -q ' proc_exec_connector$' /proc/kallsyms; }
in_first_pids() { [ "$(stat -Lc %i /proc/self/ns/pid)" = $FIRST_PIDS ]; }
why_untold() {
	has_events || { echo "this kernel has no process events (CONFIG_PROC_EVENTS)"; return; }
	has_connector || { echo "this is not the first network namespace"; return; }
	in_first_pids || echo "this is not the first process namespace"
}

track() { # NAME LINE...
	printf 'vrrp_track_process %s {\n' "$1"
	printf '    %s\n' "${@:2}"
	printf '}\n'
}
conf_of_a() {
	cat <<-END
		global_defs {
		    router_id a
		}
		$(track one "process one.$TAG")
		$(track range "process range.$TAG" "quorum 2" "quorum_max 3")
		$(track none "process none.$TAG" "quorum_max 0")
		$(track slow "process slow.$TAG" "terminate_delay 1" "fork_delay 2")
		$(track whole "process $DIR/whole.$TAG 1001" full_command)
		$(track exact "process words.$TAG 1001 1002" param_match)
		$(track initial "process words.$TAG 1001 10" "param_match initial")
		$(track partial "process words.$TAG 1001" "param_match partial")
		vrrp_instance VI_1 {
		    interface eth0
		    virtual_router_id 51
		    priority 150
		    advert_int 1
		    virtual_ipaddress {
		        192.168.195.200/24
		    }
		    track_process {
		        one weight -1
		        range weight -1
		        none weight -1
		        slow weight -1
		        whole weight -1
		        exact weight -1
		        initial weight -1
		        partial weight -1
		    }
		}
	END
}
# Not through `ip netns exec`, which would enter the namespace before the director makes its socket.
start_outside() {
	say "a director that enters its namespace by itself"
	"$DIARCH" -n -l -D -s "$(ns a)" -f "$DIR/keepalived.conf" -p "$DIR/parent.pid" -r "$DIR/vrrp.pid" \
		-c "$DIR/check.pid" "--control=$DIR/control.sock" >>"$DIR/a.log" 2>&1 </dev/null &
	LAB_PID[a]=$!
}
states_are() { # NAME=STATE...
	local seen
	seen=$(status_of a '[.trackers[] | "\(.name)=\(.state)"] | join(" ")')
	for want; do
		case " $seen " in *" $want "*) ;; *) return 1 ;; esac
	done
}
begin() { # NAME PROGRAM WORD...: a process of that name
	local name=$1 program=$2
	shift 2
	[ -e "$DIR/$program.$TAG" ] || cp "$(command -v sleep)" "$DIR/$program.$TAG"
	start a "$name" "$DIR/$program.$TAG" "$@"
}
told() { in_log_since a "Quorum $1 for tracked process $2 "; } # lost|gained NAME
told_ms() { # lost|gained NAME: when, by the time in the log
	local time
	time=$(log_since a | sed -nE "s/^... (.*) ([0-9:.]+) ([0-9]{4}): .*Quorum $1 for tracked process $2 .*/\1 \3 \2/p" | head -1)
	date -d "$time" +%s%3N
}
after() { # lost|gained NAME CMD...: does it; the time until the director knows in TOOK_MS
	local what=$1 name=$2 since_ms
	shift 2
	mark_log a
	tell_time
	since_ms=$NOW_MS
	"$@" >/dev/null
	poll_until "$name $what" 5 told "$what" "$name"
	TOOK_MS=$(($(told_ms "$what" "$name") - since_ms))
}
end() { # NAME: no more than that, stop() takes its time
	kill -KILL "${LAB_PID[$1]}"
}

at_once() { # PREFIX
	local i worst_end=0 worst_begin=0
	say "$ROUNDS times: a process ends, another one begins"
	for ((i = 0; i < ROUNDS; i++)); do
		after lost one end one
		((TOOK_MS > worst_end)) && worst_end=$TOOK_MS
		stop one
		poll_pause "0.$((RANDOM % 4 + 1))" # to anywhere between two looks
		after gained one begin one one infinity
		((TOOK_MS > worst_begin)) && worst_begin=$TOOK_MS
	done
	expect_most "$1-end" $AT_ONCE_MS $worst_end ms
	expect_most "$1-begin" $AT_ONCE_MS $worst_begin ms
}
# More than the socket holds while the director does not read; what it missed is looked for.
lost() {
	local i
	say "a storm of processes while the director is stopped"
	kill -STOP "${LAB_PID[a]}"
	for ((i = 0; i < 2500; i++)); do (:); done
	begin one2 one infinity
	end one
	begin slow slow infinity
	for ((i = 0; i < 100; i++)); do (:); done
	begin r1 range infinity
	begin r2 range infinity
	kill -CONT "${LAB_PID[a]}"
	expect_soon event-lost-found 2 states_are one=up range=up
	expect_soon event-lost-slow 3 states_are slow=up
	for i in one one2 slow r1 r2; do stop $i KILL; done
	expect_soon event-lost-ends 3 states_are one=down range=down slow=down
	begin one one infinity
	expect_soon event-lost-over 3 states_are one=up
}
# The socket is of a namespace that there is no way back to.
again() {
	say "a reload that tracks no process, and one that does again"
	conf_of_a | sed '/^ *track_process {/,/}/d; /^vrrp_track_process/,/^}/d' | write_conf a
	mark_log a
	reload_director a
	expect_soon event-untracked 5 in_log_since a 'Reload complete'
	conf_of_a | write_conf a
	mark_log a
	reload_director a
	expect_soon event-told-again 5 in_log_since a 'The kernel tells of processes'
	expect_soon event-tracked-again 5 states_are one=up range=down none=up slow=down
	at_once event-again
}
# The same with events and by looking.
rules() { # PREFIX
	say "quorum 2, quorum_max 3"
	begin r1 range infinity
	expect_stays "$1-one-of-two" 1 states_are range=down
	begin r2 range infinity
	expect_soon "$1-quorum" 3 states_are range=up
	begin r3 range infinity
	begin r4 range infinity
	expect_soon "$1-too-many" 3 states_are range=down
	stop r4 KILL
	expect_soon "$1-not-too-many" 3 states_are range=up
	stop r3 KILL
	stop r2 KILL
	expect_soon "$1-too-few" 3 states_are range=down
	stop r1 KILL

	say "quorum_max 0: must not run"
	expect "$1-none-runs" states_are none=up
	begin none none infinity
	expect_soon "$1-one-runs" 3 states_are none=down
	stop none KILL
	expect_soon "$1-none-again" 3 states_are none=up

	say "whole command, parameters: exactly, the first and the beginning of the last, the first whole"
	begin whole whole 1001
	begin words words 1001 1002
	expect_soon "$1-words" 3 states_are whole=up exact=up initial=up partial=up
	stop whole KILL
	stop words KILL
	begin whole whole 1001 1
	begin words words 1001 1002 1003
	expect_soon "$1-more-words" 3 states_are whole=down exact=down initial=up partial=up
	stop words KILL
	begin words words 1001 999
	expect_soon "$1-other-words" 3 states_are exact=down initial=down partial=up
	stop words KILL
	begin words words 1000 1002
	expect_soon "$1-none-of-them" 3 states_are exact=down initial=down partial=down
	stop words KILL
	stop whole KILL
}
delays() { # PREFIX SLACK-MS
	say "a gain counts after 2 s, a loss after 1 s; what does not last does not count"
	after gained slow begin slow slow infinity
	expect_most "$1-fork-delay-least" "$TOOK_MS" 2000 ms
	expect_most "$1-fork-delay-most" $((2000 + $2)) "$TOOK_MS" ms
	stop slow KILL
	begin slow slow infinity
	expect_stays "$1-short-loss" 2 states_are slow=up
	after lost slow end slow
	stop slow
	expect_most "$1-terminate-delay-least" "$TOOK_MS" 1000 ms
	expect_most "$1-terminate-delay-most" $((1000 + $2)) "$TOOK_MS" ms
}
# A shell of that name, and its child, which has it until it executes something else.
children() {
	say "a child counts as long as it is the same program"
	rm "$DIR/range.$TAG"
	cp "$(command -v bash)" "$DIR/range.$TAG"
	mkfifo "$DIR/hold"
	start a shell "$DIR/range.$TAG" -c 'read -r <"$0" & read -r <"$0"' "$DIR/hold"
	expect_soon event-child-counts 3 states_are range=up
	kill -KILL $(cat "/proc/${LAB_PID[shell]}/task/${LAB_PID[shell]}/children")
	expect_soon event-child-gone 3 states_are range=down
	stop shell KILL
	rm "$DIR/range.$TAG"
}

make_switch sw
make_node a sw 192.168.195.130/24
conf_of_a | write_conf a
begin one one infinity
reason=$(why_untold)
if [ -n "$reason" ]; then
	skip event-all "$reason"
else
	start_outside
	expect_soon event-told 5 in_log a 'The kernel tells of processes' || give_up "no answer from the kernel"
	expect_soon event-start 5 states_are one=up range=down none=up slow=down
	at_once event
	rules event
	children
	delays event 300
	lost
	again
	stop a
fi

say "a director inside of the namespace, where the kernel tells nothing"
: >"$DIR/a.log"
start_director a
expect_soon look-untold 5 in_log a 'no process events from the kernel here'
expect_soon look-start 5 states_are one=up range=down none=up slow=down
rules look
