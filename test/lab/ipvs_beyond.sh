#!/bin/bash
#
#	d (one namespace): diarch's checker, IPVS, VIP 192.0.2.1 ── lo ── servers on ports of 127.0.0.1
#
# What checks do beyond keepalived, in the kernel's table: a weight that grows after a return and goes on growing over a
# reload and the death of the checker; a pool that fails open; a server that flaps and stays out; an agent that says how
# much; a server that IPVS gets no answers from; and how long one that refuses connections stays in the table.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need busybox perl
need_director

VIP=192.0.2.1
SILENT=192.0.2.2
RAMP_S=10
DAMP_S=10

rs_block() { # PORT KEYWORDS...
	local port=$1
	shift
	echo "real_server 127.0.0.1 $port {"
	printf "%s\n" "$@"
	echo '}'
}
tcp_check() { # DELAY
	echo "TCP_CHECK {
		connect_timeout 2
		retry 0
		delay_loop $1
		half_open
	}"
}
vs_block() { # PORT KEYWORDS: real servers from standard input
	cat <<-EOF
		virtual_server $VIP $1 {
		    protocol TCP
		    lvs_sched rr
		    lvs_method NAT
		    $2
		$(cat)
		}
	EOF
}
conf() {
	printf 'global_defs {\n router_id d\n %s\n}\n' "${1:-}"
	rs_block 8081 "weight 100" "$(tcp_check 0.2)" | vs_block 81 "slow_start $RAMP_S"
	{ rs_block 8082 "$(tcp_check 0.2)"; rs_block 8182 "$(tcp_check 0.2)"; } | vs_block 82 "fail_open 1"
	rs_block 8083 "$(tcp_check 0.2)" | vs_block 83 "flap_damping $DAMP_S
		flap_limit 2"
	rs_block 8084 "weight 100" "AGENT_CHECK {
		connect_port 9000
		connect_timeout 2
		delay_loop 0.2
		agent_send hello
	}" | vs_block 84 ""
	cat <<-EOF2
		virtual_server $VIP 85 {
		    protocol UDP
		    lvs_sched rr
		    lvs_method NAT
		    passive_limit 5
		    passive_hold 12
		    real_server $SILENT 8085 {
		        TCP_CHECK {
		            connect_ip 127.0.0.1
		            connect_port 8182
		            connect_timeout 2
		            delay_loop 1
		        }
		    }
		}
	EOF2
}
start_server() { # PORT
	start d "s$1" busybox httpd -f -p "127.0.0.1:$1" -h "$LAB_DIR/d"
}
stop_server() { # PORT
	pretty d kill -KILL "s$1"
	kill -KILL "${LAB_PID[s$1]}"
	wait "${LAB_PID[s$1]}" 2>/dev/null
}
# WEIGHT of a server in the table, "-" without.
weight() { # VPORT PORT
	find_dest d TCP "$VIP:$1" "127.0.0.1:$2"
	REPLY=${REPLY#* }
}
weight_is() { # VPORT PORT WANTED
	weight "$1" "$2"
	[ "$REPLY" = "$3" ]
}
weight_is_least() { # VPORT PORT LEAST
	weight "$1" "$2"
	[ "$REPLY" != - ] && [ "$REPLY" -ge "$3" ]
}
agent_says() { echo "$1" >"$LAB_DIR/d/agent"; }

say "Servers, an agent, a director"
make_ns d
in_ns d ip addr add $VIP/32 dev lo
in_ns d ip addr add $SILENT/32 dev lo
watch_table d
agent_says "up 100%"
for port in 8081 8082 8182 8083; do start_server $port; done
start d agent busybox nc -ll -p 9000 -e cat "$LAB_DIR/d/agent"
conf | write_conf d
start_director d -C
expect_soon all-servers-are-in 30 weight_is 84 8084 100
expect_soon at-the-start-there-is-no-ramp 10 weight_is 81 8081 100

say "passive_limit: a check that says up, and a server that swallows everything"
# shellcheck disable=SC2016 # perl's own
start d swallow perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Proto => "udp", LocalAddr => shift,
	LocalPort => 8085) or die; sleep 1000' $SILENT
