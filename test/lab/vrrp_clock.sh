#!/bin/bash
#
#	   192.168.195.0/24, VIPs .201 to .203
#	 ┌──────── sw (br0) ────────┐
#	 │                          │
#	a .130 prio 150           b .131 prio 100
#
# The wall clock is set an hour on and two hours back while two directors run, in a guest with a clock of its own:
# nothing changes, neither without authentication nor with signatures that carry the time, nor with AH, whose sequence
# begins with it; a child that is killed after that goes on, and a director that is restarted is heard: it and its peer
# agree on the clock with the first advertisement of each.
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq
need_director
if [ -z "${LAB_UML:-}" ]; then
	case $BUILD in *asan*) skip_lab "AddressSanitizer does not run in the guest" ;; esac
	command -v linux.uml >/dev/null || skip_lab "the clock of this machine is not ours to set, and there is no linux.uml"
	trap - EXIT
	lab_remove_dir
	exec "$TOP/test/lab/uml.sh" --timeout "${LAB_TIMEOUT:-200}" "$0" "$@"
fi

instance() { # NAME VRID PRIORITY EXTRA
	cat <<-END
		vrrp_instance $1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id $2
		    priority $3
		    garp_master_delay 0
		    $4
		    virtual_ipaddress {
		        192.168.195.20$2/24
		    }
		}
	END
}
director_conf() { # NODE PRIORITY
	{
		instance PLAIN 1 "$2" "version 3"
		instance HMAC 2 "$2" "version 3
		    auth_hmac {
		        key 1 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
		        active_key 1
		        time_window 5
		    }"
		instance AH 3 "$2" "version 2
		    authentication {
		        auth_type AH
		        auth_pass s3cret
		    }"
	} | write_conf "$1"
}
owns_all() { # NODE
	has_address "$1" 192.168.195.201 && has_address "$1" 192.168.195.202 && has_address "$1" 192.168.195.203
}
owns_alone() { # NODE OTHER
	owns_all "$1" && ! ip -n "$(ns "$2")" -o addr show | grep -q '192.168.195.20[123]'
}
transitions() {
	echo $(($(log_lines a 'Entering [A-Z]+ STATE') + $(log_lines b 'Entering [A-Z]+ STATE')))
}
is_replaced() { # OLD
	local pid
	pid=$(cat "$LAB_DIR/a/vrrp.pid") && [ -n "$pid" ] && [ "$pid" != "$1" ] && is_running_as a vrrp
}
step() { # NAME SECONDS
	local calm
	calm=$(transitions)
	date -s "@$(($(date +%s) + $2))" >/dev/null
	note "it is $(date)"
	expect_stays "P4-stays-$1" 6 owns_alone a b
	expect_eq "P4-transitions-$1" "$calm" "$(transitions)"
}

say "two directors, three instances"
make_switch sw
make_node a sw 192.168.195.130/24
make_node b sw 192.168.195.131/24
director_conf a 150
director_conf b 100
start_director b
wait_for "b is running" 20 is_running_as b vrrp
start_director a
expect_soon election 20 owns_alone a b || give_up "no election"

say "an hour on, two hours back"
step forward 3600
step back -7200

say "the child of the active dies after the clock was set back"
calm=$(transitions)
vrrp=$(cat "$LAB_DIR/a/vrrp.pid")
kill -KILL "$vrrp"
expect_soon another-child 10 is_replaced "$vrrp"
expect_stays P4-stays-after-crash 6 owns_alone a b
expect_eq P4-transitions-after-crash "$calm" "$(transitions)"

say "the active is restarted after the clock was set back"
stop a TERM
expect_soon takeover 10 owns_alone b a
date -s "@$(($(date +%s) - 3600))" >/dev/null
start_director a
expect_soon preempted 20 owns_alone a b
# Without that agreement each was master beside the other for three down intervals.
expect P4-agreed-at-once test "$WAITED_MS" -lt 8000
expect P4-said test "$(log_lines b 'the wall clock was set')" -gt 0
expect_stays stays-restarted 5 owns_alone a b
