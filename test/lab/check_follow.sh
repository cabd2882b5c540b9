#!/bin/bash
# calm
#
#	      10.9.0.0/24
#	d .1 ──── sw (br0) ──── p .2
#	diarch                  diarch, the neighbour of the BFD session
#
# FILE_CHECK and BFD_CHECK on a file that is written and a session that comes and goes: what they say about a server,
# weights, and with rise and fall how many looks it takes until it counts. No IPVS is needed: verdicts are in the status.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq
need_director

# A look every LOOK_MS; a row of four takes three times that at least.
LOOK_MS=400
ROW=4
NUMBER=$LAB_DIR/d/number

bfd_block() { # NEIGHBOUR SOURCE
	printf 'bfd_instance near {\n neighbor_ip %s\n source_ip %s\n min_tx 50\n min_rx 50\n multiplier 4\n}\n' "$1" "$2"
}
# service N CHECK: a virtual server of its own for each check
service() {
	cat <<-EOF
		virtual_server 10.0.0.$1 80 {
		    protocol TCP
		    lvs_sched rr
		    lvs_method NAT
		    real_server 10.8.0.$1 80 {
		        weight 10
		        $2
		    }
		}
	EOF
}
rows() { # RISE FALL
	printf 'rise %s\nfall %s\ndelay_loop %s\ndelay_before_retry %s\nlog_all_failures\n' "$1" "$2" "$(in_s $LOOK_MS)" "$(in_s $LOOK_MS)"
}
NAMES=(file-plain file-row file-weight file-reverse bfd-plain bfd-row bfd-alpha)
conf() {
	echo "track_file number {
		file $NUMBER
		weight 0
	}"
	bfd_block 10.9.0.2 10.9.0.1
	service 1 "FILE_CHECK {
		track_file number
	}"
	service 2 "FILE_CHECK {
		track_file number
		$(rows $ROW $ROW)
	}"
	service 3 "FILE_CHECK {
		track_file number
		weight 2
	}"
	service 4 "FILE_CHECK {
		track_file number
		weight 1 reverse
	}"
	service 5 "BFD_CHECK {
		name near
	}"
	service 6 "BFD_CHECK {
		name near
		$(rows $ROW $ROW)
	}"
	service 7 "BFD_CHECK {
		name near
		alpha
	}"
}
# A BFD session runs for who tracks it.
neighbour_conf() {
	bfd_block 10.9.0.1 10.9.0.2
	cat <<-EOF
		vrrp_instance VI_9 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 9
		    track_bfd {
		        near weight 1
		    }
		    virtual_ipaddress {
		        10.9.0.99/24
		    }
		}
	EOF
}
put() { # NUMBER
	note "the file says $1"
	echo "$1" >"$NUMBER"
}
rs_of() { # N FILTER
	status_of d ".real_servers[] | select(.rs | startswith(\"[10.8.0.$1]\")) | $2"
}
# weights WANTED...: by number of the service, - = whatever; a server that is down has weight 0
weights() {
	local n=0 wanted seen
	mapfile -t seen < <(status_of d '.real_servers | sort_by(.rs) | .[] | if .is_up then .weight else "down" end')
	SEEN="${seen[*]}"
	for wanted; do
		[ "$wanted" = - ] || [ "${seen[n]:-}" = "$wanted" ] || return 1
		n=$((n + 1))
	done
}
# Time from the change of service A's check to that of service B's.
between_ms() { # A B
	status_of d "[.checks[] | {rs, since: .since_us}] |
		(map(select(.rs | startswith(\"[10.8.0.$2]\")))[0].since - map(select(.rs | startswith(\"[10.8.0.$1]\")))[0].since) / 1000 | floor"
}
expect_row() { # NAME A B: B needed a row of looks that began with the change of A
	local ms
	ms=$(between_ms "$2" "$3")
	if [ "${ms:-0}" -ge $(((ROW - 1) * LOOK_MS - 20)) ] && [ "$ms" -le $(((ROW - 1) * LOOK_MS + 600)) ]; then
		ok "$1" "$ms ms, $((ROW - 1)) times $LOOK_MS"
	else
		not_ok "$1" "$ms ms, wanted $((ROW - 1)) times $LOOK_MS"
	fi
}
failures() { # KIND N: failed looks in the log
	log_since d | grep -c " check=$1 rs=\[10.8.0.$2\]:tcp:80 .*reason="
}

say "A file, a session, and a service for each kind of check"
make_switch sw
make_node d sw 10.9.0.1/24
make_node p sw 10.9.0.2/24
neighbour_conf | write_conf p
start_director p
put 0
conf | write_conf d
start_director d
expect_soon all-up 20 weights 10 10 10 10 10 10 10
expect reason-of-alpha in_log d 'event=check_up check=BFD_CHECK rs=\[10\.8\.0\.7\]'

say "The file says that it fails"
mark_log d
put 3
expect_soon file-fails 10 weights down down 16 7
expect_row file-fall 1 2
expect_eq file-looks $ROW "$(failures FILE_CHECK 2)"
expect reason in_log_since d 'check=FILE_CHECK rs=\[10\.8\.0\.1\].* reason=file detail="value 3"'
put 0
expect_soon file-passes 10 weights 10 10 10 10
expect_row file-rise 1 2

say "Too short to count"
mark_log d
put 1
expect_soon seen 5 weights down
put 0
expect_soon gone 5 weights 10
expect_stays row-is-broken 2 weights 10 10
put -99
expect_soon weight-floor 5 weights down down 0 109
put 0
expect_soon weight-back 10 weights 10 10 10 10

say "The neighbour goes and comes"
mark_log d
stop p TERM
expect_soon session-ends 10 weights 10 10 10 10 down down down
expect_row bfd-fall 5 6
expect_eq bfd-looks $ROW "$(failures BFD_CHECK 6)"
expect bfd-reason in_log_since d 'check=BFD_CHECK rs=\[10\.8\.0\.5\].* reason=bfd'
start_director p
expect_soon session-is-back 20 weights 10 10 10 10 10 10 10
expect_row bfd-rise 5 6

say "A killed checker keeps verdicts, and a reload breaks no row"
put 3
expect_soon down-again 10 weights down down
mark_log d
old=$(role_pid d check)
on d kill -KILL "$old"
expect_soon respawn 10 is_respawned d check "$old"
expect_soon verdicts-are-kept 10 weights down down 16 7 10 10 10
reload_director d
expect_soon reloaded 10 in_log_since d 'event=reload'
expect_stays verdicts-stay 2 weights down down 16 7 10 10 10
expect no-change eval '! in_log_since d "event=check_(up|down)"'
stop d
expect_eq end 0 "$STATUS"
stop p
