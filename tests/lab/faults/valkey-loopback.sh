# The guide's incident: a DROP for 6379 with no loopback ACCEPT before it, running and saved.
inside() { lxc exec acme-system -- "$@" </dev/null; }
inject() {
  while inside iptables -D INPUT -i lo -j ACCEPT 2>/dev/null; do :; done
  inside iptables -C INPUT -p tcp -m tcp --dport 6379 -j DROP 2>/dev/null ||
    inside iptables -I INPUT 1 -p tcp -m tcp --dport 6379 -j DROP
  inside sed -i '/^-A INPUT -i lo -j ACCEPT$/d' /etc/iptables/rules.v4
}
undo() {
  inside iptables -C INPUT -i lo -j ACCEPT 2>/dev/null ||
    inside iptables -I INPUT 1 -i lo -j ACCEPT
  inside grep -q '^-A INPUT -i lo -j ACCEPT$' /etc/iptables/rules.v4 ||
    inside sed -i '0,/^-A INPUT/s//-A INPUT -i lo -j ACCEPT\n&/' /etc/iptables/rules.v4
}
"$1"
# The botserver looks for its cache once, at start; its health is known when its port answers.
inside systemctl restart system.service
until inside curl -s -m 5 -o /dev/null http://127.0.0.1:5858/health; do :; done
