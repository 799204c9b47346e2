/**
 * What a shell runs to complete the words of this program. All three ask the program, which prints a word per line, a
 * tab and what the word is, and the line `:files` where names of files may stand. Nothing that was typed is evaluated.
 */
export const completionScripts = {
  bash: `# Completion of gunyah-rm for bash. Put into ~/.bashrc:  source <(gunyah-rm completion bash)
_gunyah_rm() {
    local text doc files=
    COMPREPLY=()
    while IFS=$'\\t' read -r text doc; do
        if [[ $text == :files ]]; then files=1; else COMPREPLY+=("$text"); fi
    done < <(gunyah-rm completion --line "\${COMP_LINE:0:COMP_POINT}" \${2:+--word "$2"} 2>/dev/null)
    if [[ \${#COMPREPLY[@]} -eq 1 && $COMPREPLY == *= ]]; then compopt -o nospace; fi
    if [[ -n $files ]]; then
        compopt -o filenames
        while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -f -- "$2")
    fi
}
complete -F _gunyah_rm gunyah-rm
`,
  zsh: `#compdef gunyah-rm
# Completion of gunyah-rm for zsh. Put into ~/.zshrc, behind compinit:  source <(gunyah-rm completion zsh)
_gunyah_rm() {
    local text doc files line="\${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX"
    local -a texts shown open open_shown
    while IFS=$'\\t' read -r text doc; do
        if [[ $text == :files ]]; then files=1
        elif [[ $text == *= ]]; then open+=("$text"); open_shown+=("$text\${doc:+  $doc}")
        else texts+=("$text"); shown+=("$text\${doc:+  $doc}"); fi
    done < <(gunyah-rm completion --line "$line" 2>/dev/null)
    (( $#texts )) && compadd -l -d shown -a texts
    (( $#open )) && compadd -l -S '' -d open_shown -a open
    if [[ -n $files ]]; then
        compset -P '--*='
        _files
    fi
}
compdef _gunyah_rm gunyah-rm
`,
  fish: `# Completion of gunyah-rm for fish. Put into ~/.config/fish/config.fish:  gunyah-rm completion fish | source
function __gunyah_rm
    for line in (gunyah-rm completion --line (commandline -cp | string collect) 2>/dev/null)
        if test "$line" = :files
            set -l flag (string match -r '^--[a-z-]+=' -- (commandline -ct))
            for file in (__fish_complete_path (string replace -r '^--[a-z-]+=' '' -- (commandline -ct)))
                echo $flag$file
            end
        else
            echo $line
        end
    end
end
complete -c gunyah-rm -f -a '(__gunyah_rm)'
`,
} as const;

export type Shell = keyof typeof completionScripts;
