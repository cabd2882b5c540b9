# From the help text of a program to its completion in bash. -v program=NAME
#
# Help lines name options as "-f, --use-file=FILE" or "-t HOST[:PORT]" and, in the first column after two blanks, commands.
function add(list, word) { return list (list == "" ? "" : " ") word }

function take_arg(option, arg) {
	if (arg ~ /FILE|SOCKET/)
		files = files (files == "" ? "" : "|") option
	else if (arg != "")
		others = others (others == "" ? "" : "|") option
}

/^  ? ? ? ? ? ?-/ || /^  -/ {
	line = $0
	sub(/^ +/, "", line)
	sub(/  .*/, "", line) # the explanation
	n = split(line, parts, /, */)
	arg = ""
	for (i = 1; i <= n; i++) {
		option = parts[i]
		if (match(option, /[[= ]/)) {
			arg = substr(option, RSTART)
			option = substr(option, 1, RSTART - 1)
		}
		names[i] = option
	}
	for (i = 1; i <= n; i++) {
		if (names[i] !~ /^--?[A-Za-z0-9]/)
			continue
		words = add(words, names[i])
		if (arg !~ /^\[/)
			take_arg(names[i], arg)
	}
	next
}

/^  [a-z]/ {
	words = add(words, $1)
	for (i = 2; i <= NF && $i ~ /^\[?--/; i++) {
		gsub(/[][]/, "", $i)
		words = add(words, $i)
	}
}

END {
	if (words == "") {
		print "completion.awk: no options in the help of " program > "/dev/stderr"
		exit 1
	}
	print "# bash completion of " program ". Made from its help; do not edit."
	print "_" program "() {"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}"
	print "\tif [[ $cur == = ]]; then"
	print "\t\tcur="
	print "\telif [[ $prev == = ]]; then"
	print "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}"
	print "\tfi"
	print "\tCOMPREPLY=()"
	print "\tcase $prev in"
	if (files != "")
		print "\t" files ") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;"
	if (others != "")
		print "\t" others ") ;;"
	print "\t*) mapfile -t COMPREPLY < <(compgen -W \"" words "\" -- \"$cur\") ;;"
	print "\tesac"
	print "}"
	print "complete -o filenames -F _" program " " program
}
