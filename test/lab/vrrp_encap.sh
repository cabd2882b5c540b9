#!/bin/bash
# Routes of an active router through tunnels without a device: one for each encapsulation of the kernel.
#
#   a  diarch, one instance, its LAN eth0
#   b  a neighbour
#         a --- sw --- b
#
# Runs in a guest where the kernel here has no MPLS. What the kernel there lacks as well is skipped.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
has_mpls() { modprobe -q mpls_iptunnel 2>/dev/null || :; [ -e /proc/sys/net/mpls ]; }
has_mpls || need_guest "no MPLS in this kernel" "$@"
need_director

VIP=192.168.195.200
make_switch sw
make_node a sw 192.168.195.1/24 2001:db8:195::1/64
make_node b sw 192.168.195.2/24 2001:db8:195::2/64

# What ip(8) and the configuration both call a route, and how ip(8) shows it.
KINDS=(mpls ip ip6 ila)
declare -A WORDS=(
	[mpls]="198.51.100.0/24 encap mpls 100/200 via 192.168.195.2 dev eth0"
	[ip]="198.51.101.0/24 encap ip id 7 dst 192.0.2.9 ttl 9 dev eth0"
	[ip6]="2001:db8:101::/48 encap ip6 id 7 dst 2001:db8:9::9 hoplimit 9 dev eth0"
	[ila]="2001:db8:102:0:2000::/80 encap ila 1:2:3:4 via 2001:db8:195::2 dev eth0"
)
declare -A SHOWN=(
	[mpls]="198.51.100.0/24 encap mpls 100/200 via 192.168.195.2 dev eth0 proto keepalived"
	[ip]="198.51.101.0/24 encap ip id 7 src 0.0.0.0 dst 192.0.2.9 ttl 9 tos 0 dev eth0 proto keepalived"
	[ip6]="2001:db8:101::/48 encap ip6 id 7 src :: dst 2001:db8:9::9 hoplimit 9 tc 0 dev eth0 proto keepalived"
	[ila]="2001:db8:102:0:2000::/80 encap ila 1:2:3:4"
)
family() { case $1 in ip6 | ila) echo -6 ;; *) echo -4 ;; esac; }
routes() { # KIND: of its family, one a line
	ip -n "$(ns a)" -o "$(family "$1")" route show | tr -s ' \t\\' ' '
}
is_shown() { # KIND
	case "$(routes "$1") " in *"${SHOWN[$1]} "*) ;; *) return 1 ;; esac
}
kernel_has() { # KIND: tries the same route by hand; why not in WHY
	WHY=$(ip -n "$(ns a)" "$(family "$1")" route add ${WORDS[$1]} 2>&1) || return 1
	ip -n "$(ns a)" "$(family "$1")" route del ${WORDS[$1]%% *}
}

say "what the kernel has"
modprobe -q ila 2>/dev/null # not by itself
present=()
for kind in "${KINDS[@]}"; do
	if kernel_has "$kind"; then
		present+=("$kind")
	else
		skip "encap-$kind" "$WHY"
	fi
done
[ ${#present[@]} -gt 0 ] || skip_lab "this kernel has no encapsulation of routes"

say "configured, repaired and removed"
{
	cat <<-EOF
		vrrp_instance VI_1 {
		    interface eth0
		    virtual_router_id 51
		    advert_int 1
		    virtual_ipaddress {
		        $VIP/24
		    }
		    virtual_routes {
	EOF
	for kind in "${present[@]}"; do
		echo "        ${WORDS[$kind]}"
	done
	printf '    }\n}\n'
} | write_conf a
start_director a
expect_soon master 15 has_address a $VIP
for kind in "${present[@]}"; do
	expect_soon "encap-$kind" 5 is_shown "$kind" || routes "$kind"
done
mark_log a
for kind in "${present[@]}"; do
	ip -n "$(ns a)" "$(family "$kind")" route del ${WORDS[$kind]%% *}
	expect_soon "encap-$kind-repaired" 5 is_shown "$kind"
done
pid=$(role_pid a vrrp)
kill -KILL "$pid"
expect_soon respawned 10 is_respawned a vrrp "$pid"
expect_soon adopted 10 in_log_since a 'Going on in MASTER'
for kind in "${present[@]}"; do
	expect "encap-$kind-after-crash" is_shown "$kind"
done
case " ${present[*]} " in *" mpls "*)
	sed -i 's|mpls 100/200|mpls 100/300|' "$(node_dir a)/keepalived.conf"
	SHOWN[mpls]=${SHOWN[mpls]/200/300}
	reload_director a
	expect_soon reload-changes-labels 5 is_shown mpls ;;
esac
stop a
for kind in "${present[@]}"; do
	expect "encap-$kind-gone" test -z "$(routes "$kind" | grep encap)"
done
