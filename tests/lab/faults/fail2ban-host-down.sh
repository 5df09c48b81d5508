# fail2ban does not run on the host.
inject() { systemctl stop fail2ban; }
undo() { systemctl start fail2ban; }
"$1"
