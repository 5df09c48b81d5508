# A rule of the host leads 443 past its proxy device.
rule() { iptables -w -t nat "$1" PREROUTING -p tcp --dport 443 -j DNAT --to-destination 10.77.0.30:443; }
inject() { rule -A; }
undo() { rule -D 2>/dev/null || true; }
"$1"
