# The bridge's address is banned in the proxy: whoever comes through it is turned away.
client() { lxc exec acme-proxy -- fail2ban-client set caddy-http-flood "$1" 10.77.0.1 </dev/null; }
inject() { client banip; }
undo() { client unbanip; }
"$1"
