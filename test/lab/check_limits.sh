#!/bin/bash
# calm
#
#	      10.9.0.0/24
#	d .1 ──── sw (br0) ──── p .2
#	diarch                  a server for each kind of check
#
# rise, fall, deadline and response_time_limit of every kind of check: the servers fall silent (the agent says "down", as
# its silence says nothing) and come back, and for each kind one check that counts a single result and one that wants a
# row of them are compared; a third allows its answer less time than any takes, a fourth more. A script has no deadline
# but its own. No IPVS is needed: verdicts are in the status.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq openssl
need_director
CANNED=$BUILD/test/lab/canned
need_built "$CANNED"

ROW=4
LOOP_MS=400
RETRY_MS=200
DEADLINE_MS=400
SLACK_MS=900 # when a check has its turn, and what a busy machine adds
KINDS=(tcp http ssl smtp dns udp ping agent misc)

servers() {
	cat <<-'EOF'
		tcp 10.9.0.2 80 hold
		tcp 10.9.0.2 81 head say=HTTP/1.0\s200\sOK\r\n\r\nhello\n
		tcp 10.9.0.2 25 say=220\smx\r\n line say=250\smx\r\n line say=221\sbye\r\n
		udp 10.9.0.2 53 id=\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01
		udp 10.9.0.2 70 say=x
	EOF
}
# block KIND LINES: a check of its server
block() {
	case $1 in
	tcp) printf 'TCP_CHECK {\nconnect_port 80\n%s\n}\n' "$2" ;;
	http) printf 'HTTP_GET {\nurl {\npath /\n}\nconnect_port 81\n%s\n}\n' "$2" ;;
	ssl) printf 'SSL_GET {\nurl {\npath /\n}\nconnect_port 443\n%s\n}\n' "$2" ;;
	smtp) printf 'SMTP_CHECK {\nconnect_port 25\n%s\n}\n' "$2" ;;
	dns) printf 'DNS_CHECK {\nconnect_port 53\n%s\n}\n' "$2" ;;
	udp) printf 'UDP_CHECK {\nconnect_port 70\nrequire_reply\n%s\n}\n' "$2" ;;
	ping) printf 'PING_CHECK {\n%s\n}\n' "$2" ;;
	agent) printf 'AGENT_CHECK {\nconnect_ip 127.0.0.1\nconnect_port 90\n%s\n}\n' "$2" ;;
	misc) printf 'MISC_CHECK {\nmisc_path "/usr/bin/test -e %s"\nmisc_timeout 5\n%s\n}\n' "$LAB_DIR/d/is-there" "$2" ;;
	esac
}
# conf: for kind K the services 10.0.K.1 (one result), .2 (a row), .3 (too little time), .4 (time enough)
conf() {
	local i=0 kind n pace lines
	for kind in "${KINDS[@]}"; do
		i=$((i + 1))
		for n in 1 2 3 4; do
			pace="delay_loop $(in_s $LOOP_MS)"$'\n'"delay_before_retry $(in_s $RETRY_MS)"$'\n'"log_all_failures"
			[ $n != 1 ] || pace+=$'\nrise 1\nfall 1'
			[ $n != 2 ] || pace+=$'\nrise '$ROW$'\nfall '$ROW
			lines=$pace
			if [ $kind != misc ]; then
				lines+=$'\nconnect_timeout 30\ndeadline '$(in_s $DEADLINE_MS)
				[ $n != 3 ] || lines+=$'\nresponse_time_limit 0.00001'
				[ $n != 4 ] || lines+=$'\nresponse_time_limit 20'
			fi
			cat <<-EOF
				virtual_server 10.0.$i.$n 80 {
				    protocol TCP
				    lvs_sched rr
				    lvs_method NAT
				    real_server 10.9.0.2 80 {
				        $(block "$kind" "$lines")
				    }
				}
			EOF
		done
	done
}
start_servers() {
	local dir
	dir=$(node_dir p)
	servers >"$dir/servers"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/key.pem" -out "$dir/cert.pem" \
		-subj /CN=p -days 10 2>/dev/null
	start p canned "$CANNED" "$dir/servers"
	start_agent up
	start p tls openssl s_server -quiet -www -accept 10.9.0.2:443 -cert "$dir/cert.pem" -key "$dir/key.pem"
	wait_for "servers" 10 grep -q '^begins' "$dir/canned.log"
}
start_agent() { # WORD: what it says
	echo "tcp 127.0.0.1 90 say=$1\\n" >"$(node_dir d)/agent"
	start d agent "$CANNED" "$(node_dir d)/agent"
}
fall_silent() {
	stop agent
	start_agent down
	in_ns p ip route add blackhole 10.9.0.1/32
	rm "$LAB_DIR/d/is-there"
}
come_back() {
	stop agent
	start_agent up
	in_ns p ip route del blackhole 10.9.0.1/32
	touch "$LAB_DIR/d/is-there"
}

