#!/bin/bash
# calm
#
#	      net (br0) 192.168.195.0/24, VIP .200
#	 ┌───────────────────────────────────────────┐
#	 │ eth0                                      │ eth0
#	a prio 150                                  b prio 100
#	 │ eth1                                      │ eth1
#	 └───────────────────────────────────────────┘
#	      side (br0) 192.168.196.0/24, VIP .200
#
# Two directors between two nets, which only make sense as a pair: a sync group. Failover of both when one link fails,
# a link that fails silently, trackers of the group and of its members (script, file, process, quorum of nothing), a
# killed child, a reload; then the same with Debian's keepalived as b.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip
need_director

VIP=192.168.195.200
# Processes are looked for on the whole machine, where another run may be.
HELPER=h$$
SIDE=192.168.196.200

group_conf() { # NODE PRIORITY ADVERT-INT
	local node=$1 dir
	dir=$(node_dir "$node")
	write_conf "$node" <<-END
		global_defs {
		    router_id $node
		    script_user root
		    vrrp_startup_delay 0.5
		}
		vrrp_script alive {
		    script "$dir/alive"
		    interval 0.2
		    fall 2
		    rise 2
		}
		track_file drain {
		    file $dir/drain
		    weight 1
		    init_file 0
		}
		vrrp_track_process helper {
		    process $HELPER.$node
		    weight -60
		}
		vrrp_sync_group PAIR {
		    group {
		        NET
		        SIDE
		    }
		    sync_group_tracking_weight
		    track_script {
		        alive
		    }
		    notify "$dir/notify"
		}
		vrrp_instance NET {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $2
		    advert_int $3
		    track_file {
		        drain
		    }
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
		    advert_int $3
		    track_process {
		        helper
		    }
		    virtual_ipaddress {
		        $SIDE/24
		    }
		}
	END
	printf '#!/bin/sh\n! [ -e %s/broken ]\n' "$dir" >"$dir/alive"
	printf '#!/bin/sh\necho "$*" >>%s/notify.log\n' "$dir" >"$dir/notify"
	chmod 755 "$dir/alive" "$dir/notify"
}
start_helper() { # NODE
	cp "$(command -v sleep)" "$(node_dir "$1")/$HELPER.$1"
	start "$1" "$HELPER.$1" "$(node_dir "$1")/$HELPER.$1" infinity
}
owns_both() { has_address "$1" $VIP && has_address "$1" $SIDE; }
owns_none() { lacks_address "$1" $VIP && lacks_address "$1" $SIDE; }
moved_to() { owns_both "$1" && owns_none "$2"; }
group_is() { [ "$(status_of "$1" '.sync_groups[0].state')" = "$2" ]; }
tracker_is() { [ "$(status_of "$1" ".trackers[] | select(.name == \"$2\") | .state")" = "$3" ]; }
priority_is() { [ "$(status_of "$1" "[.vrrp[] | .priority] | unique | map(tostring) | join(\" \")")" = "$2" ]; }
last_words_are() { [ "$(tail -1 "$(node_dir "$1")/notify.log" 2>/dev/null)" = "$2" ]; }
transitions() { status_of "$1" '[.vrrp[] | .transitions] | add'; }

say "topology: a and b on two nets"
make_switch net
make_switch side
for node in a b; do
	make_node $node net 192.168.195.13$([ $node = a ] && echo 0 || echo 1)/24
	plug_cable $node side eth1
	add_addresses $node eth1 192.168.196.13$([ $node = a ] && echo 0 || echo 1)/24
	start_helper $node
done
group_conf a 150 0.2
group_conf b 100 0.2

say "election: the group as one, told once"
start_director a
start_director b
expect_soon election 15 moved_to a b || give_up "no election"
expect startup-delay in_log a 'Delaying startup for 0.500 seconds'
expect_soon group-master 5 group_is a MASTER
expect_soon group-backup 5 group_is b BACKUP
expect_soon group-notified 5 last_words_are a "GROUP PAIR MASTER 0"
expect backup-notified last_words_are b "GROUP PAIR BACKUP 0"
expect script-runs tracker_is a alive up
expect process-counts tracker_is a helper up

say "a link of the active goes down: both addresses move"
ipn side link set dev a.eth1 down
expect_soon link-down 10 moved_to b a
expect sync-line in_log a 'VRRP_Group\(PAIR\) Syncing instances to FAULT state'
expect_soon fault-notified 5 last_words_are a "GROUP PAIR FAULT 0"
ipn side link set dev a.eth1 up
expect_soon link-up 10 moved_to a b

say "a link that fails silently: the group stays where it is, without flapping"
before=$(transitions b)
ipn side link set dev a.eth1 nomaster
expect_stays silent-link 3 moved_to a b
expect_eq silent-transitions "$before" "$(transitions b)"
ipn side link set dev a.eth1 master br0

say "the group's script: fall and rise"
touch "$(node_dir a)/broken"
expect_soon script-fault 10 moved_to b a
expect script-line in_log a 'VRRP_Script\(alive\) failed \(exited with status 1\)'
expect due-line in_log a '\(NET\): entering FAULT state due to script alive'
rm "$(node_dir a)/broken"
expect_soon script-recovers 10 moved_to a b
expect script-up-line in_log a 'VRRP_Script\(alive\) succeeded'

say "a member's file moves the priority of all members"
echo -70 >"$(node_dir a)/drain"
expect_soon file-priority 5 priority_is a 80
expect_soon file-moves 10 moved_to b a
mv "$(node_dir a)/drain" "$(node_dir a)/drain.old"
expect_soon file-gone 10 moved_to a b
expect_soon file-gone-priority 5 priority_is a 150

say "a member's process dies, and comes back"
stop $HELPER.a KILL
expect_soon process-moves 10 moved_to b a
expect process-line in_log a 'Quorum lost for tracked process helper'
start_helper a
expect_soon process-back 10 moved_to a b
expect process-back-line in_log a 'Quorum gained for tracked process helper'

say "a reload keeps what is known; a killed child costs nothing"
mark_log a
reload_director a
wait_for "the reload" 10 in_log_since a 'Reload complete'
expect_stays reload-keeps 1 moved_to a b
expect kept-line in_log_since a 'VRRP_Script\(alive\) considered successful on reload'
before=$(transitions b)
words=$(wc -l <"$(node_dir a)/notify.log")
old=$(role_pid a vrrp)
on a kill -KILL "$old"
expect_soon respawn 10 is_respawned a vrrp "$old"
expect_stays crash-keeps 2 moved_to a b
expect_eq crash-transitions "$before" "$(transitions b)"
expect_eq crash-notifies-nobody "$words" "$(wc -l <"$(node_dir a)/notify.log")"
expect_soon crash-script-known 5 tracker_is a alive up

say "an interface changes its name, and has it back"
ipn a link set dev eth1 down
ipn a link set dev eth1 name gone1
expect_soon renamed 10 moved_to b a
expect_soon renamed-status 5 tracker_is a eth1 down
expect renamed-fault in_log a '\(SIDE\): entering FAULT state \(interface eth1 missing\)'
ipn a link set dev gone1 name eth1
ipn a link set dev eth1 up
expect_soon named-again 10 moved_to a b

say "a link with a delay: a moment without it moves nothing"
printf 'interface_up_down_delays {\n eth1 1.5 0.2\n}\nlinkbeat_interfaces {\n eth1 ETHTOOL\n eth0 MII\n nosuch\n}\n' \
	>>"$(node_dir a)/keepalived.conf"
mark_log a
reload_director a
wait_for "the reload" 10 in_log_since a 'Reload complete'
before=$(transitions b)
in_ns side ip link set dev a.eth1 down
poll_pause 0.4
in_ns side ip link set dev a.eth1 up
expect_stays delay-damps 2 moved_to a b
expect_eq delay-transitions "$before" "$(transitions b)"
ipn side link set dev a.eth1 down
expect_soon delay-ends 10 moved_to b a
ipn side link set dev a.eth1 up
expect_soon delay-returns 10 moved_to a b
expect beat-otherwise in_log_since a 'The driver of eth0 does not tell its link as linkbeat_interfaces says'
expect beat-unused in_log_since a 'linkbeat_interfaces: no instance uses interface nosuch'
expect_eq beat-told-once 1 "$(log_since a | grep -c 'event=linkbeat interface=eth0')"
expect_eq beat-works "" "$(log_since a | grep 'event=linkbeat interface=eth1')"

say "planned stop: both at once"
stop a TERM
expect_soon stop-moves 5 moved_to b a
expect_soon stop-notified 5 last_words_are a "GROUP PAIR STOP 0"
stop b TERM

if command -v keepalived >/dev/null && [ "$LAB_DIRECTOR" != keepalived ]; then
	say "keepalived as the other director"
	group_conf a 150 1
	group_conf b 100 1
	sed -i '/sync_group_tracking_weight/d; /track_process {/,/}/d; /track_file {/,/}/d' \
		"$(node_dir b)/keepalived.conf"
	start_keepalived b
	start_director a
	expect_soon election-keepalived 20 moved_to a b
	ipn net link set dev a down
	expect_soon fault-keepalived 15 moved_to b a
	ipn net link set dev a up
	expect_soon back-keepalived 20 moved_to a b
	touch "$(node_dir a)/broken"
	expect_soon script-keepalived 15 moved_to b a
	stop a TERM
	stop b TERM
fi
