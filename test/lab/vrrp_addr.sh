#!/bin/bash
# Addresses of an active router with every option, and what happens when somebody deletes or changes them by hand.
#
#   a, b  diarch, one instance; a has eth0 (the LAN) and eth1
#   c     a host that squats on an IPv6 address
#         a --- sw --- b
#                \--- c
. "${0%/*}/lab.sh"
need_director
lab_begin
VIP=192.168.195.200
VIP6=2001:db8:195::200

make_switch sw
make_node a sw 192.168.195.1/24 2001:db8:195::1/64
make_node b sw 192.168.195.2/24 2001:db8:195::2/64
make_node c sw 192.168.195.9/24 2001:db8:195::9/64
make_switch side
plug_cable a side eth1
plug_cable b side eth1

director_conf() { # NODE PRIORITY
	write_conf "$1" <<CONF
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $2
	advert_int 1
	garp_master_delay 0
	virtual_ipaddress {
		$VIP/24 label eth0:vip brd + noprefixroute
		192.168.195.201 preferred_lft 0 no_track
		10.9.0.1 peer 10.9.0.2 dev eth1 scope link
	}
	virtual_ipaddress_excluded {
		$VIP6/64 -nodad preferred_lft 1000
		2001:db8:195::201
		2001:db8:195::202/64 home noprefixroute
	}
}
CONF
}

shows() { # NODE ADDRESS WORDS...: all of them in what ip(8) says of the address
	local node=$1 address=$2 word line
	shift 2
	line=$(ip -n "$(ns "$node")" -o addr show to "$address")
	for word; do
		case " ${line//\\/} " in *" $word "*) ;; *) return 1 ;; esac
	done
	[ -n "$line" ]
}

# repair NAME ADDRESS DELETE-ARGS...: deletes it by hand; ok when it is back
repair() {
	local name=$1 address=$2
	shift 2
	ip -n "$(ns a)" addr del "$@"
	expect_soon "$name" 5 has_address a "$address"
}

say "every option arrives in the kernel"
director_conf a 150
director_conf b 100
start_director a
start_director b
expect_soon master 15 has_address a $VIP
expect_soon option-label-brd 2 shows a $VIP eth0:vip brd 192.168.195.255 noprefixroute
expect option-preferred-lft shows a 192.168.195.201 deprecated
expect option-peer-scope shows a 10.9.0.1 peer 10.9.0.2/32 link eth1
expect option-v6-host-deprecated shows a 2001:db8:195::201 deprecated nodad
expect option-home shows a 2001:db8:195::202 home noprefixroute
dad_is_over() { shows a $VIP6 global && ! shows a $VIP6 tentative; }
expect_soon option-dad-ends 5 dad_is_over

say "deleted by hand, one after the other"
mark_log a
repair repaired-vip $VIP $VIP/24 dev eth0
repair repaired-with-peer 10.9.0.1 10.9.0.1 peer 10.9.0.2 dev eth1
repair repaired-v6 $VIP6 $VIP6/64 dev eth0
repair repaired-v6-host 2001:db8:195::201 2001:db8:195::201/128 dev eth0
expect repaired-peer shows a 10.9.0.1 peer 10.9.0.2/32
expect repaired-label shows a $VIP eth0:vip noprefixroute
expect deletion-in-log in_log_since a "IP $VIP removed from eth0"
ipn a addr change $VIP6/64 dev eth0 preferred_lft 2000 valid_lft forever
sees_short() { [ "$(ip -n "$(ns a)" -o addr show to $VIP6 | sed -n 's/.*preferred_lft \([0-9]*\)sec.*/\1/p')" -le 1000 ]; }
expect_soon changed-attribute-restored 2 sees_short
expect no-transition test "$(log_lines a 'Entering MASTER')" -eq 1

say "an interface under an address goes and comes back: the instance follows, the address as well"
ip -n "$(ns a)" link del eth1
expect_soon interface-gone-fails-over 10 has_address b $VIP
expect interface-gone-releases lacks_address a $VIP
plug_cable a side eth1
expect_soon interface-back 15 has_address a 10.9.0.1

say "another host has an IPv6 address: reported, and taken again when it is free"
stop a
stop b
ipn c addr add $VIP6/64 dev eth0 nodad
in_ns a sysctl -q net.ipv6.conf.eth0.accept_dad=1
start_director a
expect_soon duplicate-reported 20 in_log a 'vrrp_address_duplicate|another host on eth0 has address 2001:db8:195::200'
ipn c addr del $VIP6/64 dev eth0
is_sound() { shows a $VIP6 global && ! shows a $VIP6 dadfailed && ! shows a $VIP6 tentative; }
expect_soon duplicate-repaired 15 is_sound
stop a
expect_eq stop-status 0 "$STATUS"
expect nothing-left lacks_address a 192.168.195.201
expect nothing-left-v6 lacks_address a $VIP6
