#!/bin/bash
# The host's own firewall, the forward rule the guide wants from systemd, and the attacker.
set -eu
cd "$(dirname "$0")"
# No way out and no resolver: a refused query fails at once, an unreachable one takes seconds.
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
ufw --force default deny incoming >/dev/null
ufw --force default allow outgoing >/dev/null
# Order matters to whoever learns from this host: 22 first, then everything else.
ufw allow 22/tcp comment ssh >/dev/null
ufw allow 80,443/tcp comment web >/dev/null
ufw allow 25,465,587,993,995,143,110,4190/tcp comment mail >/dev/null
ufw allow 53 comment dns >/dev/null
ufw allow in on lxdbr0 comment 'lxd dhcp and dns' >/dev/null
ufw --force enable >/dev/null

cat >/etc/systemd/system/lxd-forward.service <<'U'
[Unit]
Description=Let containers reach the network (forward rule for lxdbr0)
After=ufw.service lxd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/iptables -I FORWARD -i lxdbr0 -j ACCEPT
ExecStop=/usr/sbin/iptables -D FORWARD -i lxdbr0 -j ACCEPT
[Install]
WantedBy=multi-user.target
U
install -m 755 attacker.sh traffic.sh /usr/local/sbin/
cat >/etc/systemd/system/lab-attacker.service <<'U'
[Unit]
Description=Network namespace "attacker" of the lab (10.99.0.2)
After=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/attacker.sh
[Install]
WantedBy=multi-user.target
U
systemctl daemon-reload
systemctl enable --quiet --now lxd-forward.service lab-attacker.service
systemctl is-active --quiet fail2ban
