#!/bin/bash
#
#	d  diarch        d eth0 --- sw,  d eth1 --- sw
#	k  keepalived    k eth0 --- swk, k eth1 --- swk
#
# What trackers make of priorities, seen on the wire: `reverse` of scripts, files and interfaces, an instance's own
# interface, numbers in files and behind symbolic links. Debian's keepalived with the same configuration says the same.
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_director
need tcpdump

VRIDS="51 52 53 54 55 56 57 58"

instance() { # VRID BLOCK LINE
	cat <<-END
		vrrp_instance VI_$1 {
		    interface eth0
		    virtual_router_id $1
		    version 3
		    priority 100
		    advert_int 0.2
		    $2 {
		        $3
		    }
		    virtual_ipaddress {
		        10.40.1.$1/16
		    }
		}
	END
}
weights_conf() { # NODE
	local dir
	dir=$(node_dir "$1")
	write_conf "$1" <<-END
		global_defs {
		    script_user root
		}
		vrrp_script flag {
		    script "/usr/bin/test -e $dir/flag"
		    interval 1
		}
		vrrp_script reversed {
		    script "/usr/bin/test -e $dir/flag"
		    interval 1
		    weight 20 reverse
		}
		track_file number {
		    file $dir/number
		}
		track_file linked {
		    file $dir/links/number
		    weight 1
		}
		$(instance 51 track_script "flag weight 10 reverse")
		$(instance 52 track_script "flag weight -10 reverse")
		$(instance 53 track_script reversed)
		$(instance 54 track_file "number weight 2 reverse")
		$(instance 55 track_file linked)
		$(instance 56 track_interface "eth1 weight 10 reverse")
		$(instance 57 track_interface "eth0 weight 10")
		$(instance 58 track_interface "eth1 weight -10 reverse")
	END
}
begin() { # NODE SWITCH PROGRAM
	local dir
	make_switch "$2"
	make_node "$1" "$2" 10.40.0.1/16
	plug_cable "$1" "$2" eth1
	dir=$(node_dir "$1")
	mkdir "$dir/links" "$dir/behind"
	ln -s ../behind/number "$dir/links/number"
	echo 10 >"$dir/number"
	echo 7 >"$dir/behind/number"
	weights_conf "$1"
	start "$1" "wire.$1" tcpdump -lni eth0 vrrp
	wait_for "$1 hears itself" 10 grep -q 'listening on' "$dir/wire.$1.log"
	LAB_DIRECTOR=$3 start_director "$1"
}
# The last priority of each VRID, "-" where nothing was sent.
priorities() { # NODE
	awk -v vrids="$VRIDS" '
		match($0, /vrid [0-9]+, prio [0-9]+/) {
			split(substr($0, RSTART, RLENGTH), word, /[ ,]+/)
			last[word[2]] = word[4]
		}
		END {
			n = split(vrids, vrid, " ")
			for (i = 1; i <= n; i++)
				printf "%s%s", (i > 1 ? " " : ""), ((vrid[i] in last) ? last[vrid[i]] : "-")
		}' "$(node_dir "$1")/wire.$1.log"
}
priorities_are() { [ "$(priorities "$1")" = "$2" ]; }
# both NAME PRIORITIES: of all instances, in order
both() {
	local node
	for node in $NODES; do
		expect_soon "$1-$node" 10 priorities_are "$node" "$2" || note "$node says $(priorities "$node")"
	done
}
in_each() { # CMD ARGS...: NODE and its folder are put before ARGS
	local node
	for node in $NODES; do "$1" "$node" "$(node_dir "$node")" "${@:2}"; done
}

NODES=d
begin d sw diarch
if command -v keepalived >/dev/null; then
	begin k swk keepalived
	NODES="d k"
fi

say "scripts fail, eth1 is up, the files have 10 and 7"
both at-start "100 110 100 80 107 90 100 100"
expect own-interface-said in_log d 'own interface is tracked anyway'

weights_of() { status_of d ".trackers[] | select(.name == \"$1\") | .weights"; }
expect_eq status-script "VI_51 10 reverse, VI_52 -10 reverse" "$(weights_of flag)"
expect_eq status-definition "VI_53 20 reverse" "$(weights_of reversed)"
expect_eq status-interface "VI_56 10 reverse, VI_58 -10 reverse" "$(weights_of eth1)"

say "scripts succeed"
raise_flag() { touch "$2/flag"; }
in_each raise_flag
both script-succeeds "90 100 80 80 107 90 100 100"

say "eth1 goes down"
cut() { ipn "$1" link set eth1 down; }
in_each cut
both link-down "90 100 80 80 107 100 100 110"

say "other numbers: hexadecimal, and behind the symbolic link"
write_numbers() { echo 0x10 >"$2/number" && echo 11 >"$2/behind/number"; }
in_each write_numbers
both numbers "90 100 80 68 111 100 100 110"

say "the link leads elsewhere, where something comes later (keepalived goes on with the old file)"
NODES=d
dir=$(node_dir d)
ln -sfn ../behind/other "$dir/links/number"
both link-leads-nowhere "90 100 80 68 100 100 100 110"
echo 13 >"$dir/behind/other"
both link-leads-elsewhere "90 100 80 68 113 100 100 110"
stop d
expect_eq stop-status 0 "$STATUS"
