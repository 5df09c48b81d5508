# The host's firewall lets no question for names in: what ufw allows for 53 is taken out of the running rules.
KEPT=/root/ufw-user-input.before
inject() {
  iptables -w -S ufw-user-input >"$KEPT"
  grep -E -- '--dport 53 .*-j ACCEPT' "$KEPT" | sed 's/^-A/-D/' | while read -r rule; do
    eval "iptables -w $rule"
  done
}
undo() {
  iptables -w -F ufw-user-input
  grep '^-A' "$KEPT" | while read -r rule; do eval "iptables -w $rule"; done
  rm "$KEPT"
}
"$1"
