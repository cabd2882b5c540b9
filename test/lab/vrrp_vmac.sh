#!/bin/bash
# use_vmac: the virtual router MAC on the wire, what the backup does with frames for it, what is left behind.
#
#   a   diarch, use_vmac        a eth0 --- sw --- b
#   b   keepalived, use_vmac               |
#   c   a host                             c
# calm
# shellcheck disable=SC2016 # awk programs
. "${0%/*}/lab.sh"
need_director
need keepalived tcpdump
VIP=10.50.0.200
MAC=00:00:5e:00:01:33

make_switch sw
make_node a sw 10.50.0.1/24
make_node b sw 10.50.0.2/24
make_node c sw 10.50.0.9/24 2001:db8:50::9/64
in_ns a sysctl -q net.ipv4.conf.all.rp_filter=1 net.ipv4.ip_forward=1

conf() { # PRIORITY
	cat <<-CONF
		vrrp_instance VI_1 {
		    interface eth0
		    virtual_router_id 51
		    priority $1
		    advert_int 1
		    version 3
		    use_vmac
		    promote_secondaries
		    virtual_ipaddress {
		        $VIP
		    }
		}
		vrrp_instance VI_6 {
		    interface eth0
		    virtual_router_id 51
		    priority $1
		    advert_int 1
		    version 3
		    use_vmac
		    virtual_ipaddress {
		        fe80::51
		        2001:db8:50::200/64
		    }
		}
	CONF
}
setting() { in_ns a cat "/proc/sys/net/ipv4/conf/$1"; }
settings() { echo "$(setting eth0/arp_ignore) $(setting eth0/arp_filter) $(setting eth0/arp_announce) $(setting eth0/promote_secondaries) $(setting all/rp_filter) $(setting eth0/rp_filter)"; }
link_has() { # NAME WORDS: in what ip(8) says of it
	case "$(ip -n "$(ns a)" -d link show dev "$1" 2>/dev/null | tr -s ' \n' ' ')" in *"$2"*) ;; *) return 1 ;; esac
}
frames() { # FILTER: recorded by c
	tcpdump -nettr "$(node_dir c)/wire.pcap" "$@" 2>/dev/null
}
reaches() { in_ns c "$VIPPING" -t 0.05 "$1"; }
knows_virtual_mac() { [ "$(neighbour_mac c "$1")" = "${2:-$MAC}" ]; }

before=$(settings)
conf 150 | write_conf a
conf 100 | write_conf b
start c record tcpdump -Uni eth0 -w "$(node_dir c)/wire.pcap"
wait_for "the witness listens" 10 grep -q listening "$(node_dir c)/record.log"
start_director a
expect_soon master 15 has_address a $VIP
expect mac-of-interface link_has vrrp.51 "$MAC"
expect macvlan-on-base link_has vrrp.51 "vrrp.51@eth0"
expect_soon master-v6 15 has_address a 2001:db8:50::200
expect name-of-second link_has vrrp6.51 "00:00:5e:00:02:33"
expect_eq told-in-status "vrrp.51 vrrp6.51" "$(status_of a '[.vrrp[].vmac] | join(" ")')"
expect address-on-vmac ip -n "$(ns a)" -o addr show dev vrrp.51 to $VIP
expect_eq settings-while-up "1 1 2 1 0 1" "$(settings)"

say "a host learns the virtual MAC, even when the router asks first"
in_ns c ip neigh flush dev eth0
in_ns a ip neigh flush dev eth0
expect_soon host-reaches-vip 5 reaches $VIP
expect host-has-virtual-mac knows_virtual_mac $VIP
expect_soon host-reaches-v6 5 reaches 2001:db8:50::200
expect host-has-virtual-mac-v6 knows_virtual_mac 2001:db8:50::200 00:00:5e:00:02:33
for _ in 1 2 3; do
	in_ns a ip neigh flush dev eth0
	reaches $VIP >/dev/null
done
expect_eq F6-T8-no-arp-with-physical-mac "" "$(frames "arp and arp[14:4] = 0x0a3200c8 and not ether src $MAC" | head -3)"
replies() { frames "arp[6:2] = 2 and arp[14:4] = 0x0a3200c8 and $1" | grep -c ''; }
expect T7-arp-answered test "$(replies "arp[8:4] = 0x00005e00 and arp[12:2] = 0x0133")" -gt 0
expect_eq T7-arp-answered-with-no-other-mac 0 "$(replies "not (arp[8:4] = 0x00005e00 and arp[12:2] = 0x0133)")"
expect_eq T7-ns-answered-with-no-other-mac "" \
	"$(frames "icmp6 and ip6[40] = 136 and ip6[48:4] = 0x20010db8 and ip6[60:4] = 0x200 and not ether src 00:00:5e:00:02:33" | head -3)"
expect_eq T15-no-address-from-the-mac "" \
	"$(ip -n "$(ns a)" -o -6 addr | grep -E 'vrrp.*(5eff:fe00|fe80::2(00)?:5eff)')"
