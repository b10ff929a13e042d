"""What bash completes after `pydhcpd`: actions, settings and options, their files and words, and commands after `-ask`."""

from pydhcpd.configuration.command_line import BARE_ACTIONS, FILE_ACTIONS, WORD_ACTIONS
from pydhcpd.control.commands import ThreadedTCPRequestHandler
from pydhcpd.settings import EXPORT_FORMS, FLAG, LOG_FORMS, LOG_LEVELS, PATH, SETTINGS
from pydhcpd.wire.options import PROTOCOL_OWN, TABLE

WORDS = {"log_level": LOG_LEVELS, "log_form": LOG_FORMS, "export_form": EXPORT_FORMS}

SCRIPT = """\
# What bash completes after pydhcpd; written by python -m pydhcpd.configuration.manual from the tables of settings and commands.

_pydhcpd() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} each words
    COMPREPLY=()
    for each in "${{COMP_WORDS[@]:1:COMP_CWORD - 1}}"; do
        if [[ $each == -ask || $each == --ask ]]; then
            [[ $before == -ask || $before == --ask ]] && COMPREPLY=($(compgen -W '{commands}' -- "$word"))
            [[ $before == help ]] && COMPREPLY=($(compgen -W '{commands}' -- "$word"))
            return
        fi
    done
    case ${{before#-}} in
        {files})
            COMPREPLY=($(compgen -f -- "$word"))
            compopt -o filenames 2>/dev/null
            return ;;
{choices}
    esac
    if [[ $word == -* ]]; then
        words='{names}'
        [[ $word == --* ]] && words=$(printf -- '-%s ' $words)
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word"))
        compopt -o filenames 2>/dev/null
    fi
}}

complete -F _pydhcpd pydhcpd
"""
CHOICE = """\
        {names})
            COMPREPLY=($(compgen -W '{words}' -- "$word"))
            return ;;"""


def completion() -> str:
    """The whole file."""
    files = ["import", *FILE_ACTIONS, *(setting.name for setting in SETTINGS if setting.kind is PATH)]
    flags = [setting.name for setting in SETTINGS if setting.kind is FLAG]
    choices = [*((name, words) for name, words in WORDS.items()), ("|".join(flags), ("yes", "no"))]
    options = [option.name for option in TABLE if option.code not in PROTOCOL_OWN]
    names = dict.fromkeys([*BARE_ACTIONS, *WORD_ACTIONS, "import", *FILE_ACTIONS, *(one.name for one in SETTINGS), *options])
    return SCRIPT.format(
        commands=" ".join(ThreadedTCPRequestHandler.commands()), files=_patterns(files),
        choices="\n".join(CHOICE.format(names=_patterns(name.split("|")), words=" ".join(words)) for name, words in choices),
        names=" ".join(f"-{name}" for name in names))


def _patterns(names: list[str]) -> str:
    """Names as `case` has them, with one sign before them or, of which one is cut off already, two."""
    return "|".join(f"{name}|-{name}" for name in names)
