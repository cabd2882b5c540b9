# From the words of `conf_gen words` to a syntax file for Vim.
{ kind[$1, $2] = 1 }

function put(group, name, i, n, sorted, key, parts) {
	n = 0
	for (key in kind) {
		split(key, parts, SUBSEP)
		if (parts[1] == group)
			sorted[++n] = parts[2]
	}
	sort(sorted, n)
	for (i = 1; i <= n; i++)
		print "syn keyword " name " " sorted[i]
	delete sorted
}

function sort(v, n, i, j, word) {
	for (i = 2; i <= n; i++) {
		word = v[i]
		for (j = i - 1; j >= 1 && v[j] > word; j--)
			v[j + 1] = v[j]
		v[j + 1] = word
	}
}

END {
	print "\" Vim syntax file of diarch.conf and keepalived.conf. Made from the keyword tables; do not edit."
	print "if exists('b:current_syntax')"
	print "  finish"
	print "endif"
	print "syn iskeyword @,48-57,_,-,192-255"
	put("block", "diarchBlock")
	put("keyword", "diarchKeyword")
	put("value", "diarchValue")
	print "syn match diarchComment /[#!].*$/"
	print "syn match diarchId /^\\s*@\\^\\?\\S\\+/"
	print "syn match diarchDefinition /^\\s*\\$\\w\\+\\s*=/"
	print "syn match diarchInclude /^\\s*include[a-z]*\\>/"
	print "syn match diarchNumber /\\<[0-9]\\+\\(\\.[0-9]\\+\\)*\\>/"
	print "syn region diarchString start=/\"/ end=/\"/ oneline"
	print "hi def link diarchBlock Structure"
	print "hi def link diarchKeyword Keyword"
	print "hi def link diarchValue Constant"
	print "hi def link diarchComment Comment"
	print "hi def link diarchId PreProc"
	print "hi def link diarchDefinition Define"
	print "hi def link diarchInclude Include"
	print "hi def link diarchNumber Number"
	print "hi def link diarchString String"
	print "let b:current_syntax = 'diarch'"
}
