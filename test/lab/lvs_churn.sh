#!/bin/bash
#
# Churn: another program keeps adding, editing and deleting entries, of its own and the director's, while servers come
# and go and the configuration is reloaded. When it ends the kernel has what the file says, and nothing else.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ip busybox
need_director
need_built "$LVSADM"

N_ROUNDS=12
N_SERVICES=6

rs() { # LAST WEIGHT
	printf '    real_server 10.1.0.%s 80 {\n        weight %s\n        TCP_CHECK {\n            connect_timeout 1\n            retry 0\n        }\n    }\n' "$@"
}
conf() { # ROUND
	local i
	for ((i = 1; i <= N_SERVICES; i++)); do
		printf 'virtual_server 10.9.0.%s 80 {\n    lb_algo %s\n    lb_kind NAT\n    protocol TCP\n    delay_loop 1\n' $i \
			"$([ $((($1 + i) % 2)) -eq 0 ] && echo rr || echo wrr)"
		rs 1 $((1 + ($1 + i) % 7))
		rs 2 2
		[ $((($1 + i) % 3)) -eq 0 ] || rs 3 3
		echo '}'
	done
}
# The same as a save file, written from the same numbers and not from the kernel.
wanted() { # ROUND
	local i vip
	for ((i = 1; i <= N_SERVICES; i++)); do
		vip=10.9.0.$i:80
		echo "-A -t $vip -s $([ $((($1 + i) % 2)) -eq 0 ] && echo rr || echo wrr)"
		echo "-a -t $vip -r 10.1.0.1:80 -m -w $((1 + ($1 + i) % 7))"
		echo "-a -t $vip -r 10.1.0.2:80 -m -w 2"
		[ $((($1 + i) % 3)) -eq 0 ] || echo "-a -t $vip -r 10.1.0.3:80 -m -w 3"
	done
}

# The other program: endless commands from a fixed sequence of random numbers.
disturb() {
	local i vip n=0
	RANDOM=7
	while :; do
		for ((i = 0; i < 20; i++)); do
			vip=10.9.0.$((1 + RANDOM % (N_SERVICES + 2))):80 # two of them are its own
			case $((RANDOM % 8)) in
			0) echo "-D -t $vip" ;;
			1) echo "-A -t $vip -s sh" ;;
			2) echo "-E -t $vip -s lc -p 50" ;;
			3) echo "-d -t $vip -r 10.1.0.$((1 + RANDOM % 3)):80" ;;
			4) echo "-a -t $vip -r 10.1.0.9:80 -m -w 5" ;;
			*) echo "-e -t $vip -r 10.1.0.$((1 + RANDOM % 3)):80 -m -w $((RANDOM % 9))" ;;
			esac
		done
		n=$((n + 20))
		echo "$n" >"$LAB_DIR/disturbed"
		sleep 0.2 # its pace: nothing is waited for
	done | "$LVSADM" -R >/dev/null 2>&1
}

make_ns d
for i in 1 2 3; do ip -n "$(ns d)" addr add 10.1.0.$i/32 dev lo; done
serve() { start d "web$1" busybox httpd -f -p "10.1.0.$1:80" -h "$LAB_DIR"; }
serve 1
serve 2
serve 3
watch_table d

say "start"
conf 0 | write_conf d
wanted 0 >"$LAB_DIR/wanted"
start_director d
is_as_wanted() { in_ns d "$LVSADM" diff "$LAB_DIR/wanted"; }
expect_soon start 60 is_as_wanted || give_up "the first table never came"

say "$N_ROUNDS rounds of disturbance, flapping servers and reloads"
checker=$(role_pid d check)
export -f disturb
export LVSADM LAB_DIR N_SERVICES
start d disturber bash -c disturb
for ((round = 1; round <= N_ROUNDS; round++)); do
	stop "web$((1 + round % 3))" KILL
	conf $round | write_conf d
	kill -HUP "${LAB_PID[d]}"
	poll_pause 0.5
	serve $((1 + round % 3))
	poll_pause 0.3
done
kill -KILL "$(pgrep -P "${LAB_PID[disturber]}" -x lvsadm)" 2>/dev/null
stop disturber KILL
note "$(cat "$LAB_DIR/disturbed") commands of the other program"
note "repairs: $(log_lines d 'event=ipvs_drift') lines; failures seen: $(log_lines d 'event=ipvs_error')"
expect_eq checker-is-the-same "$checker" "$(role_pid d check)"

say "at the end"
in_ns d "$LVSADM" -R 2>/dev/null <<-END
	-D -t 10.9.0.$((N_SERVICES + 1)):80
	-D -t 10.9.0.$((N_SERVICES + 2)):80
END
wanted $N_ROUNDS >"$LAB_DIR/wanted"
expect_soon reaches-the-file 60 is_as_wanted || in_ns d "$LVSADM" diff "$LAB_DIR/wanted"
in_ns d "$LVSADM" -Sn >"$LAB_DIR/saved"
expect equals-the-file cmp "$LAB_DIR/saved" "$LAB_DIR/wanted"
stop d
