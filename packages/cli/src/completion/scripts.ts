/** The shells for which there is completion. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** One of {@link shells}. */
export type Shell = (typeof shells)[number];

/**
 * What a shell has to be told so that it completes. The words up to the cursor are handed to `fairlead __complete`, which
 * answers with a line for each candidate, `VALUE<tab>DESCRIPTION`, or with `:files` where the shell knows better.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# fairlead completion for bash. Load it with: source <(fairlead completion bash)
_fairlead() {
  local line="\${COMP_LINE:0:COMP_POINT}" current candidate broken
  local -a words
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  # What bash takes for the end of a word, as the colon of a port, is not written again.
  broken="\${current%"\${current##*[:=]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    if [[ "$candidate" == ":files" ]]; then
      compopt -o default 2> /dev/null
      COMPREPLY=()
      return
    fi
    COMPREPLY+=("\${candidate#"$broken"}")
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2> /dev/null)
}
complete -F _fairlead fairlead
`,
  zsh: `#compdef fairlead
# fairlead completion for zsh. Load it with: source <(fairlead completion zsh), after compinit
_fairlead() {
  local -a candidates
  local line value description
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
    [[ -z "$line" ]] && continue
    if [[ "$line" == ":files" ]]; then
      _files
      return
    fi
    value="\${line%%$'\\t'*}"
    description="\${line#*$'\\t'}"
    candidates+=("\${value//:/\\\\:}:$description")
  done
  _describe 'fairlead' candidates
}
compdef _fairlead fairlead
`,
  fish: `# fairlead completion for fish. Load it with: fairlead completion fish | source
function __fairlead_complete
    set -l words (commandline -opc)
    set -l candidates ($words[1] __complete -- $words[2..] (commandline -ct) 2> /dev/null)
    if test "$candidates[1]" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $candidates
    end
end
complete -c fairlead -f -a '(__fairlead_complete)'
`,
};
