#!/bin/bash
# Compares our verdicts with those of keepalived over a collection of real files, which is not part of the project.
#
#	corpus.sh DIR [VERDICT-PROGRAM [VERDICTS]]
#
# DIR/verdicts.tsv, or VERDICTS, has a line of column names and the columns file (relative to DIR), kind and
# grammar_verdict (ok, warn or error). Each file is read as it is and with --tolerant; there, error means that
# something was not taken as written, which keepalived reports too. Prints how often each pair of verdicts occurs,
# how many dumps of accepted files load to the same dump, and each file that one refuses and the other does not with its
# reason from corpus.reasons; at the end how many of those have none.
set -eu

dir=${1:?usage: corpus.sh DIR [VERDICT-PROGRAM [VERDICTS]]}
program=$(realpath "${2:-test/conf/verdict}")
verdicts=$(realpath "${3:-$dir/verdicts.tsv}")
reasons=$(realpath "${BASH_SOURCE[0]%/*}/corpus.reasons")
cd "$dir"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Files with conditions are read as by the first host that they name.
id_of() { # FILE
	sed -n 's/^[[:space:]]*@^\{0,1\}\([[:alnum:]_.-]\{1,\}\).*/\1/p' "$1" | sed 1q
}
awk -F'\t' 'NR > 1 && $2 !~ /ldirectord/ { print $1 }' "$verdicts" | while read -r file; do
	id=$(id_of "$file")
	"$program" -i "${id:-none}" "$file" >>"$out/default"
	"$program" -T -i "${id:-none}" "$file" >>"$out/tolerant"
done

for way in default tolerant; do
	echo "== $way"
	awk -F'\t' '
	FNR == 1 { n_file++ }
	n_file == 1 { n_words = split($0, word, " "); for (i = 2; i <= n_words && !/^#/; i++) reason[word[i]] = word[1]; next }
	n_file == 2 && FNR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	n_file == 2 { kind[$1] = $2; theirs[$1] = $column["grammar_verdict"]; next }
	{
		k = kind[$1]; t = theirs[$1]
		trips[$4]++
		kinds[k] = 1; total[k]++; count[k, t, $2]++
		if ((t == "error") == ($2 == "error"))
			agreed[k]++
		else {
			why = ($1 in reason) ? reason[$1] : "no reason known"
			n_of[why]++
			other[++n] = $1 ": keepalived " t ", diarch " $2 " (" why "): " substr($3, 1, 200)
		}
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
		printf "dumps of accepted files that load to the same dump: %d of %d\n", \
			trips["same"], trips["same"] + trips["differs"]
		for (i = 1; i <= n; i++)
			print other[i]
		for (why in n_of)
			printf "%-16s %d\n", why, n_of[why]
	}' "$reasons" "$verdicts" "$out/$way"
done
