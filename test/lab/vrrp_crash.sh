#!/bin/bash
#
#	   192.168.195.0/24, VIP .200
#	 ┌─────────────── sw (br0) ───────────────┐
#	 │                  │                     │
#	a .130 prio 150    b .131 prio 100      client .1
#	children: vrrp, check
#
# The children of the active director crash and hang while the client probes the VIP every 2 ms. Nobody may notice: no
# probe lost, the VIP never removed, no change of state at the peer, and the child is back. When the parent itself is
# killed, the VRRP child gives the VIP up in order (priority 0) and the peer takes over.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need tcpdump
need_director

VIP=192.168.195.200
ROUNDS=5
DOWN_S=4 # longer than the peer waits for an advertisement: 3 x 1 s and its skew

director_conf() { # NODE PRIORITY
	write_conf "$1" <<-EOF
		global_defs {
		    router_id $1
		}
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $2
		    advert_int 1
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		virtual_server $VIP 80 {
		    lb_kind DR
		    lb_algo rr
		    protocol TCP
		    delay_loop 1
		    real_server 192.168.195.1 80 {
		        TCP_CHECK {
		            connect_timeout 1
		        }
		    }
		}
	EOF
}
transitions() { log_lines b 'Entering [A-Z]+ STATE'; }
peer_is_still() { [ "$(transitions)" = "$1" ]; }
removals() { grep -c "^Deleted.*$VIP" "$(node_dir a)/monitor.log"; }

hit_child() { # ROLE SIGNAL: and waits for the next one
	local pid
	pid=$(role_pid a "$1")
	pretty a kill "-$2" "$pid" "($1)"
	kill "-$2" "$pid"
	wait_for "$1 child is back" 10 is_respawned a "$1" "$pid"
}

crash_rounds() { # NAME ROLE SIGNAL
	local name=$1 before back=0 i
	say "$ROUNDS times SIG$3 to the $2 child of the active"
	before=$(transitions)
	start_ping client $VIP -w 2000 # whether it is answered counts, not how soon
	for ((i = 1; i <= ROUNDS; i++)); do
		hit_child "$2" "$3" && back=$((back + 1))
	done
	expect_eq "$name-respawned" $ROUNDS $back
	expect_eq "$name-pid-file" "$(role_pid a "$2")" "$(pid_in_file a "$2")"
	expect_stays "$name-peer-still" $DOWN_S peer_is_still "$before"
	stop_ping client
	expect_eq "F8-$name-lost" 0 "$PING_LOST"
	expect_eq "F8-$name-vip-removed" 0 "$(removals)"
	expect "$name-vip-held" has_address a $VIP
	expect "$name-client-sends-to-a" neighbour_is client $VIP a
}

say "topology: directors a and b, a client, one switch"
make_switch sw
make_node a sw 192.168.195.130/24
make_node b sw 192.168.195.131/24
make_node client sw 192.168.195.1/24
director_conf a 150
director_conf b 100
start_director a
expect_soon election 10 has_address a $VIP || give_up "no election"
start_director b
wait_for "b is running" 10 is_running_as b vrrp
start a monitor ip -o monitor address
start b wire tcpdump --immediate-mode -lni eth0 vrrp
wait_for "an advertisement is seen on the wire" 5 grep -q 'prio 150' "$(node_dir b)/wire.log"
wait_for "client reaches the VIP" 5 in_ns client "$VIPPING" -t 0.05 $VIP

crash_rounds vrrp-crash vrrp KILL
crash_rounds vrrp-hang vrrp STOP
if wait_for "checker child is running" 5 is_running_as a check; then
	crash_rounds check-crash check KILL
	crash_rounds check-hang check STOP
else
	skip check-crash "no checker child (this kernel has no IPVS)"
fi

say "SIGKILL to the parent of the active"
children=$(pgrep -P "$(role_pid a parent)")
start_ping client $VIP -w 100
pretty a kill -KILL "$(role_pid a parent)"
kill -KILL "$(role_pid a parent)"
expect_soon orphan-takeover 5 has_address b $VIP
expect_soon orphan-gives-up 2 lacks_address a $VIP
expect_soon orphan-priority-0 2 grep -qE 'prio 0\b' "$(node_dir b)/wire.log"
wait_for "client sends to b" 5 neighbour_is client $VIP b
stop_ping client
expect_most orphan-blackout 800 "$PING_GAP_MS" ms
for child in $children; do
	expect_soon "orphan-$child-gone" 5 is_gone "$child"
done

say "a is started again"
start_director a
expect_soon restarted 10 lacks_address b $VIP
expect restarted-owner has_address a $VIP

say "a is stopped while its child has only just come back"
for round in 1 2 3; do
	child=$(role_pid a vrrp)
	kill -KILL "$child"
	expect_soon "stop-$round-respawned" 10 is_respawned a vrrp "$child"
	stop a TERM
	expect "F8-stop-$round-vip-gone" lacks_address a $VIP
	expect_soon "stop-$round-takeover" 5 has_address b $VIP
	start_director a
	expect_soon "stop-$round-back" 10 has_address a $VIP
done

say "a is stopped when its child is dead, dies again and again, or hangs"
is_left_clean() { # NAME
	stop a TERM
	expect "$1-vip-gone" lacks_address a $VIP
	expect_soon "$1-takeover" 5 has_address b $VIP
	expect "$1-pid-files-gone" eval "[ ! -e '$(node_dir a)/vrrp.pid' ] && [ ! -e '$(node_dir a)/parent.pid' ]"
	start_director a
	expect_soon "$1-back" 10 has_address a $VIP
}
child=$(role_pid a vrrp)
kill -STOP "${LAB_PID[a]}"
kill -KILL "$child"
kill -TERM "${LAB_PID[a]}"
kill -CONT "${LAB_PID[a]}"
is_left_clean stop-dead
mark_log a
kill_again() {
	kill -KILL "$(pid_in_file a vrrp)"
	in_log_since a 'VRRP process delayed [0-9]{3,} ms'
}
poll_until "its restart is delayed" 20 kill_again
is_left_clean stop-delayed
start_ping client $VIP -w 2000 # b is active when the child of a is killed, and stays it without a break
mark_log b
kill -STOP "$(role_pid a vrrp)"
stop a TERM
expect stop-hung-vip-gone lacks_address a $VIP
expect stop-hung-successor has_address b $VIP
expect_stays stop-hung-client-stays 2 neighbour_is client $VIP b
stop_ping client
expect_eq stop-hung-lost 0 "$PING_LOST"
expect_eq stop-hung-successor-was-let-alone 1 "$(log_since b | grep -c 'Entering MASTER')"
