#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, a VIP for each form
#	 ┌──────── sw (br0) ────────┐
#	 │                          │
#	a .130 prio 150           b .131 prio 100
#
# Signed advertisements (auth_hmac) in every form: IPv4 and IPv6, multicast and unicast, versions 2 and 3, replays told
# by time and by counter, and the way there: a director that does not sign yet beside one that does. Per form one
# master, nothing dropped, and a takeover that needs what the other signed.
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq
need_director

KEY="key 1 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
		        active_key 1"

address_of() { if [ "$1" = a ]; then echo "$2"130; else echo "$2"131; fi; }
other() { if [ "$1" = a ]; then echo b; else echo a; fi; }
instance() { # NODE NAME VRID PRIORITY VIPS EXTRA
	cat <<-END
		vrrp_instance $2 {
		    state BACKUP
		    interface eth0
		    virtual_router_id $3
		    priority $4
		    $6
		    virtual_ipaddress {
		        $5
		    }
		}
	END
}
unicast() { # NODE PREFIX
	echo "version 3
		    unicast_src_ip $(address_of "$1" "$2")
		    unicast_peer {
		        $(address_of "$(other "$1")" "$2")
		    }"
}
signed() { # MODE REPLAY
	echo "auth_hmac {
		        $KEY
		        mode $1
		        anti_replay $2
		    }"
}
# PATH: on the way from no signatures to signatures everywhere, b is a step ahead.
director_conf() { # NODE PRIORITY
	local path="version 3" step=receive-only
	[ "$1" = a ] || step=permissive
	{
		instance "$1" MC4 1 "$2" 192.168.195.201/24 "version 3
		    $(signed enforce time)"
		instance "$1" MC6 2 "$2" "fe80::202
		        fd00:195::202/64" "version 3
		    $(signed enforce time)"
		instance "$1" UC4 3 "$2" 192.168.195.203/24 "$(unicast "$1" 192.168.195.)
		    $(signed enforce monotonic)"
		instance "$1" UC6 4 "$2" "fe80::204
		        fd00:195::204/64" "$(unicast "$1" fd00:195::)
		    $(signed enforce time)"
		instance "$1" V2 5 "$2" 192.168.195.205/24 "version 2
		    $(signed enforce monotonic)"
		instance "$1" PATH 6 "$2" 192.168.195.206/24 "$path
		    $(signed $step time)"
		instance "$1" HALF 7 "$2" 192.168.195.207/24 "$path
		    $([ "$1" = a ] || signed permissive time)"
	} | write_conf "$1"
}
VIPS="192.168.195.201 fd00:195::202 192.168.195.203 fd00:195::204 192.168.195.205 192.168.195.206 192.168.195.207"
owns_all() { # NODE
	local vip
	for vip in $VIPS; do has_address "$1" "$vip" || return 1; done
}
owns_none() {
	local vip
	for vip in $VIPS; do lacks_address "$1" "$vip" || return 1; done
}
owns_alone() { owns_all "$1" && owns_none "$2"; }
dropped() { # NODE
	status_of "$1" '[.vrrp_stats[] | .authtype_mismatch + .auth_failure + .auth_ext_missing + .auth_ext_malformed +
		.auth_ext_unknown_key + .auth_ext_invalid_hmac + .auth_ext_stale + .auth_ext_replay + .checksum_err +
		.packet_len_err + .other_err + .source_err + .ip_ttl_err] | add'
}

say "seven forms on two directors"
make_switch sw
make_node a sw 192.168.195.130/24 fd00:195::130/64
make_node b sw 192.168.195.131/24 fd00:195::131/64
director_conf a 150
director_conf b 100
start_director b
wait_for "b is running" 20 is_running_as b vrrp
start_director a
expect_soon election 20 owns_alone a b || give_up "no election"
expect_stays one-master 6 owns_alone a b
expect_eq dropped-a 0 "$(dropped a)"
expect_eq dropped-b 0 "$(dropped b)"

say "the active's child dies: who adopts its work is believed"
old=$(role_pid a vrrp)
kill -KILL "$old"
expect_soon respawned 10 is_respawned a vrrp "$old"
expect_stays adopted 5 owns_alone a b
expect_eq dropped-b-again 0 "$(dropped b)"

say "planned stop, and back"
stop a TERM
expect_soon takeover 5 owns_alone b a
start_director a
expect_soon preempted 20 owns_alone a b
expect_eq dropped-b-in-the-end 0 "$(dropped b)"

say "another key: every form notices, IPv6 as well as IPv4"
sed -i 's/kkkkkkkk$/kkkkkkkx/' "$LAB_DIR/b/keepalived.conf"
reload_director b
wrong() { # INSTANCE: signatures that are not right
	status_of b ".vrrp_stats[] | select(.instance == \"$1\") | .auth_ext_invalid_hmac"
}
is_verified() { [ "$(wrong "$1")" -gt 0 ]; }
for form in MC4 MC6 UC4 UC6 V2; do
	expect_soon "F10-signature-is-verified-$form" 8 is_verified $form
done
