. "${0%/*}/common.sh"
printf '# stand-in configuration\n[server]\nhostname = "mail.acme.test"\n' >"$GBO/conf/config.toml"
: >"$GBO/logs/email.log"
standin email stalwart stalwart
cat >/etc/fail2ban/filter.d/stalwart.conf <<'F'
[Definition]
failregex = \(auth\.failed\).*remoteIp = <HOST>\b
datepattern = ^%%Y-%%m-%%dT%%H:%%M:%%SZ
F
cat >/etc/fail2ban/jail.d/mail.conf <<'F'
[stalwart]
enabled = true
filter = stalwart
logpath = /opt/gbo/logs/email.log
backend = polling
port = 25,465,587,993,995,143,110,4190
maxretry = 5
findtime = 10m
bantime = 1h
banaction = iptables-multiport
F
systemctl enable --quiet --now fail2ban