expect_eq T15-only-virtual-addresses 2 "$(ip -n "$(ns a)" -o -6 addr show dev vrrp6.51 | grep -c '')"
expect T1-adverts-from-virtual-mac test -n "$(frames "ip proto 112 and ether src $MAC and src 10.50.0.1" | head -1)"
expect_eq T1-adverts-from-no-other "" "$(frames "ip proto 112 and not ether src $MAC" | head -3)"
expect T1-v6-adverts-from-virtual-mac test -n "$(frames "ip6 proto 112 and ether src 00:00:5e:00:02:33" | head -1)"

say "a crash of the child costs nothing, also after a reload"
mark_log a
reload_director a
expect_soon reloaded 10 in_log_since a 'Reload complete'
pid=$(role_pid a vrrp)
index=$(in_ns a cat /sys/class/net/vrrp.51/ifindex)
kill -KILL "$pid"
expect_soon respawned 10 is_respawned a vrrp "$pid"
expect_soon adopted 10 in_log a 'Going on in MASTER'
expect_eq same-interface "$index" "$(in_ns a cat /sys/class/net/vrrp.51/ifindex)"
expect_eq settings-after-crash "1 1 2 1 0 1" "$(settings)"
ip -n "$(ns a)" link del vrrp.51
expect_soon deleted-interface-comes-back 5 has_address a $VIP

say "keepalived with use_vmac beside it: one active router at any time, both ways"
start_keepalived b
expect_soon a-is-master 10 has_address a $VIP
expect_stays a-stays-master 6 has_address a $VIP
expect b-is-backup lacks_address b $VIP
sed -i 's/priority 150/priority 50/' "$(node_dir a)/keepalived.conf"
reload_director a
expect_soon b-takes-over 15 has_address b $VIP
expect_soon a-gives-way 5 lacks_address a $VIP
expect_stays one-owner 5 lacks_address a $VIP
expect_soon host-follows 5 reaches $VIP

say "a backup drops frames to the virtual MAC"
answers_arp() { # how many answers of a to who-has VIP while b, the active router, is cut off
	frames "arp[6:2] = 2 and arp[14:4] = 0x0a3200c8 and src host 10.50.0.200" | wc -l
}
expect T9-backup-interface-down link_has vrrp.51 "state DOWN"
in_ns a ip route add 10.99.0.0/24 via 10.50.0.9
forwarded() { in_ns a awk '/^Ip:/ { n++; if (n == 2) print $7 }' /proc/net/snmp; }
was=$(forwarded)
ip -n "$(ns sw)" link set dev b nomaster # the frames reach a alone
in_ns c ip neigh flush dev eth0
arp_before=$(answers_arp)
in_ns c "$VIPPING" -i 100 -t 0.5 $VIP >/dev/null
expect_eq T9-backup-answers-no-arp "$arp_before" "$(answers_arp)"
in_ns c ip neigh replace 10.50.0.77 lladdr $MAC dev eth0 nud permanent
in_ns c ip route add 10.99.0.0/24 via 10.50.0.77
in_ns c "$VIPPING" -i 100 -t 0.5 10.99.0.5 >/dev/null
expect_eq F6-T9-backup-forwards-nothing "$was" "$(forwarded)"
ip -n "$(ns sw)" link set dev b master br0

say "T13: proxy ARP answers with the virtual MAC, and not for hosts of the same net"
stop a
in_ns a sysctl -q net.ipv4.conf.eth0.proxy_arp=1
plug_cable a sw eth1
add_addresses a eth1 10.51.0.1/24
sed -i 's/priority 50/priority 150/' "$(node_dir a)/keepalived.conf"
start_director a
expect_soon T13-active 15 has_address a $VIP
who_has() { # ADDRESS: asks, and says which MAC answered
	in_ns c ip neigh flush dev eth0
	in_ns c ip route replace "$1" dev eth0
	in_ns c "$VIPPING" -i 50 -t 0.3 "$1" >/dev/null 2>&1
	neighbour_mac c "$1"
}
has_proxy_mac() { [ "$(who_has "$1")" = $MAC ]; }
expect_soon T13-answered-with-virtual-mac 5 has_proxy_mac 10.51.0.7
expect_eq T13-never-with-another "" "$(frames "arp[6:2] = 2 and arp[14:4] = 0x0a330007 and not (ether src $MAC and arp[8:4] = 0x00005e00 and arp[12:2] = 0x0133)" | head -3)"
expect_eq T13-nobody-answers-for-a-neighbour "" "$(who_has 10.50.0.123)"
expect_eq T13-settings "0 1" "$(setting eth0/proxy_arp) $(setting vrrp.51/proxy_arp)"

say "a stop leaves nothing behind"
stop a
expect_eq T13-setting-restored 1 "$(setting eth0/proxy_arp)"
expect_eq stop-status 0 "$STATUS"
expect_eq interfaces-gone "" "$(ip -n "$(ns a)" -o link | grep vrrp)"
expect_eq settings-restored "$before" "$(settings)"
stop b
