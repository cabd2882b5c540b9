#!/bin/sh
# Compares our verdicts with those of keepalived over a collection of real files, which is not part of the project.
#
#	corpus.sh DIR [VERDICT-PROGRAM]
#
# DIR/verdicts.tsv has the columns file (relative to DIR), kind and grammar_verdict (ok, warn or error). Prints how
# often each pair of verdicts occurs, and each file that we refuse or accept against keepalived.
set -eu

dir=${1:?usage: corpus.sh DIR [VERDICT-PROGRAM]}
program=$(realpath "${2:-test/conf/verdict}")
cd "$dir"

ours=$(mktemp)
trap 'rm -f "$ours"' EXIT
# Files with conditions are read as by the first host that they name.
awk -F'\t' 'NR > 1 && $2 !~ /ldirectord/ { print $1 }' verdicts.tsv | while read -r file; do
	id=$(sed -n 's/^[[:space:]]*@^\{0,1\}\([[:alnum:]_.-]\{1,\}\).*/\1/p' "$file" | sed 1q)
	"$program" -i "${id:-none}" "$file"
done > "$ours"

awk -F'\t' '
	FNR == 1 { n_file++ }
	n_file == 1 && FNR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	n_file == 1 { kind[$1] = $2; theirs[$1] = $column["grammar_verdict"]; next }
	{
		k = kind[$1]; t = theirs[$1]
		kinds[k] = 1; total[k]++; count[k, t, $2]++
		if ((t == "error") == ($2 == "error"))
			agreed[k]++
		else
			other[++n] = sprintf("%s: keepalived %s, diarch %s: %s", $1, t, $2, $3)
	}
	END {
		split("ok warn error", verdicts, " ")
		printf "%-22s %-6s %6s %6s %6s\n", "kind", "theirs", "ok", "warn", "error"
		for (k in kinds) {
			for (i = 1; i <= 3; i++)
				printf "%-22s %-6s %6d %6d %6d\n", k, verdicts[i], count[k, verdicts[i], "ok"], \
					count[k, verdicts[i], "warn"], count[k, verdicts[i], "error"]
			printf "%-22s accept or refuse alike: %d of %d\n", k, agreed[k], total[k]
		}
		for (i = 1; i <= n; i++)
			print other[i]
	}' verdicts.tsv "$ours"
