# fish's completion of guestplane: the program itself says what may come here (System.CommandLine's suggest directive).
function __guestplane_suggestions
    set -l before guestplane (commandline --current-process --tokenize --cut-at-cursor)[2..]
    set -l word (commandline --current-token --cut-at-cursor)
    set -l option (string match --regex -- '^--[^=]+(?==)' $word)
    # A kind of source, whose words are looked up only then.
    # Of the test pattern's options, and of a list, the last one is asked for.
    set -l kind (string match --regex -- '^[a-z]+:' $word)
    set -l given (string match --regex -- '^(?:pattern:|(?![a-z]+:)).*,' $word)
    set -l line (string join ' ' -- $before $option "$kind")
    set -l suggestions (guestplane "[suggest:"(string length -- $line)"]" $line 2>/dev/null)
    if test -z "$suggestions"
        __fish_complete_path $word
    else if set -q option[1]
        printf '%s\n' $option=$suggestions
    else if set -q given[1]
        printf '%s\n' $given(string replace pattern: '' -- $suggestions)
    else
        printf '%s\n' $suggestions
    end
end

complete --command guestplane --no-files --arguments '(__guestplane_suggestions)'
