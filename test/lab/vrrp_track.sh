#!/bin/bash
#
#	             192.168.195.0/24, VIP .200
#	 ┌──────────────── sw (br0) ────────────────┐
#	 │ eth0                                     │ eth0
#	a .130 prio 150                            b .131 prio 100
#	 │ eth1 (tracked)
#	 └──────────────── side (br0)
#
# What moves the address besides death: tracked interfaces as fault and as weight, nopreempt and preempt_delay, addresses
# deleted by hand; and the notify scripts: in order, never two of an instance at once, the last one tells the truth.
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip
need_director

VIP=192.168.195.200

write_script() { # NODE: says when it begins and when it ends; slow enough to overlap if anybody let it
	local dir
	dir=$(node_dir "$1")
	cat >"$dir/notify" <<-EOF
		#!/bin/sh
		echo "begin \$*" >>$dir/notify.log
		for i in 1 2 3 4 5 6 7 8 9 10; do readlink /proc/self >/dev/null; done
		echo "end \$*" >>$dir/notify.log
	EOF
	chmod 755 "$dir/notify"
}
director_conf() { # NODE PRIORITY TRACK-LINE EXTRA...
	local node=$1 priority=$2 track=$3 dir
	shift 3
	dir=$(node_dir "$node")
	write_conf "$node" <<-EOF
		global_defs {
		    router_id $node
		    script_user root
		}
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 2
		    priority $priority
		    advert_int 1
		    $(printf '%s\n' "$@")
		    track_interface {
		        $track
		    }
		    virtual_ipaddress {
		        $VIP/24 dev eth0 label eth0:vip
		    }
		    notify_master "$dir/notify master"
		    notify_backup "$dir/notify backup"
		    notify_fault "$dir/notify fault"
		    notify_stop "$dir/notify stop"
		    notify "$dir/notify any"
		}
	EOF
}
state_is() { [ "$(status_of "$1" '.vrrp[0].state')" = "$2" ]; }
priority_is() { [ "$(status_of "$1" '.vrrp[0].priority')" = "$2" ]; }
moved_to() { has_address "$1" $VIP && lacks_address "$2" $VIP; }
# What was notified last of the state; that a lower priority was heard is no state.
last_words() { grep -v ' MASTER_RX_LOWER_PRI ' "$(node_dir "$1")/notify.log" 2>/dev/null | tail -1; }
last_words_are() { [ "$(last_words "$1")" = "$2" ]; }
# Each begin is followed by its own end.
is_serial() {
	awk '/^begin / { if (open) exit 1; open = 1; what = substr($0, 7); next }
	     /^end / { if (!open || substr($0, 5) != what) exit 1; open = 0 }
	     END { if (open || NR == 0) exit 1 }' "$(node_dir "$1")/notify.log"
}

say "topology: directors a and b on one switch, a's second interface on another"
make_switch sw
make_switch side
make_node a sw 192.168.195.130/24
make_node b sw 192.168.195.131/24
plug_cable a side eth1
write_script a
write_script b
director_conf a 150 "eth1"
director_conf b 100 "lo weight 1"
start_director a
start_director b
expect_soon election 10 moved_to a b || give_up "no election"
expect_soon notify-at-start 5 last_words_are a "end any INSTANCE VI_1 MASTER 150"

say "a tracked interface without weight: FAULT while it is down"
ipn a link set eth1 down
expect_soon fault-gives-up 5 moved_to b a
expect state-fault state_is a FAULT
expect_soon notify-fault 5 last_words_are a "end any INSTANCE VI_1 FAULT 150"
ipn a link set eth1 up
expect_soon fault-over 10 moved_to a b

say "ten times down and up: every script once, in order"
faults_told() { grep -c '^end any INSTANCE VI_1 FAULT' "$(node_dir a)/notify.log"; }
before=$(faults_told)
for i in 1 2 3 4 5 6 7 8 9 10; do
	in_ns a ip link set eth1 down
	wait_for "FAULT $i" 5 state_is a FAULT >/dev/null
	in_ns a ip link set eth1 up
	wait_for "BACKUP $i" 5 state_is a BACKUP >/dev/null
done
expect_soon notify-last-is-backup 10 last_words_are a "end any INSTANCE VI_1 BACKUP 150"
expect notify-serial is_serial a
expect_eq notify-count $((before + 10)) "$(faults_told)"
expect_soon master-again 10 moved_to a b
expect_soon notify-last-is-master 5 last_words_are a "end any INSTANCE VI_1 MASTER 150"

say "with a weight: the priority falls below b's, and b takes over"
director_conf a 150 "eth1 weight -100"
reload_director a
wait_for "the reload" 5 in_log a 'Reload complete'
expect reload-keeps-vip has_address a $VIP
ipn a link set eth1 down
expect_soon weight-lowers 5 priority_is a 50
expect_soon weight-moves-vip 10 moved_to b a
expect weight-is-no-fault state_is a BACKUP
ipn a link set eth1 up
expect_soon weight-back 10 moved_to a b

say "addresses deleted by hand come back; others are left alone"
ipn a addr add 192.168.195.77/24 dev eth0
ipn a addr del $VIP/24 dev eth0
expect_soon vip-restored 5 has_address a $VIP
expect vip-removal-logged in_log a "removed from eth0"
expect foreign-address-stays has_address a 192.168.195.77
expect vip-label ip -n "$(ns a)" -o addr show label eth0:vip to $VIP
expect vip-one-owner lacks_address b $VIP

say "nopreempt: whoever has it keeps it"
director_conf a 150 "eth1" nopreempt
reload_director a
ipn a link set eth1 down
expect_soon nopreempt-lost 10 moved_to b a
ipn a link set eth1 up
expect_stays nopreempt-stays 6 moved_to b a

say "preempt_delay: it comes back, but not at once"
director_conf a 150 "eth1" "preempt_delay 5"
mark_log a
reload_director a
wait_for "the reload" 5 in_log_since a 'Reload complete'
expect_stays preempt-delay-waits 4 moved_to b a
expect_soon preempt-delay-over 12 moved_to a b

say "an instance that a reload removes says so, a stop as well"
director_conf b 100 "lo weight 1"
sed -i 's/virtual_router_id 51/virtual_router_id 52/; s/vrrp_instance VI_1/vrrp_instance VI_2/; s/\.200/.201/' \
	"$(node_dir a)/keepalived.conf"
reload_director a
expect_soon removed-notified 10 grep -q '^end any INSTANCE VI_1 FAULT' "$(node_dir a)/notify.log"
expect_soon removed-moves-vip 10 has_address b $VIP
stop b TERM
expect_eq stop-status 0 "$STATUS"
expect stop-notified last_words_are b "end any INSTANCE VI_1 STOP 101"
expect stop-serial is_serial b
stop a TERM
expect_eq stop-status-a 0 "$STATUS"

say "a script that a reload changes while it runs"
scripted_conf() { # COMMAND
	director_conf a 150 "lo weight 1" "track_script { SLOW }"
	cat >>"$(node_dir a)/keepalived.conf" <<-EOF
		vrrp_script SLOW {
		    script "$1"
		    interval 60
		}
	EOF
}
scripted_conf "/bin/sleep 50"
mark_log a
start_director a
wait_for "the script runs" 10 in_log_since a 'Startup complete'
expect_stays changed-script-is-waited-for 1 lacks_address a $VIP
scripted_conf /bin/true
reload_director a
expect_soon changed-script-is-run 12 has_address a $VIP
stop a TERM