# Of a check: whether it is up, and since when; read once, in CHECKS.
declare -A IS_UP SINCE_MS
read_checks() {
	local vs up since
	while read -r vs up since; do
		IS_UP[$vs]=$up
		SINCE_MS[$vs]=$since
	done < <(status_of d '.checks[] | "\(.vs | ltrimstr("[10.0.") | split("]")[0]) \(.is_up) \(.since_us / 1000 | floor)"')
}
# A script has none, and of an agent it only means that its answer does not count.
has_no_limit() { [ "$1" = misc.3 ] || [ "$1" = agent.3 ]; }
all_are() { # IS_UP N...: the checks N of every kind
	local wanted=$1 i n
	shift
	read_checks
	for i in "${!KINDS[@]}"; do
		for n; do
			[ "${IS_UP[$((i + 1)).$n]:-}" = "$wanted" ] || has_no_limit "${KINDS[i]}.$n" || return 1
		done
	done
}
# reasons KIND-NUMBER.SERVICE: of its failures since the mark, until it was down
reasons() {
	log_since d | sed -n "/ vs=\[10\.0\.$1\]:tcp:80 reason=/{h; s/.* reason=\([^ ]*\).*/\1/p; g; /event=check_down/q}"
}
within() { # MS EXPECTED: EXPECTED less a run and what lies between two, at least
	[ "$1" -ge $(($2 - LOOP_MS - DEADLINE_MS)) ] && [ "$1" -le $(($2 + SLACK_MS)) ]
}

say "A server for each of ${#KINDS[@]} kinds, and four checks of each"
make_switch sw
make_node d sw 10.9.0.1/24
make_node p sw 10.9.0.2/24
touch "$LAB_DIR/d/is-there"
start_servers
conf | write_conf d
start_director d -C
expect_soon all-up 20 all_are true 1 2 4
expect_soon too-slow 20 all_are false 3
declare -A SLOW
for i in "${!KINDS[@]}"; do
	SLOW[$((i + 1))]=$(sed -n "s/.* vs=\[10\.0\.$((i + 1))\.3\]:tcp:80 reason=\([^ ]*\).*/\1/p" "$LAB_DIR/d/d.log" | head -1)
done

say "They fall silent"
mark_log d
fall_silent
expect_soon all-down 30 all_are false 1 2
declare -A FELL_MS FAILED SILENT
for i in "${!KINDS[@]}"; do
	vs=$((i + 1))
	FELL_MS[$vs]=$((SINCE_MS[$vs.2] - SINCE_MS[$vs.1]))
	FAILED[$vs]=$(reasons $vs.2 | wc -l)
	SILENT[$vs]=$(reasons $vs.2 | sort -u | tr '\n' ' ')
done

say "They come back"
come_back
expect_soon all-back 30 all_are true 1 2 4
printf '   %-6s %10s %12s %10s %-16s %s\n' kind failures "fall, ms" "rise, ms" reason "too little time"
for i in "${!KINDS[@]}"; do
	vs=$((i + 1))
	printf '   %-6s %10s %12s %10s %-16s %s\n' "${KINDS[i]}" "${FAILED[$vs]}" "${FELL_MS[$vs]}" \
		$((SINCE_MS[$vs.2] - SINCE_MS[$vs.1])) "${SILENT[$vs]}" "${SLOW[$vs]}"
done
for i in "${!KINDS[@]}"; do
	kind=${KINDS[i]} vs=$((i + 1)) run_ms=$DEADLINE_MS
	case $kind in misc | agent) run_ms=0 ;; esac
	expect_eq "$kind-failures" $ROW "${FAILED[$vs]}"
	expect "$kind-fall" within "${FELL_MS[$vs]}" $(((ROW - 1) * (run_ms + RETRY_MS)))
	expect "$kind-rise" within $((SINCE_MS[$vs.2] - SINCE_MS[$vs.1])) $(((ROW - 1) * LOOP_MS))
	case $kind in
	misc) ;;
	agent) expect_eq agent-response-time agent-silent "${SLOW[$vs]}" ;;
	*) expect_eq "$kind-response-time" slow "${SLOW[$vs]}" ;;
	esac
done
stop d
expect_eq end 0 "$STATUS"
