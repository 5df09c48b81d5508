# A vhost has no address in DNS.
C=/opt/gbo/conf/config
inside() { lxc exec acme-proxy -- "$@" </dev/null; }
reload() { inside caddy reload --config $C --adapter caddyfile 2>/dev/null; }
# As the guide has it: a backup before the edit.
backup() { inside sh -c "cp -p $C /root/fault-config; cp $C $C.bak-$(date +%Y%m%d%H%M -d '-1 hour')"; }
back() {
  inside sh -c "mv /root/fault-config $C; rm -f $C.bak-*"
  inside systemctl restart proxy.service
}
DEAD=old.customer.example
site() { printf "\nhttps://$DEAD {\n\timport access\n\trespond ok\n}\n" | lxc exec acme-proxy -- sh -c "cat >>$C"; }
# The twin has no way to the world: the other names are found in a file.
hosts() {
  inside sh -c "cp -p /etc/hosts /root/fault-hosts; curl -s http://localhost:2019/config/ |
    grep -o \"[a-z]*\\.*acme\\.[a-z]*\" | sort -u | sed \"s/^/10.77.0.30 /\" >>/etc/hosts"
}
tried() { until inside sh -c "journalctl -q -u proxy.service -o cat | grep -q \"error.*$DEAD\""; do sleep 1; done; }
inject() {
  hosts
  backup
  site
  reload
  tried
}
undo() {
  inside mv /root/fault-hosts /etc/hosts
  back
}
"$1"