poll_until "it listens" 10 grep -q ':1F95' "/proc/${LAB_ANCHOR[d]}/net/udp"
expect_soon it-is-in 10 dest_is d UDP "$VIP:85" "$SILENT:8085" "Masq 1"
flood_silent() {
	in_ns d bash -c "for i in 1 2 3 4; do echo x >/dev/udp/$VIP/85; done"
	dest_is d UDP "$VIP:85" "$SILENT:8085" -
}
expect_soon it-leaves-although-the-check-passes 30 flood_silent
expect the-log-tells-of-silence in_log d 'event=rs_silent '
checker=$(role_pid d check)
on d kill -KILL "$checker"
expect_soon another-checker 10 is_respawned d check "$checker"
expect_stays it-stays-out-over-the-respawn 2 dest_is d UDP "$VIP:85" "$SILENT:8085" -
expect_soon it-gets-another-chance 30 dest_is d UDP "$VIP:85" "$SILENT:8085" "Masq 1"

say "fail_open: the last server of two dies"
stop_server 8082
expect_soon the-first-leaves 10 weight_is 82 8082 -
stop_server 8182
removed_ms=$(awk '{ split($4, t, ":"); ms = 1000 * t[3] + 60000 * t[2] }
	/event=check_down .*rs=\[127.0.0.1\]:tcp:8082 / { down = ms }
	/event=rs_down rs=\[127.0.0.1\]:tcp:8082 / { print ms - down; exit }' "$LAB_DIR/d/d.log")
expect_most from-the-verdict-to-the-table 500 "$removed_ms" ms
expect_soon both-carry-traffic 10 weight_is 82 8082 1
expect_soon the-second-too 5 weight_is 82 8182 1
expect the-alarm-is-in-the-log in_log d 'event=fail_open '
expect_eq the-status-tells true "$(status_of d '.virtual_servers[] | select(.vs | test(":82$")) | .is_open')"
start_server 8082
expect_soon one-is-enough 10 weight_is 82 8182 -
expect_soon and-stays 5 weight_is 82 8082 1

say "slow_start: back after a failure, with a reload and the death of the checker on the way"
stop_server 8081
expect_soon it-leaves 10 weight_is 81 8081 -
start_server 8081
expect_soon it-returns-with-little 10 weight_is_least 81 8081 1
first=$REPLY
tell_time
ramp_ms=$NOW_MS
expect_most first-weight 30 "$first"
poll_until "a third" 20 weight_is_least 81 8081 30
conf "lvs_flush off" | write_conf d
reload_director d
wait_for "reload" 20 in_log d 'event=reload'
weight 81 8081
expect_most after-the-reload-it-goes-on 90 "$REPLY"
expect_most and-not-from-the-beginning "$REPLY" 30
poll_until "a half" 20 weight_is_least 81 8081 50
old=$(role_pid d check)
pretty d kill -KILL "$old"
kill -KILL "$old"
wait_for "a new checker" 20 is_respawned d check "$old"
weight 81 8081
expect_most after-the-crash-it-is-no-less "$REPLY" 50
expect_soon in-the-end-in-full 40 weight_is 81 8081 100
tell_time
expect_most the-ramp-took-its-time $((NOW_MS - ramp_ms)) $((RAMP_S * 700)) "ms at least"

say "flap_damping: two failures are enough"
for i in 1 2; do
	stop_server 8083
	expect_soon "leaves-$i" 10 weight_is 83 8083 -
	start_server 8083
	[ $i -eq 2 ] || expect_soon "returns-$i" 10 weight_is 83 8083 1
done
tell_time
flap_ms=$NOW_MS
expect the-log-tells in_log d 'event=rs_flaps'
expect_stays it-stays-out 2 weight_is 83 8083 -
expect_soon it-returns 60 weight_is 83 8083 1
tell_time
expect_most it-was-out $((NOW_MS - flap_ms)) $((DAMP_S * 600)) "ms at least"

say "AGENT_CHECK"
agent_says "50%"
expect_soon half 10 weight_is 84 8084 50
agent_says "drain"
expect_soon drain 10 weight_is 84 8084 0
agent_says "down # no disk"
expect_soon down 10 weight_is 84 8084 -
expect the-log-has-the-reason in_log d 'reason=agent-down detail="no disk"'
agent_says "up ready 100%"
expect_soon up 10 weight_is 84 8084 100
kill -KILL "${LAB_PID[agent]}"
wait "${LAB_PID[agent]}" 2>/dev/null
expect_stays silence-changes-nothing 2 weight_is 84 8084 100
stop d
expect_eq end 0 "$STATUS"
