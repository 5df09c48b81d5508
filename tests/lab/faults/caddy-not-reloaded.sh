# The Caddyfile was edited, and not reloaded.
C=/opt/gbo/conf/config
inside() { lxc exec acme-proxy -- "$@" </dev/null; }
reload() { inside caddy reload --config $C --adapter caddyfile 2>/dev/null; }
# As the guide has it: a backup before the edit.
backup() { inside sh -c "cp -p $C /root/fault-config; cp $C $C.bak-$(date +%Y%m%d%H%M -d '-1 hour')"; }
back() {
  inside sh -c "mv /root/fault-config $C; rm -f $C.bak-*"
  inside systemctl restart proxy.service
}

inject() {
  backup
  inside sed -i s/10.77.0.60:9000/10.77.0.60:9001/ $C
}
undo() {
  back
}
"$1"
