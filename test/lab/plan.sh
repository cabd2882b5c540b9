#!/bin/bash
#
#	   192.168.197.0/24, VIPs .200 and .201
#	 ┌────── sw (br0) ──────┐
#	 │                      │
#	a .130                 real .2
#
# What --plan says before a reload against what is there afterwards: it names each change, applies none of them, and
# has nothing more to say when the reload is done. Files that a reload would refuse are refused by the plan, too.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need_director
[ "$LAB_DIRECTOR" = diarch ] || skip_lab "only diarch plans"

VIP=192.168.197.200
VIP2=192.168.197.201

director_conf() { # PRIORITY INTERVAL VIPS...
	local priority=$1 interval=$2
	shift 2
	write_conf a <<-EOF
		vrrp_instance VI_1 {
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $priority
		    advert_int 0.2
		    virtual_ipaddress {
		        $(printf '%s/24\n\t' "$@")
		    }
		}
		virtual_server $VIP 80 {
		    protocol TCP
		    lvs_sched rr
		    lvs_method NAT
		    delay_loop $interval
		    real_server 192.168.197.2 80 {
		        TCP_CHECK {
		        }
		    }
		}
	EOF
}
plan() { # STATUS [OPTIONS...]: keeps what it prints
	local wanted=$1 status
	shift
	in_ns a "$DIARCH" --plan -f "$(node_dir a)/keepalived.conf" "--control=$(node_dir a)/control.sock" "$@" \
		>"$LAB_DIR/plan" 2>"$LAB_DIR/plan.err"
	status=$?
	sed 's/^/   plan: /' "$LAB_DIR/plan" "$LAB_DIR/plan.err"
	[ $status = "$wanted" ]
}
says() { # LINE: in the plan, less its blanks in front
	sed 's/^ *//' "$LAB_DIR/plan" | grep -qxF -- "$1"
}
generation() { status_of a .generation; }
is_generation() { [ "$(generation)" = "$1" ]; }

make_switch sw
make_node a sw 192.168.197.130/24
make_node real sw 192.168.197.2/24

say "before the start"
director_conf 100 3 $VIP
expect start-is-a-change plan 3
expect kernel-is-read grep -q 'table was read' "$LAB_DIR/plan"
expect start-brings-the-instance says '+ VI_1: eth0 vrid 51 IPv4'
start_director a
wait_for "a is active" 10 has_address a $VIP || give_up "a does not become active"
wait_for "the server is found dead" 10 eval '[ "$(status_of a ".real_servers[0].is_up")" = false ]'

say "the same file"
expect same-file-changes-nothing plan 0
expect same-file-says-so says 'No change.'

say "a table that somebody emptied, and a service of somebody else in it"
checker=$(role_pid a check)
kill -STOP "$checker" # it would repair the table before the plan sees it
on a "$LVSADM" -C
on a "$LVSADM" -A -t 192.168.197.9:80
expect emptied-table plan 3
kill -CONT "$checker"
expect repair-is-planned says "+ add service [$VIP]:tcp:80 scheduler rr"
expect others-are-left-alone eval '! grep -q 192.168.197.9 "$LAB_DIR/plan"'
reload_director a
expect_soon repaired 10 is_generation 2
expect then-the-table-is-right plan 0

say "another priority, address and interval"
director_conf 120 4 $VIP2 $VIP
expect changes-are-a-change plan 3
expect priority-is-named says '~ VI_1: priority 100 -> 120'
expect address-is-named says "+ $VIP2/24 dev eth0 of VI_1 (active now)"
expect interval-is-named says "~ [$VIP]:tcp:80: delay_loop 3 -> 4"
expect dead-server-stays-out eval '! grep -q "add server" "$LAB_DIR/plan"'
expect nothing-was-applied lacks_address a $VIP2
expect_eq no-new-generation 2 "$(generation)"
expect json-has-items eval 'plan 3 --json && jq -e ".is_running and (.items | length) == 5" "$LAB_DIR/plan" >/dev/null'
reload_director a
expect_soon reloaded 5 is_generation 3
expect_soon address-came 5 has_address a $VIP2
expect then-nothing-is-left plan 0

say "files that a reload refuses"
echo 'vrrp_instance VI_2 {' >>"$(node_dir a)/keepalived.conf"
expect broken-file plan 5
: >"$(node_dir a)/keepalived.conf"
expect empty-file plan 5
expect empty-file-in-json eval 'plan 5 --json && jq -e .is_refused "$LAB_DIR/plan" >/dev/null'
rm "$(node_dir a)/keepalived.conf"
expect missing-file plan 6
stop a
