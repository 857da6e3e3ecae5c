# fish's completion of guestplane: the program itself says what may come here (System.CommandLine's suggest directive).
function __guestplane_suggestions
    set -l before guestplane (commandline --current-process --tokenize --cut-at-cursor)[2..]
    set -l word (commandline --current-token --cut-at-cursor)
    set -l option (string match --regex -- '^--[^=]+(?==)' $word)
    set -l line (string join ' ' -- $before $option '')
    set -l suggestions (guestplane "[suggest:"(string length -- $line)"]" $line 2>/dev/null)
    if test -z "$suggestions"
        __fish_complete_path $word
    else if set -q option[1]
        printf '%s\n' $option=$suggestions
    else
        printf '%s\n' $suggestions
    end
end

complete --command guestplane --no-files --arguments '(__guestplane_suggestions)'
