# The host forwards nothing by default, now and after a boot.
policy() {
  sed -i "s/^DEFAULT_FORWARD_POLICY=.*/DEFAULT_FORWARD_POLICY=\"$1\"/" /etc/default/ufw
  iptables -w -P FORWARD "$1"
  ip6tables -w -P FORWARD "$1"
}
inject() { policy DROP; }
undo() { policy ACCEPT; }
"$1"
