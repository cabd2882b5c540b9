#!/bin/bash
# The verdicts of an installed keepalived over a collection of real files, as corpus.sh takes them; needs root.
#
#	theirs.sh DIR > VERDICTS
#
# `keepalived -t` reads little more than the top level of a file that names a net_namespace which does not exist. So each file
# is read in a fresh network and mount namespace that has the network namespaces and interfaces which the file names.
# DIR/verdicts.tsv names the files and kinds, DIR/messages.tsv has a class (env, warn, error) for each message. A message
# that is not there counts as env when it is about something missing on the host, as warn when it is an advice or adjusts a
# value (as those in the list are), else as error.
set -eu
dir=${1:?usage: theirs.sh DIR}
cd "$dir"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Words of the file behind any of some keywords, with definitions of one word in place of their names.
words_behind() { # FILE KEYWORD...
	awk -v keywords="$2" '
	{ sub(/^[ \t]*@[^ \t]*[ \t]+/, "") }
	match($0, /^[ \t]*\$[A-Za-z_0-9]+=/) { name = substr($0, RSTART, RLENGTH - 1); sub(/^[ \t]*\$/, "", name)
		value[name] = substr($0, RSTART + RLENGTH); sub(/[ \t#!].*/, "", value[name]); next }
	{ for (i = 1; i < NF; i++) if (index(" " keywords " ", " " $i " ")) { w = $(i + 1); gsub(/["${}]/, "", w)
		print (w in value) ? value[w] : w } }' "$1" | grep -E '^[A-Za-z0-9_.-]{1,15}$' | sort -u
}
read_there() { # FILE
	local file=$1 id ns i
	id=$(sed -n 's/^[[:space:]]*@^\{0,1\}\([[:alnum:]_.-]\{1,\}\).*/\1/p' "$file" | sed 1q)
	{
		echo 'mkdir -p /run/netns; mount -t tmpfs none /run/netns'
		for ns in '' $(words_behind "$file" "net_namespace net_namespace_ipvs" || :); do
			[ -z "$ns" ] || echo "ip netns add $ns"
			i=0
			echo "ip ${ns:+-n $ns} -force -batch - >/dev/null 2>&1 <<'END'"
			echo 'link set lo up'
			for name in $(words_behind "$file" "interface dev native_interface lvs_sync_daemon" || :); do
				i=$((i + 1))
				printf 'link add %s type veth peer name there%d\nlink set %s up\naddr add 10.254.%d.1/32 dev %s\n' \
					"$name" $i "$name" $((i % 256)) "$name"
			done
			echo END
		done
		echo "timeout 20 keepalived -t -i '${id:-none}' -f '$(basename "$file")'"
	} >"$out/script"
	(cd "$(dirname "$file")" && unshare -n -m --propagation private bash "$out/script") 2>&1 >/dev/null |
		tr -d '\0' | sed "s|^|$file\t|"
}

awk -F'\t' 'NR > 1 && $2 !~ /ldirectord/ { print $1 }' verdicts.tsv | while read -r file; do
	read_there "$file"
done >"$out/messages" || :
printf 'file\tkind\tgrammar_verdict\n'
awk -F'\t' '
	function shape(m) {
		sub(/^\([^)]*Line [0-9]+\) /, "", m); gsub(/\047[^\047]*\047/, "Q", m); gsub(/\([^)]*\)/, "P", m)
		gsub(/[-A-Za-z_.:]*[0-9][-A-Za-z_0-9.:\/]*/, "N", m); return m
	}
	BEGIN {
		advice = "deprecated|Please use|already (been )?specified|ignoring scope|rounding|[Ss]etting to|- setting|" \
			"clearing|excess moved|probably|must match being|automatically|since own interface|resetting|at least one is sensible"
		missing = "exist|not found|accessible|user|uid/gid|[Uu]nknown interface"
	}
	FNR == 1 { n_file++ }
	n_file == 1 { if (FNR > 1) class[shape($6), $5]++; next }
	n_file == 2 {
		m = shape($2); e = class[m, "error"] + 0; w = class[m, "warn"] + 0; v = class[m, "env"] + 0
		if (e + w + v == 0 && m ~ advice) w = 1
		if (e + w + v == 0 && m !~ missing) e = 1
		if (e > 0 && e >= w && e >= v) verdict[$1] = "error"
		else if (w > 0 && w >= v && verdict[$1] != "error") verdict[$1] = "warn"
		next
	}
	FNR > 1 && $2 !~ /ldirectord/ { print $1 "\t" $2 "\t" ($1 in verdict ? verdict[$1] : "ok") }
' messages.tsv "$out/messages" verdicts.tsv
