#!/bin/bash
# calm
#
#	   192.168.195.0/24, fd00:195::/64, VIP .200
#	 ┌──────────────────── sw (br0) ────────────────────┐
#	 │                       │                          │
#	a .130 prio 150         b .131 prio 100            p .140, ::140
#	                                                    the neighbour: FRR's bfdd, Debian's keepalived, diarch
#
# BFD sessions: up with each kind of neighbour, over IPv4, IPv6 and several hops; an instance that tracks one gives way
# when the neighbour falls silent or says that it goes, far sooner than an advertisement would tell; a killed child keeps
# its sessions.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq
need_director
FRR=/usr/lib/frr

VIP=192.168.195.200

bfd_block() { # NAME NEIGHBOUR SOURCE [LINES]
	printf 'bfd_instance %s {\n neighbor_ip %s\n source_ip %s\n min_tx 100\n min_rx 100\n multiplier 4\n %s\n}\n' \
		"$1" "$2" "$3" "${4:-}"
}
director_conf() { # NODE PRIORITY TRACKED-LINES
	local node=$1 number
	number=$([ "$node" = a ] && echo 130 || echo 131)
	{
		bfd_block near 192.168.195.140 192.168.195.$number
		bfd_block near6 fd00:195::140 fd00:195::$number "ttl 255"
		bfd_block far 192.168.195.140 192.168.195.$number "multihop on
		 max_hops 5"
		cat <<-END
			vrrp_instance VI_1 {
			    state BACKUP
			    interface eth0
			    virtual_router_id 51
			    version 3
			    priority $2
			    advert_int 0.5
			    track_bfd {
			        $3
			    }
			    virtual_ipaddress {
			        $VIP/24
			    }
			}
		END
	} | write_conf "$node"
}
frr_conf() {
	echo bfd
	for number in 130 131; do
		for ends in "192.168.195.$number local-address 192.168.195.140" \
			"fd00:195::$number local-address fd00:195::140" \
			"192.168.195.$number multihop local-address 192.168.195.140"; do
			printf ' peer %s\n  receive-interval 100\n  transmit-interval 100\n  no shutdown\n' "$ends"
		done
	done
}
start_frr_daemon() { # NAME OPTIONS...
	local name=$1 run=$LAB_SCRATCH
	shift
	start p "$name" "$FRR/$name" -f "$LAB_SCRATCH/frr.conf" -i "$run/$name.pid" -z "$run/zserv" --vty_socket "$run" \
		-u frr -g frr --log stdout "$@"
	wait_for "$name is there" 10 test -S "$run/$name.vty"
}
start_frr() {
	make_scratch
	frr_conf >"$LAB_SCRATCH/frr.conf"
	chown -R frr:frr "$LAB_SCRATCH"
	start_frr_daemon zebra
	start_frr_daemon bfdd --bfdctl "$LAB_SCRATCH/bfdd.sock"
}
# keepalived runs a session only for somebody who tracks it.
neighbour_conf() {
	for number in 130 131; do
		bfd_block "to$number" 192.168.195.$number 192.168.195.140
	done
	cat <<-END
		vrrp_instance VI_9 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 99
		    priority 50
		    track_bfd {
		        to130 weight 1
		        to131 weight 1
		    }
		    virtual_ipaddress {
		        192.168.195.240/24
		    }
		}
	END
}
session_is() { # NODE NAME STATE
	[ "$(status_of "$1" ".bfd[] | select(.bfd == \"$2\") | .state")" = "$3" ]
}
all_are() { # STATE NAME...
	local name state=$1
	shift
	for name; do session_is a "$name" "$state" && session_is b "$name" "$state" || return 1; done
}
owns_alone() { has_address "$1" $VIP && lacks_address "$2" $VIP; }
tracker_is() { [ "$(status_of "$1" ".trackers[] | select(.name == \"$2\") | .state")" = "$3" ]; }

say "topology: directors a and b, a neighbour p"
make_switch sw
make_node a sw 192.168.195.130/24 fd00:195::130/64
make_node b sw 192.168.195.131/24 fd00:195::131/64
make_node p sw 192.168.195.140/24 fd00:195::140/64
director_conf a 150 "near weight -80"
director_conf b 100 "near weight -80"

if [ -x $FRR/bfdd ]; then
	say "FRR's bfdd as the neighbour"
	start_frr
	start_director a
	start_director b
	expect_soon frr-up 20 all_are Up near near6 far
	expect_soon frr-election 10 owns_alone a b
	expect up-line in_log a '\(near\) Entering Up state'
	expect tracked-line in_log a 'VRRP_Instance\(VI_1\) Tracked BFD instance near is UP'
	expect_soon negotiated 5 eval '[ "$(status_of a ".bfd[] | select(.bfd == \"near\") | .tx_interval_us")" = 100000 ]'

	say "a killed child keeps its sessions"
	mark_log a
	discr=$(status_of a '.bfd[] | select(.bfd == "near") | .local_discr')
	old=$(role_pid a vrrp)
	on a kill -KILL "$old"
	expect_soon respawn 10 is_respawned a vrrp "$old"
	expect_soon sessions-known 5 session_is a near Up
	expect_stays sessions-stay 2 owns_alone a b
	expect_eq same-session "$discr" "$(status_of a '.bfd[] | select(.bfd == "near") | .local_discr')"
	expect no-loss eval '! in_log_since a "Entering Down state"'

	say "only a loses the neighbour: it gives way"
	in_ns p ip route add blackhole 192.168.195.130/32
	expect_soon silence 5 session_is a near Down
	expect_soon gives-way 5 owns_alone b a
	in_ns p ip route del blackhole 192.168.195.130/32
	expect_soon neighbour-back 20 session_is a near Up
	expect_soon comes-back 10 owns_alone a b
	stop bfdd TERM
	stop zebra TERM
	expect_soon frr-gone 10 all_are Down near near6 far
else
	start_director a
	start_director b
fi

if command -v keepalived >/dev/null; then
	say "Debian's keepalived as the neighbour"
	neighbour_conf | write_conf p
	start_keepalived p
	expect_soon keepalived-up 20 all_are Up near
	expect_soon keepalived-election 10 owns_alone a b
	stop p TERM
	expect_soon keepalived-gone 10 all_are Down near
fi

say "diarch as the neighbour, which says that it goes"
neighbour_conf | write_conf p
start_director p
expect_soon diarch-up 20 all_are Up near
stop p TERM
expect_soon diarch-gone 2 all_are Down near
expect_eq told-to-go 3 "$(status_of a '.bfd[] | select(.bfd == "near") | .diag')"

say "weight 0 and the neighbour gone: FAULT, no address"
director_conf a 150 "near"
director_conf b 100 "near"
reload_director a
reload_director b
expect_soon fault-line 5 in_log a '\(VI_1\): entering FAULT state due to BFD instance near'
expect_soon nobody 5 eval 'lacks_address a $VIP && lacks_address b $VIP'
start_director p
expect_soon recovers 20 owns_alone a b
stop a TERM
stop b TERM
