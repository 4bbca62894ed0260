# bash completion for tidemark; made from the option table, see tests/unit/config/render_manual.cpp
_tidemark() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W 'serve tail info channels get append stats verify repair export import migrate backup trim config help version --help --version' -- "$word"))
    return
  fi
  case "$command $before" in
    'serve --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb memory' -- "$word")); return ;;
    'serve --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
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
    'serve --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'tail --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'tail --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'tail --url') :; return ;;
    'tail --token') :; return ;;
    'tail --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
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
    'info --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'info --url') :; return ;;
    'info --token') :; return ;;
    'info --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'info --output' | 'info -o') COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
    'channels --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'channels --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'channels --url') :; return ;;
    'channels --token') :; return ;;
    'channels --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'channels --output' | 'channels -o') COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
    'get --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'get --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'get --url') :; return ;;
    'get --token') :; return ;;
    'get --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'get --output' | 'get -o') COMPREPLY=($(compgen -W 'text json raw' -- "$word")); return ;;
    'get --format') :; return ;;
    'append --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'append --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'append --url') :; return ;;
    'append --token') :; return ;;
    'append --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'append --key' | 'append -k') :; return ;;
    'append --event') :; return ;;
    'append --sender') :; return ;;
    'stats --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'stats --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'stats --url') :; return ;;
    'stats --token') :; return ;;
    'stats --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'stats --interval') :; return ;;
    'stats --output' | 'stats -o') COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
    'verify --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'verify --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'verify --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'repair --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'repair --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'repair --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'export --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'export --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'export --url') :; return ;;
    'export --token') :; return ;;
    'export --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'import --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'import --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'import --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'migrate --from') :; return ;;
    'migrate --to') :; return ;;
    'backup --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'backup --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'backup --url') :; return ;;
    'backup --token') :; return ;;
    'backup --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'trim --data') COMPREPLY=($(compgen -d -- "$word")); return ;;
    'trim --backend') COMPREPLY=($(compgen -W 'sqlite rocksdb' -- "$word")); return ;;
    'trim --config') COMPREPLY=($(compgen -f -- "$word")); return ;;
    'trim --before') :; return ;;
  esac
  case $command in
    serve) COMPREPLY=($(compgen -W '--help --backend --data --history --retain-age --retain-bytes --retain-records --min-free --host --port --cors-origin --api-token --io-threads --channel --event --relay --ping-interval --ping-timeout --connect-timeout --message-timeout --recovery-window --max-payload --connections --sessions --channels-followed --channels-per-connection --connections-per-address --publish-rate --log-level --config' -- "$word")) ;;
    tail) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --follow --lines --from --since --until --event --sender --grep --count --output --format' -- "$word")) ;;
    info) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --output' -- "$word")) ;;
    channels) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --output' -- "$word")) ;;
    get) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --output --format' -- "$word")) ;;
    append) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --key --keyed --json --event --sender' -- "$word")) ;;
    stats) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --watch --interval --output' -- "$word")) ;;
    verify) COMPREPLY=($(compgen -W '--help --data --backend --config' -- "$word")) ;;
    repair) COMPREPLY=($(compgen -W '--help --data --backend --config --dry-run --force' -- "$word")) ;;
    export) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config --force' -- "$word")) ;;
    import) COMPREPLY=($(compgen -W '--help --config --data --backend --new-epoch' -- "$word")) ;;
    migrate) COMPREPLY=($(compgen -W '--help --from --to --new-epoch' -- "$word")) ;;
    backup) COMPREPLY=($(compgen -W '--help --backend --data --url --token --config' -- "$word")) ;;
    trim) COMPREPLY=($(compgen -W '--help --data --backend --config --before --dry-run' -- "$word")) ;;
    help) COMPREPLY=($(compgen -W 'serve tail info channels get append stats verify repair export import migrate backup trim config help version' -- "$word")) ;;
    config) COMPREPLY=($(compgen -W default -- "$word")) ;;
  esac
}
complete -o default -F _tidemark tidemark
