# A rule runs that is not saved: gone at the next boot.
rule='-p tcp -m tcp --dport 4444 -j ACCEPT'
inside() { lxc exec acme-system -- "$@" </dev/null; }
inject() { inside iptables -A INPUT $rule; }
undo() {
  while inside iptables -D INPUT $rule 2>/dev/null; do :; done
  inside sh -c "rm -f /etc/iptables/rules.v4.bak-* && sed -i '/--dport 4444/d' /etc/iptables/rules.v4"
}
"$1"
