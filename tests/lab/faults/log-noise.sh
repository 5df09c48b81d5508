# Hostile and torn bytes: in the access log, an iptables comment, a container description.
LOG=/opt/gbo/logs/access.log
inside() { lxc exec "$@"; }
hostile=$(printf '[/] [@click=app.quit]x[/] \342\200\256evil')
lines() {
  local ts
  ts=$(date +%s.%6N)
  # What Caddy would write: control characters escaped by JSON, markup and U+202E as they came.
  printf '{"level":"info","ts":%s,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.66","remote_port":"4711","proto":"HTTP/1.1","method":"GET","host":"www.acme.test","uri":"/%s","headers":{"User-Agent":["%s \\u001b]52;c;AAAA\\u0007 \\u001b[31mred"]}},"user_id":"","duration":0.001,"size":2,"status":200,"resp_headers":{}}\n' \
    "$ts" "$hostile" "$hostile"
  printf 'raw escape \033]52;c;AAAA\007 \033[31mred \033[2J not JSON\n'
  printf 'invalid utf-8 \377\376\300\257 \200\n'
  head -c 64 /dev/zero
  printf '\n{"level":"info","ts":%s,"msg":"handled request","request":{"remote_ip":"203.0.' "$ts"
}
inject() {
  inside acme-proxy -- cp -p "$LOG" "$LOG.before-noise" </dev/null
  lines | inside acme-proxy -- sh -c "cat >>$LOG"
  inside acme-system -- iptables -A INPUT -p tcp --dport 4321 -m comment \
    --comment "$hostile" -j ACCEPT </dev/null
  lxc query -X PATCH -d "{\"description\": \"$hostile\\u001b]52;c;AAAA\\u0007\"}" \
    /1.0/instances/acme-drive >/dev/null
}
undo() {
  inside acme-proxy -- sh -c "cat $LOG.before-noise >$LOG; rm $LOG.before-noise" </dev/null
  inside acme-system -- iptables -D INPUT -p tcp --dport 4321 -m comment \
    --comment "$hostile" -j ACCEPT </dev/null
  lxc query -X PATCH -d '{"description": "acme drive"}' /1.0/instances/acme-drive >/dev/null
}
"$1"
