# Valkey was cut off while botserver started, and is back: botserver never looks again.
inside() { lxc exec acme-system -- "$@" </dev/null; }
healthy() { until inside curl "$@" -s -m 5 -o /dev/null http://127.0.0.1:5858/health; do :; done; }
inject() {
  inside iptables -I INPUT 1 -i lo -p tcp -m tcp --dport 6379 -j DROP
  inside systemctl restart system.service
  healthy
  inside iptables -D INPUT -i lo -p tcp -m tcp --dport 6379 -j DROP
}
undo() {
  inside systemctl restart system.service
  healthy -f
}
"$1"
