# No rule drops 6379 from outside, running or saved.
rule='-p tcp -m tcp --dport 6379 -j DROP'
saved=/etc/iptables/rules.v4
inside() { lxc exec acme-system -- "$@" </dev/null; }
inject() {
  while inside iptables -D INPUT $rule 2>/dev/null; do :; done
  inside sed -i '/--dport 6379 -j DROP/d' "$saved"
}
# The order is what it was: behind loopback, before MinIO's.
undo() {
  while inside iptables -D INPUT $rule 2>/dev/null; do :; done
  inside iptables -I INPUT 2 $rule
  inside sh -c "sed -i '/--dport 6379 -j DROP/d' $saved && sed -i '/-A INPUT -i lo -j ACCEPT/a -A INPUT $rule' $saved"
  for own in '-i lo -j ACCEPT' "$rule"; do
    while inside ip6tables -D INPUT $own 2>/dev/null; do :; done
  done
  inside sh -c "rm -f /etc/iptables/rules.v6* $saved.bak-*"
}
"$1"
