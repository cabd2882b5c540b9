#!/bin/bash
#
#	   192.168.195.0/24, VIPs .201 to .204
#	 ┌─────────────────── sw (br0) ───────────────────┐
#	 │                      │                         │
#	a .130 prio 150       b .131 prio 100         client .1, hostile
#
# Packets that a virtual router must drop, at 10,000 a second (R26 and all rows of the conformance list that name a
# reason): nothing changes but counters. The active advertises in its rhythm and announces nothing, the backup stays
# backup, the log says each reason once, and the counter has every packet. Four instances: version 3, version 2 with
# password, version 2 with AH, version 3 with signatures. In the end the signatures change their key, one director
# after the other.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq
need_director
STORM=$BUILD/test/lab/vrrpstorm
need_built "$STORM"

# With sanitizers the director is too slow for more, and would lose what it should count.
case $BUILD in */build) RATE=10000 ;; *) RATE=2000 ;; esac
STORM_S=1

instance() { # NAME VRID PRIORITY EXTRA...
	local name=$1 vrid=$2 priority=$3
	shift 3
	cat <<-EOF
		vrrp_instance $name {
		    state BACKUP
		    interface eth0
		    virtual_router_id $vrid
		    priority $priority
		    advert_int 1
		    garp_master_delay 0
		    $*
		    virtual_ipaddress {
		        192.168.195.2$vrid/24
		    }
		}
	EOF
}
signed() { # ACTIVE-KEY: two keys, of which one signs
	echo "version 3
		    auth_hmac {
		        key 1 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
		        key 2 file:$LAB_DIR/key
		        active_key $1
		        mode enforce
		    }"
}
authentication() { # TYPE
	echo "version 2
		    authentication {
		        auth_type $1
		        auth_pass s3cret
		    }"
}
director_conf() { # NODE PRIORITY ACTIVE-KEY V3-WORD
	{
		instance V3 01 "$2" "version 3
		    $4"
		instance PASS 02 "$2" "$(authentication PASS)"
		instance AH 03 "$2" "$(authentication AH)"
		instance HMAC 04 "$2" "$(signed "$3")"
	} | write_conf "$1"
}
owns_all() { # NODE
	local vrid
	for vrid in 01 02 03 04; do has_address "$1" "192.168.195.2$vrid" || return 1; done
}
owns_alone() { # NODE OTHER
	owns_all "$1" && ! in_ns "$2" ip -o addr show | grep -q '192.168.195.20'
}
counter() { # NODE INSTANCE COUNTER
	status_of "$1" ".vrrp_stats[] | select(.instance == \"$2\") | .$3"
}
counter_is() { [ "$(counter "$1" "$2" "$3")" -ge "$4" ]; }
transitions() { # of both directors together
	echo $(($(log_lines a 'Entering [A-Z]+ STATE') + $(log_lines b 'Entering [A-Z]+ STATE')))
}

drop_lines() { log_lines a "\\($1\\) dropping an advertisement"; }

