#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIP .200 or ::200, once per form and role, all at the same time
#	 ┌────────────────── sw (br0) ──────────────────┐
#	 │                     │                        │
#	a .130 diarch         b .131 keepalived       client .1
#
# diarch and Debian's keepalived as the two directors of one address, in both roles and in every form of the protocol
# that both speak: v3, v3 over IPv6, v2, v2 with password, v2 with AH, v2 with AH and unicast, v2 and v3 with unicast
# peers, v3 with unicast peers and the checksum of old versions (that both are told to send, or keepalived only), v2 and
# v3 with strict mode, v3 with the owner of the address, and with virtual MAC addresses: v3, v3 over IPv6 and v2 with
# AH, and where diarch sends from its own MAC. Per form: election, no flapping, takeover when
# the active is killed, and no packet that diarch calls damaged.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip keepalived jq
need_director

VIP4=192.168.195.200
VIP6=fd00:195::200
ADVERT_S=1
STABLE_S=10

# Nodes are called a.N, b.N, client.N and sw.N in the Nth part.
other() { if [[ $1 = a* ]]; then echo "b${1:1}"; else echo "a${1:1}"; fi; }
address_of() { if [[ $1 = a* ]]; then echo 192.168.195.130; else echo 192.168.195.131; fi; }

# FORM is v2 or v3, then any of -ipv6, -pass, -ah, -unicast, -strict, -owner, -old (both send the checksum of old versions), -learn (keepalived only),
# -vmac (both send from the virtual MAC), -base (diarch does not: vmac_xmit_base). VIP is set by the part that runs it.
interop_conf() { # NODE PRIORITY FORM
	local extra='' addresses="$VIP4/24"
	case $3 in *-ipv6*) addresses="fe80::200
		        $VIP6/128" ;; esac
	case $3 in *-pass* | *-ah*) extra="authentication {
		        auth_type $(if [[ $3 = *-ah* ]]; then echo AH; else echo PASS; fi)
		        auth_pass s3cret
		    }" ;; esac
	case $3 in *-unicast*) extra="$extra
		    unicast_src_ip $(address_of "$1")
		    unicast_peer {
		        $(address_of "$(other "$1")")
		    }" ;; esac
	case $3,$1 in *-old,* | *-learn,b*) extra="$extra
		    old_unicast_checksum" ;; esac
	case $3 in *-strict*) extra="$extra
		    strict_mode" ;; esac
	case $3 in *-vmac*) extra="$extra
		    use_vmac" ;; esac
	case $3,$1 in *-base*,a*) extra="$extra
		    vmac_xmit_base" ;; esac
	write_conf "$1" <<-EOF
		global_defs {
		    router_id $1
		}
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version ${3:1:1}
		    priority $2
		    advert_int $ADVERT_S
		    garp_master_delay 1
		    $extra
		    virtual_ipaddress {
		        $addresses
		    }
		}
	EOF
}
owns_alone() { # NODE
	has_address "$1" "$VIP" && lacks_address "$(other "$1")" "$VIP"
}
transitions() { # N: of both directors together
	echo $(($(log_lines "a.$1" 'Entering [A-Z]+ STATE') + $(log_lines "b.$1" 'Entering [A-Z]+ STATE')))
}
are_still() { # N TRANSITIONS
	[ "$(transitions "$1")" = "$2" ]
}
start_one() { if [[ $1 = a* ]]; then start_director "$1"; else start_keepalived "$1"; fi; }

errors_seen() { # NODE: packets it called damaged; only diarch tells in JSON
	status_of "$1" '.vrrp_stats[] | .checksum_err + .packet_len_err + .ip_ttl_err + .version_err +
		.invalid_type_rcvd + .addr_list_err + .authtype_mismatch + .auth_failure +
		.source_err + .other_err'
}

# A keepalived that hears only the old sum is active once beside diarch, which hears the old sum then.
has_learned() { # N ACTIVE
	[ "$(status_of "a.$1" '.vrrp[0].checksum_form')" = old-unicast ] && owns_alone "$2"
}

has_virtual_mac() { # NODE ADDRESS
	case $2 in *:*) set -- "$1" "$2" 2 ;; *) set -- "$1" "$2" 1 ;; esac
	[ "$(neighbour_mac "$1" "$2")" = "00:00:5e:00:0$3:33" ]
}

run_form() { # N FORM ACTIVE
	local n=$1 form=$2 active=$3.$1 backup name priority VIP=$VIP4
	case $form in *-ipv6*) VIP=$VIP6 ;; esac
	backup=$(other "$active")
	name=$form-$(if [ "$3" = a ]; then echo diarch; else echo keepalived; fi)-active
	say "$name"
	make_switch "sw.$n"
	make_node "a.$n" "sw.$n" 192.168.195.130/24 fd00:195::130/64
	make_node "b.$n" "sw.$n" 192.168.195.131/24 fd00:195::131/64
	make_node "client.$n" "sw.$n" 192.168.195.1/24 fd00:195::1/64
	priority=150
	case $form in *-owner*) priority=255 ;; esac
	interop_conf "$active" $priority "$form"
	interop_conf "$backup" 100 "$form"
	start_one "$backup"
	wait_for "$backup is running" 20 is_running_as "$backup" vrrp
	start_one "$active"
	expect_soon "election-$name" 20 owns_alone "$active" || return 0
	case $form in *-learn*) expect_soon "learned-$name" 20 has_learned "$n" "$active" ;; esac
	expect_stays "no-flapping-$name" "$STABLE_S" are_still "$n" "$(transitions "$n")"
	# With AH two that become active in the same moment use the same sequence numbers, and drop one packet of each other.
	case $LAB_DIRECTOR.$form in
	keepalived.*) ;;
	*-ah*) expect_most "errors-$name" 1 "$(errors_seen "a.$n")" ;;
	*) expect_eq "errors-$name" 0 "$(errors_seen "a.$n")" ;;
	esac
	start_ping "client.$n" "$VIP" -w 100
	kill_director "$active"
	cut_cable "$active" "sw.$n"
	expect_soon "takeover-$name" 10 has_address "$backup" "$VIP"
	case $form in
	*-vmac*) expect_soon "client-keeps-virtual-mac-$name" 5 has_virtual_mac "client.$n" "$VIP" ;;
	*) expect_soon "client-follows-$name" 5 neighbour_is "client.$n" "$VIP" "$backup" ;;
	esac
	stop_ping "client.$n"
	case $form in
	*-strict*) expect_most "T10-answered-$name" 5 $((PING_SENT - PING_LOST)) packets ;; # keepalived may be late
	*) expect_most "blackout-$name" 3900 "$PING_GAP_MS" ms ;;
	esac
	stop "$backup" TERM
	expect "stop-$name" lacks_address "$backup" "$VIP"
}

n=0
for form in v3 v3-ipv6 v2 v2-pass v2-ah v2-ah-unicast v2-unicast v3-unicast v3-unicast-old v3-unicast-learn v3-strict v3-owner \
	v3-vmac v3-ipv6-vmac v2-ah-vmac v3-vmac-base v3-ipv6-vmac-base; do
	for active in a b; do
		n=$((n + 1))
		part $n run_form $n $form $active
	done
done
join_parts
