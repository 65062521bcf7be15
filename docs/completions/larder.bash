# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Made from generator/verbs.def and the tables of options. Do not edit.

_larder_verbs='init generate check model schema templates explain render diff --help --version'

# Of a verb: its options, those that have a value with what the value is, its operands.
_larder_verb() {
    case $1 in
        init)
            options='-o --format --help'
            values='-o=file --format=text|json'
            operands='unknown'
            ;;
        generate)
            options='-o -I --emit --templates --manifest -Werror --depfile --stamp --print-outputs --format --help'
            values='-o=directory -I=directory --emit=unknown --templates=directory --manifest=file --depfile=file --stamp=file --format=text|json'
            operands='file...'
            ;;
        check)
            options='-o -I --emit --templates --manifest -Werror --format --help'
            values='-o=directory -I=directory --emit=unknown --templates=directory --manifest=file --format=text|json'
            operands='file...'
            ;;
        model)
            options='-I -Werror --format --help'
            values='-I=directory --format=text|json'
            operands='file'
            ;;
        schema)
            options='--format --help'
            values='--format=text|json'
            operands=''
            ;;
        templates)
            options='--force --format --help'
            values='--format=text|json'
            operands='export|diff directory'
            ;;
        explain)
            options='--format --help'
            values='--format=text|json'
            operands='unknown'
            ;;
        render)
            options='--partials --escape --lenient --format --help'
            values='--partials=directory --escape=html|none --format=text|json'
            operands='file file'
            ;;
        diff)
            options='-I --wire-only --api-only --allow --format --help'
            values='-I=directory --allow=unknown --format=text|json'
            operands='file file'
            ;;
        *) return 1 ;;
    esac
}

# What the value of an option is; fails where it has none.
_larder_value() {
    local row
    for row in $values; do
        [[ ${row%%=*} == "$1" ]] && what=${row#*=} && return
    done
    return 1
}

_larder_complete() { # WHAT WORD
    local flag
    case $1 in
        directory) flag=-d ;;
        file) flag=-f ;;
        unknown) return ;;
        *)
            mapfile -t COMPREPLY < <(compgen -W "${1//|/ }" -- "$2")
            return
            ;;
    esac
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$flag" -- "$2")
}

_larder() {
    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-}
    local options='' values='' operands='' what='' i count=0
    local -a list
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$_larder_verbs" -- "$word")
        return
    fi
    _larder_verb "$verb" || return
    # Bash makes three words of --option=value.
    [[ $word != '=' ]] || word=
    local before=${COMP_WORDS[COMP_CWORD - 1]}
    [[ $before != '=' ]] || before=${COMP_WORDS[COMP_CWORD - 2]}
    if _larder_value "$before"; then
        _larder_complete "$what" "$word"
        return
    fi
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
        return
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        if _larder_value "${COMP_WORDS[i]}"; then
            [[ ${COMP_WORDS[i + 1]} != '=' ]] || ((i++))
            ((i++))
        elif [[ ${COMP_WORDS[i]} != -* ]]; then
            ((count++))
        fi
    done
    read -r -a list <<<"$operands"
    what=${list[count]-}
    [[ -n $what || ${#list[@]} -eq 0 || ${list[-1]} != *... ]] || what=${list[-1]}
    _larder_complete "${what%...}" "$word"
}

complete -F _larder larder
