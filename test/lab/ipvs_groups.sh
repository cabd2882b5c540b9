#!/bin/bash
#
#	   192.168.198.0/24, fd00:198::/64
#	 ┌────── sw (br0) ──────┐
#	 │                      │
#	d .130                real .11 and .12, ::11, a web server on 8080 for each
#	director
#
# Pools of many addresses: ranges, networks, fwmarks and both families have one set of servers and checks; what a reload
# adds or removes touches only those services.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ipvsadm busybox
need_director
[ "$LAB_DIRECTOR" = diarch ] || skip_lab "compared in ipvs_pool"

rs() { # ADDRESS [KEYWORDS]
	cat <<-EOF
		    real_server $1 {
		        ${2:-}
		        TCP_CHECK {
		            connect_port 8080
		            connect_timeout 1
		            retry 0
		        }
		    }
	EOF
}
groups_conf() { # LINES OF web: MORE, SECOND and GLOBALS are further keywords
	cat <<-EOF
		global_defs {
		    router_id d
		    ${GLOBALS:-}
		}
		virtual_server_group web {
		    $1
		}
		virtual_server group web {
		    protocol TCP
		    lvs_sched rr
		    lvs_method NAT
		    delay_loop 1
		    ${MORE:-}
		$(rs 192.168.198.11)
		$(rs 192.168.198.12 "${SECOND:-}")
		$(rs fd00:198::11)
		}
		virtual_server group web {
		    protocol UDP
		    lvs_sched wlc
		    lvs_method DR
		    delay_loop 1
		$(rs 192.168.198.11)
		}
		virtual_server_group marks {
		    fwmark 7 inet
		    fwmark 7 inet6
		}
		virtual_server group marks {
		    lvs_sched rr
		    lvs_method DR
		    delay_loop 1
		$(rs 192.168.198.11)
		$(rs fd00:198::11)
		}
		virtual_server fwmark 9 {
		    lvs_sched rr
		    lvs_method DR
		    delay_loop 1
		    ip_family inet6
		$(rs fd00:198::11)
		}
	EOF
}
saved() { in_ns d ipvsadm -Sn | sort; }
# count_of PATTERN: lines of the saved table
count_of() { saved | grep -cE -- "$1"; }
is_count() { [ "$(count_of "$2")" = "$1" ]; }
has_line() { saved | grep -qxF -- "$1"; }
serve() { # ADDRESS
	start real "web-$1" busybox httpd -f -p "$1:8080" -h "$(node_dir real)"
}

make_switch sw
make_node d sw 192.168.198.130/24 fd00:198::130/64
make_node real sw 192.168.198.11/24 192.168.198.12/24 fd00:198::11/64
serve 192.168.198.11
serve 192.168.198.12
serve '[fd00:198::11]'

LINES="10.8.0.1 80
	10.8.0.10-13 80
	10.8.1.0/30 443
	fd00:8::1-3 80"

say "start: a service for each address, the same servers in all"
groups_conf "$LINES" | write_conf d
start_director d
# TCP and UDP: 1 + 4 + 4 of IPv4 and 3 of IPv6; three marks
expect_soon services 20 is_count 27 '^-A -[tuf]' || { saved; give_up "no table"; }
expect_eq servers-of-ipv4 18 "$(count_of '^-a -t 10\.8.* -r 192\.168\.198\.1[12]:(80|443) -m -w 1')"
expect_eq servers-of-ipv6 3 "$(count_of '^-a -t \[fd00:8::[123]\]:80 -r \[fd00:198::11\]:80 -m -w 1')"
expect_eq udp-has-its-own 9 "$(count_of '^-a -u 10\.8.* -r 192\.168\.198\.11:(80|443) -g -w 1')"
expect_eq marks 3 "$(count_of '^-a -f [79] .*-r (192|\[fd00)')"
expect_eq one-check-for-a-server 7 "$(status_of d '.checks | length')"
expect_eq names '[web]:0 [web]:udp:0 [marks]:0 FWM 9 IPv6' "$(status_of d '[.virtual_servers[].vs] | join(" ")')"

watched() { in_ns d "$LVSADM" watch --count=1 "--control=$(node_dir d)/control.sock"; }
watched >"$LAB_DIR/watch"
expect_eq names-in-watch "12 12 2" "$(grep -c '^TCP .* up 3/3 \[web\]:0$' "$LAB_DIR/watch") \
$(grep -c '^UDP .* up 1/1 \[web\]:udp:0$' "$LAB_DIR/watch") $(grep -c '^FWM  7 .* up 2/2 \[marks\]:0$' "$LAB_DIR/watch")"
expect_eq servers-in-watch 0 "$(grep -- '^  ->' "$LAB_DIR/watch" | grep -cv ' up$')"

say "a server fails: it leaves every address of its family at once"
stop web-192.168.198.12 KILL
expect_soon down-everywhere 5 is_count 0 '192\.168\.198\.12'
expect_eq others-stay 9 "$(count_of '^-a -t 10\.8.* -r 192\.168\.198\.11')"
serve 192.168.198.12
expect_soon up-everywhere 5 is_count 9 '192\.168\.198\.12'