# storm INSTANCE VRID KIND COUNTER [SOURCE]
storm() {
	local instance=$1 vrid=$2 kind=$3 name=$4 source=${5:-192.168.195.1} sent before calm adverts garps lines elapsed_ms
	before=$(counter a "$instance" "$name")
	adverts=$(counter a "$instance" advert_sent)
	garps=$(counter a "$instance" garp_sent)
	lines=$(drop_lines "$instance")
	calm=$(transitions)
	tell_time
	elapsed_ms=$NOW_MS
	sent=$(in_ns client "$STORM" "$kind" "$source" 224.0.0.18 "$vrid" "192.168.195.20$vrid" $RATE $STORM_S |
		sed -n 's/^sent=//p')
	if [ "${sent:-0}" -lt $((RATE / 2)) ]; then
		not_ok "storm-$kind" "only ${sent:-0} packets could be sent"
		return
	fi
	# Counters are reported once a second.
	expect_soon "F1-P19-counted-$kind" 5 counter_is a "$instance" "$name" $((before + sent)) ||
		note "$((before + sent)) were expected, $(counter a "$instance" "$name") counted"
	tell_time
	elapsed_ms=$((NOW_MS - elapsed_ms))
	adverts=$((($(counter a "$instance" advert_sent) - adverts) * 1000 - elapsed_ms))
	expect_most "F1-P19-rhythm-$kind" 2000 ${adverts#-} ms
	expect_eq "announced-$kind" "$garps" "$(counter a "$instance" garp_sent)"
	expect_eq "transitions-$kind" "$calm" "$(transitions)"
	expect_most "lines-$kind" 2 $(($(drop_lines "$instance") - lines)) lines
}
storms_v3() {
	storm V3 1 checksum checksum_err
	storm V3 1 ttl ip_ttl_err
	storm V3 1 version version_err
	storm V3 1 type invalid_type_rcvd
	storm V3 1 truncated packet_len_err
	storm V3 1 no_address addr_list_err
	storm V3 1 interval_zero advert_interval_err
	storm PASS 2 carp packet_len_err
}
storms_auth() {
	storm PASS 2 password auth_failure
	storm AH 3 ah_secret auth_failure
	storm AH 3 ah_replay auth_failure 192.168.195.131
	storm HMAC 4 unsigned auth_ext_missing
	storm HMAC 4 hmac_key auth_ext_unknown_key
	storm HMAC 4 hmac_wrong auth_ext_invalid_hmac
	storm HMAC 4 hmac_stale auth_ext_stale 192.168.195.131
	storm HMAC 4 hmac_malformed auth_ext_malformed
}

say "four instances on two directors"
make_switch sw
make_node a sw 192.168.195.130/24
make_node b sw 192.168.195.131/24
make_node client sw 192.168.195.1/24
ip -n "$(ns client)" route add 224.0.0.0/4 dev eth0
(umask 077 && printf 'hex:%064d\n' 7 >"$LAB_DIR/key")
director_conf a 150 1 v3_checksum_as_v2 # which must not switch off that sums are checked
director_conf b 100 1 v3_checksum_as_v2
start_director b
wait_for "b is running" 10 is_running_as b vrrp
start_director a
expect_soon election 10 owns_alone a b || give_up "no election"

# Counters are reported once a second.
all_announced() { status_of a '[.vrrp_stats[].garp_sent] | tostring'; }
is_settled() {
	local before
	before=$(all_announced)
	poll_pause 1.5
	[ "$before" = "$(all_announced)" ]
}
wait_for "the announcements are counted" 20 is_settled

say "storms of $RATE packets a second, two at a time"
part v3 storms_v3
part auth storms_auth
join_parts
expect F4-P19-still-alone owns_alone a b
expect F2-wrong-sums-are-dropped-with-v3_checksum_as_v2 counter_is a V3 checksum_err $((RATE / 2))
expect F4-interval-0-is-dropped-by-the-backup counter_is b V3 advert_interval_err $((RATE / 2))
form_is() { # INSTANCE FORM: of the sums that b hears from a
	[ "$(status_of b ".vrrp[] | select(.instance == \"$1\") | .checksum_form")" = "$2" ]
}
expect F3-form-is-shown-message form_is V3 message
expect F3-form-is-shown-pseudo-header form_is HMAC pseudo-header

say "the key of the signatures changes, one director after the other"
calm=$(transitions)
director_conf b 100 2 ""
reload_director b
director_conf a 150 2 ""
reload_director a
expect_soon reloaded 5 in_log a 'Reload complete|reload'
expect_stays new-key 5 owns_alone a b
expect_eq transitions-new-key "$calm" "$(transitions)"

say "planned stop: what the other one signs is believed"
stop a TERM
expect_soon takeover 5 owns_all b
expect gives-up lacks_address a 192.168.195.204
stop b TERM
