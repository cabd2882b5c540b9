#!/bin/bash
# calm
#
#	      net (br0) 192.168.195.0/24, VIP .200
#	 ┌───────────────────────────────────────────┐
#	 │ eth0                                      │ eth0
#	a prio 150, preempts as the part says       b prio 100
#	 │ eth1                                      │ eth1
#	 └───────────────────────────────────────────┘
#	      side (br0) 192.168.196.0/24, VIP .200
#
# When a sync group takes its addresses back: preempt_delay and nopreempt of all members or of one, after a restart, after
# the fault of one member's link and over a crash; then trackers of the group itself, which take all members to FAULT.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip
need_director

VIP=192.168.195.200
SIDE=192.168.196.200
DELAY=3 # s; nobody heard for 1.4 s is gone, which is longer than a port takes to forward after its link is up
HELPER=helper.$$ # no lab beside this one has it

# Written into the folder of the node: what NET and SIDE have beyond the rest, and what the group tracks.
group_conf() { # NODE PRIORITY [LINE OF NET [LINE OF SIDE [BLOCKS OF THE GROUP]]]
	local node=$1 dir
	dir=$(node_dir "$node")
	write_conf "$node" <<-END
		track_file drain {
		    file $dir/drain
		    init_file 0
		}
		vrrp_track_process helper {
		    process $HELPER
		}
		vrrp_sync_group PAIR {
		    group {
		        NET
		        SIDE
		    }
		    ${5:-}
		}
		vrrp_instance NET {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $2
		    advert_int 0.4
		    ${3:-}
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		vrrp_instance SIDE {
		    state BACKUP
		    interface eth1
		    virtual_router_id 52
		    version 3
		    priority $2
		    advert_int 0.4
		    ${4:-}
		    virtual_ipaddress {
		        $SIDE/24
		    }
		}
	END
}
owns_both() { has_address "$1" $VIP && has_address "$1" $SIDE; }
owns_none() { lacks_address "$1" $VIP && lacks_address "$1" $SIDE; }
moved_to() { owns_both "$1" && owns_none "$2"; }
states_are() { [ "$(status_of "$1" '[.vrrp[] | .state] | join(" ")')" = "$2" ]; }
group_is() { [ "$(status_of "$1" '.sync_groups[0].state')" = "$2" ]; }
reload_with() { # ARGUMENTS OF group_conf
	group_conf "$@"
	mark_log "$1"
	reload_director "$1"
	wait_for "the reload of $1" 10 in_log_since "$1" 'Reload complete'
}
start_helper() {
	cp "$(command -v sleep)" "$(node_dir a)/$HELPER"
	start a helper "$(node_dir a)/$HELPER" infinity
}
# returns_after NAME: a is well again; b keeps both addresses for the delay, then a has both.
returns_after() {
	expect_stays "$1-waits" $((DELAY - 1)) moved_to b a
	expect_soon "$1-preempts" 4 moved_to a b
}
fail_side() { # NAME: the link of one member of a goes and comes back
	ipn side link set dev a.eth1 down
	expect_soon "$1-moves" 10 moved_to b a
	ipn side link set dev a.eth1 up
	expect_soon "$1-mended" 5 states_are a "BACKUP BACKUP"
}

say "topology: a and b on two nets"
make_switch net
make_switch side
for node in a:130 b:131; do
	make_node ${node%:*} net 192.168.195.${node#*:}/24
	plug_cable ${node%:*} side eth1
	add_addresses ${node%:*} eth1 192.168.196.${node#*:}/24
done
start_helper
group_conf b 100
start_director b
expect_soon election 10 owns_both b || give_up "no election"

say "preempt_delay of all members: after a start, and after the fault of one"
group_conf a 150 "preempt_delay $DELAY" "preempt_delay $DELAY"
start_director a
wait_for "a follows b" 5 states_are a "BACKUP BACKUP"
returns_after start
fail_side fault
returns_after fault

say "a crash while the delay runs: the rest of it"
stop a TERM
expect_soon stop-moves 5 moved_to b a
start_director a
wait_for "a follows b" 5 states_are a "BACKUP BACKUP"
expect_stays crash-before 1 moved_to b a
old=$(role_pid a vrrp)
on a kill -KILL "$old"
expect_soon crash-respawn 5 is_respawned a vrrp "$old"
expect_stays crash-waits 1 moved_to b a
expect_soon crash-preempts 3 moved_to a b

say "the delay of one member only: the other one waits for it"
reload_with a 150 "" "preempt_delay $DELAY"
fail_side one-delay
returns_after one-delay

say "nopreempt of all members: who has the addresses keeps them, after a restart and after a fault"
reload_with a 150 nopreempt nopreempt
fail_side nopreempt-fault
expect_stays nopreempt-fault-stays 2 moved_to b a
stop a TERM
start_director a
wait_for "a follows b" 5 states_are a "BACKUP BACKUP"
expect_stays nopreempt-start-stays 2 moved_to b a
expect nopreempt-group group_is a BACKUP
ipn net link set dev b down
expect_soon nopreempt-takes-over 5 owns_both a
ipn net link set dev b up
expect_soon nopreempt-b-back 5 states_are b "BACKUP BACKUP"
expect_stays nopreempt-a-keeps 1 moved_to a b

say "nopreempt of one member: the group has one vote, and does not preempt"
reload_with a 150 nopreempt
fail_side one-nopreempt
expect_stays one-nopreempt-stays 2 moved_to b a
stop b TERM
expect_soon one-nopreempt-takes-over 5 owns_both a
start_director b
expect_soon one-nopreempt-b-back 5 states_are b "BACKUP BACKUP"

say "what the group itself tracks takes all members to FAULT: process, file, interface"
plug_cable a side eth2
reload_with a 150 "" "" "track_process {
	helper
	}
	track_file {
	drain weight 0
	}
	track_interface {
	eth2
	}"
expect_soon tracked 5 moved_to a b
group_fault() { # NAME REASON: all members of a are in FAULT for it
	expect_soon "$1-moves" 5 moved_to b a
	expect_soon "$1-fault" 2 states_are a "FAULT FAULT"
	expect_soon "$1-group" 2 group_is a FAULT
	expect "$1-due-to" in_log_since a "\((NET|SIDE)\):? entering FAULT state.*$2"
	mark_log a
}
group_well() { # NAME
	expect_soon "$1-returns" 5 moved_to a b
	expect_soon "$1-master" 2 group_is a MASTER
}
stop helper KILL
group_fault process 'process helper'
start_helper
group_well process
echo 1 >"$(node_dir a)/drain"
group_fault file drain
echo 0 >"$(node_dir a)/drain"
group_well file
ipn side link set dev a.eth2 down
group_fault interface eth2
ipn side link set dev a.eth2 up
group_well interface

say "two reasons at once: FAULT until both are gone"
ipn side link set dev a.eth2 down
echo 1 >"$(node_dir a)/drain"
expect_soon both-move 5 moved_to b a
ipn side link set dev a.eth2 up
expect_stays one-remains 1 states_are a "FAULT FAULT"
echo 0 >"$(node_dir a)/drain"
group_well both