say "reload: one address less, two more, and a weight"
before=$(saved)
mark_log d
SECOND="weight 3
	uthreshold 9
	lthreshold 4" groups_conf "${LINES/10.8.0.10-13/10.8.0.11-15}" | write_conf d
in_ns d "$DIARCH" --plan -f "$(node_dir d)/keepalived.conf" "--control=$(node_dir d)/control.sock" >"$LAB_DIR/plan"
expect_eq plan-adds-services 4 "$(grep -cE '\+ add service \[10.8.0.1[45]\]:(tcp|udp):80' "$LAB_DIR/plan")"
expect_eq plan-removes-services 2 "$(grep -cE -- '- delete service \[10.8.0.10\]:(tcp|udp):80' "$LAB_DIR/plan")"
reload_director d
expect_soon added 10 has_line '-A -t 10.8.0.15:80 -s rr'
expect_soon removed 10 is_count 0 '10\.8\.0\.10:80'
expect_soon weight-everywhere 10 is_count 10 '-r 192\.168\.198\.12:(80|443) -m -w 3'
expect_eq thresholds-everywhere 10 "$(in_ns d ipvsadm -Ln --thresholds | grep -cE '192\.168\.198\.12:[0-9]+ .*(9 +4|4 +9)')"
kept() { # what has nothing to do with the change
	grep -vE '10\.8\.0\.1[045]:80|192\.168\.198\.12'
}
expect_eq rest-is-untouched "$(kept <<<"$before" | cksum)" "$(saved | kept | cksum)"
expect no-drift eval '! in_log_since d event=ipvs_drift'

say "ha_suspend: checks rest while no address of the service is here"
{ GLOBALS="lvs_timeouts tcp 901 tcpfin 61 udp 62" MORE=ha_suspend SECOND="weight 3" \
	groups_conf "${LINES/10.8.0.10-13/10.8.0.11-15}"; } | write_conf d
mark_log d
reload_director d
expect_soon suspended 10 in_log_since d 'Suspending healthchecker for service .192.168.198.12.:tcp:0 for VS .web.:0'
expect_soon time-outs 5 eval '[ "$(in_ns d ipvsadm -L --timeout | grep -o "901 61 62")" = "901 61 62" ]'
stop web-192.168.198.12 KILL
expect_stays resting-notices-nothing 3 is_count 10 '-r 192\.168\.198\.12:(80|443) -m -w 3'
mark_log d
on d ip addr add 10.8.0.14/32 dev lo # in the middle of a range
expect_soon activated 5 in_log_since d 'Activating healthchecker for service .192.168.198.12.:tcp:0 for VS .web.:0'
expect_soon then-it-is-found-dead 5 is_count 0 '192\.168\.198\.12'
on d ip addr del 10.8.0.14/32 dev lo
expect_soon suspended-again 5 in_log_since d 'Suspending healthchecker'
serve 192.168.198.12
expect_stays dead-stays-out 3 is_count 0 '192\.168\.198\.12'
on d ip addr add 10.8.0.1/32 dev lo
expect_soon back 5 is_count 10 '192\.168\.198\.12'

say "counters: three connections through the first address"
in_ns d sysctl -q net.ipv4.ip_forward=1
ip -n "$(ns real)" route add 10.8.0.1/32 via 192.168.198.130
# Refused or not: a connection is counted when it gets its server.
for i in 1 2 3; do in_ns real busybox nc -w 1 10.8.0.1 80 </dev/null >/dev/null 2>&1; done
counted() { # NAME OF SERVICE, CONNECTIONS
	poll_pause 0.5
	[ "$(status_of d ".service_counters[] | select(.vs == \"$1\") | .connections")" = "$2" ]
}
expect_soon service-counters 10 counted '[web]:0' 3
expect_eq server-counters 3 "$(status_of d '[.server_counters[] | select(.vs == "[web]:0") | .connections] | add')"
expect text-has-them eval 'ctl d status | grep -A3 "^Counters of real servers" | grep -q "CONNECTIONS"'

say "stop; a foreign service stays, and goes with lvs_flush and lvs_flush_on_stop"
on d ipvsadm -A -t 10.9.9.9:99 -s wlc
stop d TERM
expect_eq stop-leaves-the-foreign-one '-A -t 10.9.9.9:99 -s wlc' "$(saved)"
GLOBALS=lvs_flush groups_conf "$LINES" | write_conf d
start_director d
expect_soon flush-services 20 is_count 27 '^-A -[tuf]'
expect_eq flush-at-start 0 "$(count_of 10.9.9.9)"
on d ipvsadm -A -t 10.9.9.9:99 -s wlc
pid=$(role_pid d check)
kill -KILL "$pid"
poll_until "checker child is back" 10 is_respawned d check "$pid"
expect_stays flush-not-at-respawn 2 has_line '-A -t 10.9.9.9:99 -s wlc'
GLOBALS="lvs_flush_on_stop VS" groups_conf "$LINES" | write_conf d
mark_log d
reload_director d
poll_until "the reload is complete" 10 in_log_since d 'Reload complete'
stop d TERM
expect_eq stop-vs-leaves-the-foreign-one '-A -t 10.9.9.9:99 -s wlc' "$(saved)"
