#!/bin/bash
#
#	   192.168.195.0/24, VIPs .200 and, added later, .201
#	 ┌─────────────── sw (br0) ───────────────┐
#	 │                  │                     │
#	a .130 prio 150    b .131 prio 100      client .1
#
# SIGHUP to the active director with an unchanged file, a changed priority, an added and a removed VIP, and with files
# that must be refused: broken, missing, empty. Nothing moves that was not asked to, and a refused file changes nothing.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need tcpdump
need_director

VIP=192.168.195.200
VIP2=192.168.195.201

director_conf() { # NODE PRIORITY VIPS...
	local node=$1 priority=$2
	shift 2
	write_conf "$node" <<-EOF
		global_defs {
		    router_id $node
		}
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $priority
		    advert_int 0.5
		    virtual_ipaddress {
		        $(printf '%s/24\n\t' "$@")
		    }
		}
	EOF
}
entered() { log_lines "$1" 'Entering [A-Z]+ STATE'; }
both_entered() { echo "$(entered a) $(entered b)"; }
are_still() { [ "$(both_entered)" = "$1" ]; }
priority_is() { [ "$(status_of "$1" '.vrrp[0].priority')" = "$2" ]; }
on_the_wire() { tail -3 "$(node_dir client)/wire.log" | grep -q "$1"; }
is_reload_over() { in_log_since a 'Reload (complete|refused|rejected|failed)|[Nn]ot reloaded|[Rr]eload.*(refused|rejected|kept)'; }

reload_a() {
	mark_log a
	reload_director a
	wait_for "a tells the result of the reload" 5 is_reload_over
	log_since a | grep -iE 'reload|:[0-9]+:[0-9]+' | sed 's/^/   log: /'
}
refused_reload() { # NAME: the file was spoilt; everything must go on as before
	local name=$1 before
	before=$(both_entered)
	start_ping client $VIP
	reload_a
	expect_stays "$name-changes-nothing" 2 are_still "$before"
	stop_ping client
	expect_eq "$name-lost" 0 "$PING_LOST"
	expect_eq "$name-same-child" "$child" "$(role_pid a vrrp)"
	expect "$name-vip-held" has_address a $VIP
	expect "$name-priority-kept" priority_is a 150
	expect "$name-is-logged" in_log_since a '[Rr]eload.*(refused|rejected|kept)|[Nn]ot reloaded'
}

say "topology: directors a and b, a client, one switch"
make_switch sw
make_node a sw 192.168.195.130/24
make_node b sw 192.168.195.131/24
make_node client sw 192.168.195.1/24
director_conf a 150 $VIP
director_conf b 100 $VIP
start_director a
expect_soon election 10 has_address a $VIP || give_up "no election"
start_director b
wait_for "b is running" 10 is_running_as b vrrp
start client wire tcpdump -lni eth0 vrrp
wait_for "client hears advertisements" 5 grep -q 'prio 150' "$(node_dir client)/wire.log"
child=$(role_pid a vrrp)

say "unchanged file"
before=$(both_entered)
start_ping client $VIP
reload_a
expect_stays unchanged-still 2 are_still "$before"
stop_ping client
expect_eq unchanged-lost 0 "$PING_LOST"
expect_eq unchanged-same-child "$child" "$(role_pid a vrrp)"

say "priority 150 -> 140: live, nobody moves"
before=$(both_entered)
director_conf a 140 $VIP
start_ping client $VIP
reload_a
expect_soon priority-in-status 3 priority_is a 140
expect_soon priority-on-the-wire 3 on_the_wire 'prio 140'
expect_stays priority-still 2 are_still "$before"
stop_ping client
expect_eq priority-lost 0 "$PING_LOST"

say "priority 140 -> 90: b is the better one now"
director_conf a 90 $VIP
reload_a
expect_soon lowered-b-takes 10 has_address b $VIP
expect_soon lowered-a-gives 2 lacks_address a $VIP
say "priority 90 -> 150: and back"
director_conf a 150 $VIP
reload_a
expect_soon raised-a-takes 10 has_address a $VIP
expect_soon raised-b-gives 2 lacks_address b $VIP

say "a second VIP, on one director after the other"
before=$(both_entered)
director_conf a 150 $VIP $VIP2
director_conf b 100 $VIP $VIP2
start_ping client $VIP
reload_a
expect_soon added-vip 3 has_address a $VIP2
expect added-vip-answers in_ns client "$VIPPING" -t 0.1 $VIP2
expect_stays added-no-second-owner 3 are_still "$before"
reload_director b
director_conf a 150 $VIP
reload_a
expect_soon removed-vip 3 lacks_address a $VIP2
expect_stays removed-still 2 are_still "$before"
stop_ping client
expect_eq added-lost 0 "$PING_LOST"
expect_eq added-same-child "$child" "$(role_pid a vrrp)"

conf=$(node_dir a)/keepalived.conf
cp "$conf" "$conf.good"

say "broken file: a misspelt keyword in line 7"
sed -i '7s/virtual_router_id/virtual_ruoter_id/' "$conf"
refused_reload broken
expect broken-names-place in_log_since a 'keepalived\.conf:7:[0-9]+'
expect broken-fails-test eval '! "$DIARCH" -t -f "$conf" >/dev/null 2>&1'

say "cut off in the middle"
head -8 "$conf.good" >"$conf"
refused_reload truncated

say "missing file"
rm "$conf"
refused_reload missing

say "empty file"
: >"$conf"
refused_reload empty

say "the good file again"
cp "$conf.good" "$conf"
before=$(both_entered)
start_ping client $VIP
reload_a
expect_stays repaired-still 2 are_still "$before"
stop_ping client
expect_eq repaired-lost 0 "$PING_LOST"
