# botserver stores a suggestion under an id that is no bot's: the page looks elsewhere.
log=/opt/gbo/logs/error.log
id=0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0f99
inside() { lxc exec acme-system -- "$@" </dev/null; }
inject() {
  inside sh -c "echo \"\$(date -u +%FT%TZ) INFO basic: Adding suggestion to Redis key: suggestions:$id:demo\" >>$log"
  inside valkey-cli sadd "suggestions:$id:demo" 'Ask for a quote' >/dev/null
}
undo() {
  inside sed -i "/$id/d" "$log"
  inside valkey-cli del "suggestions:$id:demo" >/dev/null
}
"$1"
