# bash's completion of guestplane: the program itself says what may come here (System.CommandLine's suggest directive).
_guestplane() {
	local line=${COMP_LINE:0:COMP_POINT} word suggestion before given=

	word=${line##*[[:space:]]}
	# Asked at the word's begin: within a word, one that is already whole would not be among the answers.
	line="guestplane ${line#*[[:space:]]}"
	line=${line%"$word"}
	if [[ $word = --*=* ]]; then
		line+="${word%%=*} "
		word=${word#*=}
	fi
	# readline takes these for the end of a word, and replaces what comes after.
	before=${word%"${word##*[:=]}"}
	# A kind of source, whose words are looked up only then; of the test pattern's options, and of a list, the last one is asked for.
	if [[ $word = pattern:*,* ]]; then
		given=${word%,*},
		word=pattern:${word##*,}
	elif [[ $word = *,* && $word != [a-z]*:* ]]; then
		given=${word%,*},
		word=${word##*,}
	fi
	[[ $word != [a-z]*:* ]] || line+=${word%%:*}:
	COMPREPLY=()
	while read -r suggestion; do
		[[ $suggestion != "$word"* || -z $suggestion ]] && continue
		[[ -z $given ]] || suggestion=$given${suggestion#pattern:}
		COMPREPLY+=("${suggestion#"$before"}")
	done < <("$1" "[suggest:${#line}]" "$line" 2>/dev/null)
	# More follows.
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[:=] ]] || compopt -o nospace 2>/dev/null
}

complete -o default -F _guestplane guestplane
