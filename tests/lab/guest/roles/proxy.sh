. "${0%/*}/common.sh"
install -m 644 "${0%/*}/Caddyfile" "$GBO/conf/config"
chown -R caddy:caddy "$GBO/data" "$GBO/logs"
runuser -u caddy -- touch "$GBO/logs/access.log"
unit proxy 'Caddy reverse proxy' \
  '/usr/bin/caddy run --config /opt/gbo/conf/config --adapter caddyfile' 'User=caddy
Group=caddy
Environment=HOME=/var/lib/caddy
ExecReload=/usr/bin/caddy reload --config /opt/gbo/conf/config --adapter caddyfile --force
AmbientCapabilities=CAP_NET_BIND_SERVICE
LimitNOFILE=1048576'

cat >/etc/fail2ban/filter.d/caddy-http-flood.conf <<'F'
[Definition]
failregex = ^.*"remote_ip":"<HOST>".*"status":4\d\d\b
datepattern = "ts":{EPOCH}
F
cat >/etc/fail2ban/jail.d/caddy-http-flood.conf <<'F'
[caddy-http-flood]
enabled = true
filter = caddy-http-flood
logpath = /opt/gbo/logs/access.log
backend = polling
port = http,https
maxretry = 100
findtime = 60
bantime = 1h
banaction = iptables-multiport
F
systemctl enable --quiet --now fail2ban
