# bash completion for tidemark; made from the option table, see tests/unit/config/render_manual.cpp
_tidemark_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$word")
}
_tidemark() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  # --output=j is three words here.
  if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W 'serve tail info channels get append stats verify repair export import migrate backup trim config help version --help --version' -- "$word"))
    return
  fi
  case "$command $before" in
    'serve --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb memory' -- "$word")); return ;;
    'serve --data') _tidemark_paths -d; return ;;
    'serve --history') :; return ;;
    'serve --retain-age') :; return ;;
    'serve --retain-bytes') :; return ;;
    'serve --retain-records') :; return ;;
    'serve --min-free') :; return ;;
    'serve --host') :; return ;;
    'serve --port') :; return ;;
    'serve --cors-origin') :; return ;;
    'serve --api-token') :; return ;;
    'serve --io-threads') :; return ;;
    'serve --channel') :; return ;;
    'serve --event') :; return ;;
    'serve --relay') :; return ;;
    'serve --ping-interval') :; return ;;
    'serve --ping-timeout') :; return ;;
    'serve --connect-timeout') :; return ;;
    'serve --message-timeout') :; return ;;
    'serve --recovery-window') :; return ;;
    'serve --max-payload') :; return ;;
    'serve --connections') :; return ;;
    'serve --sessions') :; return ;;
    'serve --channels-followed') :; return ;;
    'serve --channels-per-connection') :; return ;;
    'serve --connections-per-address') :; return ;;
    'serve --publish-rate') :; return ;;
    'serve --log-level') COMPREPLY=($(compgen -W 'debug info warning error' -- "$word")); return ;;
    'serve --config') _tidemark_paths -f; return ;;
    'tail --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'tail --data') _tidemark_paths -d; return ;;
    'tail --url') :; return ;;
    'tail --token') :; return ;;
    'tail --config') _tidemark_paths -f; return ;;
    'tail --lines' | 'tail -n') :; return ;;
    'tail --from') :; return ;;
    'tail --since') :; return ;;
    'tail --until') :; return ;;
    'tail --event') :; return ;;
    'tail --sender') :; return ;;
    'tail --grep' | 'tail -g') :; return ;;
    'tail --count' | 'tail -c') :; return ;;
    'tail --output' | 'tail -o') COMPREPLY=($(compgen -W 'text json raw' -- "$word")); return ;;
    'tail --format') :; return ;;
    'info --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'info --data') _tidemark_paths -d; return ;;
    'info --url') :; return ;;
    'info --token') :; return ;;
    'info --config') _tidemark_paths -f; return ;;
    'info --output' | 'info -o') COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
    'channels --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'channels --data') _tidemark_paths -d; return ;;
    'channels --url') :; return ;;
    'channels --token') :; return ;;
    'channels --config') _tidemark_paths -f; return ;;
    'channels --output' | 'channels -o') COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
    'get --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'get --data') _tidemark_paths -d; return ;;
    'get --url') :; return ;;
    'get --token') :; return ;;
    'get --config') _tidemark_paths -f; return ;;
    'get --output' | 'get -o') COMPREPLY=($(compgen -W 'text json raw' -- "$word")); return ;;
    'get --format') :; return ;;
    'append --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'append --data') _tidemark_paths -d; return ;;
    'append --url') :; return ;;
    'append --token') :; return ;;
    'append --config') _tidemark_paths -f; return ;;
    'append --key' | 'append -k') :; return ;;
    'append --event') :; return ;;
    'append --sender') :; return ;;
    'stats --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'stats --data') _tidemark_paths -d; return ;;
    'stats --url') :; return ;;
    'stats --token') :; return ;;
    'stats --config') _tidemark_paths -f; return ;;
    'stats --interval') :; return ;;
    'stats --output' | 'stats -o') COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
    'verify --data') _tidemark_paths -d; return ;;
    'verify --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'verify --config') _tidemark_paths -f; return ;;
    'repair --data') _tidemark_paths -d; return ;;
    'repair --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'repair --config') _tidemark_paths -f; return ;;
    'export --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'export --data') _tidemark_paths -d; return ;;
    'export --url') :; return ;;
    'export --token') :; return ;;
    'export --config') _tidemark_paths -f; return ;;
    'import --config') _tidemark_paths -f; return ;;
    'import --data') _tidemark_paths -d; return ;;
    'import --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'migrate --from') :; return ;;
    'migrate --to') :; return ;;
    'backup --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'backup --data') _tidemark_paths -d; return ;;
    'backup --url') :; return ;;
    'backup --token') :; return ;;
    'backup --config') _tidemark_paths -f; return ;;
    'trim --data') _tidemark_paths -d; return ;;
    'trim --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'trim --config') _tidemark_paths -f; return ;;
    'trim --before') :; return ;;
  esac
  case $command in
    serve) COMPREPLY=($(compgen -W '--help --backend --data --history --retain-age --retain-bytes --retain-records --min-free --host --port --cors-origin --api-token --io-threads --channel --event --relay --ping-interval --ping-timeout --connect-timeout --message-timeout --recovery-window --max-payload --connections --sessions --channels-followed --channels-per-connection --connections-per-address --publish-rate --log-level --config' -- "$word")) ;;
    tail) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --follow --lines --from --since --until --event --sender --grep --ignore-case --count --output --format' -- "$word")) ;;
    info) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --output' -- "$word")) ;;
    channels) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --output' -- "$word")) ;;
    get) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --output --format' -- "$word")) ;;
    append) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --key --keyed --json --event --sender' -- "$word")) ;;
    stats) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --watch --interval --output' -- "$word")) ;;
    verify) COMPREPLY=($(compgen -W '--help --data --backend --config' -- "$word")) ;;
    repair) COMPREPLY=($(compgen -W '--help --data --backend --config --dry-run --force' -- "$word")) ;;
    export) [[ $word == -* ]] || { _tidemark_paths -f; return; }; COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --force' -- "$word")) ;;
    import) [[ $word == -* ]] || { _tidemark_paths -f; return; }; COMPREPLY=($(compgen -W '--help --config --data --backend --new-epoch' -- "$word")) ;;
    migrate) COMPREPLY=($(compgen -W '--help --from --to --new-epoch' -- "$word")) ;;
    backup) [[ $word == -* ]] || { _tidemark_paths -d; return; }; COMPREPLY=($(compgen -W '--help --backend --data --url --token --config' -- "$word")) ;;
    trim) COMPREPLY=($(compgen -W '--help --data --backend --config --before --dry-run' -- "$word")) ;;
    help) COMPREPLY=($(compgen -W 'serve tail info channels get append stats verify repair export import migrate backup trim config help version' -- "$word")) ;;
    config) COMPREPLY=($(compgen -W default -- "$word")) ;;
  esac
}
complete -o default -F _tidemark tidemark
